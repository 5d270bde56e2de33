/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_built.c - doctor.h: what a host needs for a guest of ours. */
#include <stdio.h>
#include <stdlib.h>

#include "common/parse.h"
#include "doctor/ask.h"
#include "doctor/doctor.h"

#define IMAGE_KIB (64ULL << 10) /* kernel and system, and the console beside them */

/* Where the guests' image goes (site/hosts.c); the last line of df, fourth column. */
static void look_at_space(const struct asking *a)
{
	static const char *const argv[] = {"df", "-Pk", "/var/cache", NULL};
	char *text = ask(a, "space", argv), *at = text, *line, *last = NULL, free_kib[24];
	uint64_t kib;

	while ((line = next_line(&at)))
		last = line;
	if (!text)
		return;
	if (!last || sscanf(last, "%*s %*s %*s %23s", free_kib) != 1 ||
	    parse_u64(free_kib, UINT64_MAX, "df", &kib, NULL) < 0)
		diagnosis_add(a->d, a->subject, "space", LEVEL_WARN,
			      "not looked at: df does not say what is free below /var/cache");
	else if (kib < IMAGE_KIB)
		diagnosis_add(
			a->d, a->subject, "space", LEVEL_FAIL,
			"%llu MiB are free below /var/cache, where the guests' image goes, and "
			"%llu are needed\nmake room there",
			(unsigned long long)(kib >> 10), IMAGE_KIB >> 10);
	else
		diagnosis_add(a->d, a->subject, "space", LEVEL_OK, "%llu MiB free below /var/cache",
			      (unsigned long long)(kib >> 10));
	free(text);
}

static void look_for_tools(const struct asking *a)
{
	static const char *const argv[] = {"sh", "-c",
					   "command -v mkfs.gfs2 && command -v fsck.gfs2", NULL};
	int status;
	char *text = ask_status(a, "gfs2-utils", argv, &status);

	if (text && status)
		diagnosis_add(
			a->d, a->subject, "gfs2-utils", LEVEL_FAIL,
			"no mkfs.gfs2 or no fsck.gfs2, which a run calls on host a\napt install "
			"gfs2-utils");
	else if (text)
		diagnosis_add(a->d, a->subject, "gfs2-utils", LEVEL_OK, "mkfs.gfs2, fsck.gfs2");
	free(text);
}

void doctor_host_built(struct host *host, const struct plan *plan, unsigned node,
		       const char *subject, struct diagnosis *diagnosis)
{
	const struct asking asking = {host, subject, diagnosis};

	if (!plan_host_is_auto(&plan->hosts[node]))
		return;
	look_at_space(&asking);
	if (!node && plan->volume != VOLUME_RAW)
		look_for_tools(&asking);
}
