/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image.c - see image.h. */
#include "site/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "site/locate.h"
#include "host/process.h"

#define CACHE_DIR "/var/cache/stalemate"
#define BUILD_NS (900 * NS_PER_S)

/* The value of the line "key=value" of text, into ret; false if there is none. */
static bool take(const char *text, const char *key, char *ret, size_t size)
{
	size_t len = strlen(key), end;

	while (*text) {
		end = strcspn(text, "\n");
		if (end > len && !strncmp(text, key, len) && text[len] == '=' &&
		    end - len - 1 < size) {
			memcpy(ret, text + len + 1, end - len - 1);
			ret[end - len - 1] = 0;
			return true;
		}
		text += end + (text[end] == '\n');
	}
	return false;
}

int image_build(const struct progress *progress, struct image *ret, struct error *err)
{
	struct process_result result = {0};
	char *script = NULL, *agent = NULL;
	const char *argv[4] = {0};
	char clean[1500];
	int status = -1;

	script = locate_image_script(err);
	agent = script ? locate_agent(err) : NULL;
	if (!agent)
		goto out;
	argv[0] = script;
	argv[1] = agent;
	argv[2] = CACHE_DIR;
	if (process_run(argv, BUILD_NS, progress, &result, err) < 0)
		goto out;
	if (result.status || !take(result.out, "kernel", ret->kernel, sizeof(ret->kernel)) ||
	    !take(result.out, "initramfs", ret->initramfs, sizeof(ret->initramfs)) ||
	    !take(result.out, "packages", ret->packages, sizeof(ret->packages))) {
		error_set(err, ERROR_WORLD, "the guest image could not be built: %s",
			  printable(result.complaint, strlen(result.complaint), clean,
				    sizeof(clean)));
		goto out;
	}
	status = 0;
out:
	process_result_done(&result);
	free(script);
	free(agent);
	return status;
}
