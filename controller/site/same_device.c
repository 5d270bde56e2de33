/* SPDX-License-Identifier: GPL-2.0-or-later */
/* same_device.c - see same_device.h. */
#include "site/same_device.h"

#include <string.h>

#include "common/clock.h"

#define LOOK_NS (30 * NS_PER_S)
#define BLOCK "block special file:"

int same_device(struct host *host, const char *one, const char *other, struct error *err)
{
	const char *const argv[] = {"stat", "-L", "-c", "%F:%t:%T", "--", one, other, NULL};
	struct process_result result;
	const char *second;
	bool same;

	if (!strcmp(one, other))
		return 1;
	if (!host)
		return error_set(err, ERROR_WORLD,
				 "name it the same way, or give ssh = ..., so that it can be seen "
				 "whether %s and %s are one",
				 one, other);
	if (host_run(host, argv, LOOK_NS, &result, err) < 0)
		return -1;
	second = strchr(result.out, '\n');
	second = second ? second + 1 : "";
	same = !result.status && !strncmp(result.out, BLOCK, strlen(BLOCK)) &&
	       !strncmp(result.out, second, (size_t)(second - result.out));
	process_result_done(&result);
	return same;
}
