/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ask.c - see ask.h. */
#include "doctor/ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define ASK_NS (15 * NS_PER_S)

static void not_looked_at(const struct asking *asking, const char *check, const char *why)
{
	if (check)
		diagnosis_add(asking->d, asking->subject, check, LEVEL_WARN, "not looked at: %s",
			      why);
}

static char *run(const struct asking *asking, const char *check, const char *const argv[],
		 struct process_result *ret)
{
	struct error err;
	size_t n;

	if (host_run(asking->host, argv, ASK_NS, ret, &err) < 0) {
		not_looked_at(asking, check, err.text);
		return NULL;
	}
	n = strlen(ret->out);
	if (n && ret->out[n - 1] == '\n')
		ret->out[n - 1] = '\0';
	return ret->out;
}

char *ask_status(const struct asking *asking, const char *check, const char *const argv[],
		 int *ret_status)
{
	struct process_result result;
	char *out = run(asking, check, argv, &result);

	if (!out)
		return NULL;
	*ret_status = result.status;
	result.out = NULL;
	process_result_done(&result);
	return out;
}

char *ask(const struct asking *asking, const char *check, const char *const argv[])
{
	struct process_result result;
	char *out = run(asking, check, argv, &result);
	char why[512];

	if (!out)
		return NULL;
	if (result.status) {
		snprintf(why, sizeof(why), "%s ended with status %d%s%s", argv[0], result.status,
			 result.complaint[0] ? ": " : "", result.complaint);
		why[strcspn(why, "\n")] = '\0';
		not_looked_at(asking, check, why);
		out = NULL;
	} else {
		result.out = NULL;
	}
	process_result_done(&result);
	return out;
}

char *next_line(char **at)
{
	char *line = *at, *end = line ? strchr(line, '\n') : NULL;

	if (!line || !*line)
		return NULL;
	*at = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return line;
}
