/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drbd_ask.c - see drbd_ask.h.
 *
 * events2 is the one form that 8.4 and 9 both have; 8.4 has no JSON. The kernel's log is cut to its
 * end there, not here: it can be longer than what a command may print.
 */
#include "site/drbd_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"

#define ASK_NS (30 * NS_PER_S)
#define LOG_SHELL "dmesg >/dev/null && dmesg | tail -c 262144"

static int run(const struct drbd_at *at, const char *const argv[], struct process_result *ret,
	       struct error *err)
{
	return host_run(at->host, argv, at->timeout_ns ? at->timeout_ns : ASK_NS, ret, err);
}

/* What it printed, to be freed, when it ended with 0. */
static int ask(const struct drbd_at *at, const char *const argv[], char **ret, struct drbd_why *why,
	       struct error *err)
{
	struct process_result result;
	char said[256];

	if (run(at, argv, &result, err) < 0)
		return -1;
	if (result.status) {
		printable(result.complaint, strcspn(result.complaint, "\n"), said, sizeof(said));
		drbd_because(why, "%s%s%s ended with status %d%s%s", argv[0], argv[1] ? " " : "",
			     argv[1] ? argv[1] : "", result.status, said[0] ? ": " : "", said);
	} else {
		*ret = result.out;
		result.out = NULL;
	}
	process_result_done(&result);
	return *ret ? 1 : 0;
}

/* A text that could not be read is an answer, too. */
static int unread(const struct error *what, struct drbd_why *why)
{
	drbd_because(why, "%s", what->text);
	return 0;
}

/* Lines NAME=VALUE. The kernel's version is there as a number alone: 0x08040b is 8.4.11, 0: none.
 */
static bool says_version(const char *text, struct drbd_version *ret)
{
	const char *line;
	unsigned code = 0;

	memset(ret, 0, sizeof(*ret));
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		sscanf(line, "DRBDADM_VERSION=%63s", ret->utils);
		sscanf(line, "DRBD_KERNEL_VERSION_CODE=%8x", &code);
	}
	if (code)
		snprintf(ret->kernel, sizeof(ret->kernel), "%u.%u.%u", code >> 16, code >> 8 & 0xff,
			 code & 0xff);
	return ret->utils[0];
}

int drbd_ask_version(const struct drbd_at *at, struct drbd_version *ret, struct drbd_why *why,
		     struct error *err)
{
	static const char *const argv[] = {"drbdadm", "--version", NULL};
	struct process_result result;
	struct drbd_version version;
	bool told;
	int status;

	if (run(at, argv, &result, err) < 0)
		return -1;
	told = says_version(result.out, &version);
	status = result.status;
	process_result_done(&result);
	if (!told) {
		drbd_because(why,
			     "no drbdadm (status %d)\napt-get install drbd-utils; or is this the "
			     "wrong host?",
			     status);
		return 0;
	}
	if (!version.kernel[0]) {
		drbd_because(why,
			     "the kernel has no DRBD loaded (drbd-utils %s)\nmodprobe drbd && "
			     "drbdadm up the resource",
			     version.utils);
		return 0;
	}
	*ret = version;
	return 1;
}

int drbd_ask_state(const struct drbd_at *at, struct drbd_state *ret, struct drbd_why *why,
		   struct error *err)
{
	const char *const argv[] = {"drbdsetup",    "events2",	  "--now",
				    "--statistics", at->resource, NULL};
	struct drbd_state *state;
	char *text = NULL;
	int told = ask(at, argv, &text, why, err);
	struct error bad;

	if (told != 1)
		return told;
	state = calloc(1, sizeof(*state));
	if (!state)
		told = error_set(err, ERROR_WORLD, "out of memory");
	else if (drbd_events_parse("drbdsetup events2", text, strlen(text), state, &bad) < 0)
		told = unread(&bad, why);
	else
		*ret = *state;
	free(state);
	free(text);
	return told;
}

int drbd_ask_generations(const struct drbd_at *at, struct drbd_generations *ret,
			 struct drbd_why *why, struct error *err)
{
	const char *const argv[] = {"drbdadm", "get-gi", at->resource, NULL};
	char *text = NULL;
	int told = ask(at, argv, &text, why, err);
	struct error bad;

	if (told == 1 && drbd_generations_parse("drbdadm get-gi", text, strlen(text), ret, &bad))
		told = unread(&bad, why);
	free(text);
	return told;
}

int drbd_ask_config(const struct drbd_at *at, bool in_effect, struct drbd_config *ret,
		    struct drbd_why *why, struct error *err)
{
	const char *const show[] = {"drbdsetup", "show", at->resource, NULL};
	static const char *const dump[] = {"drbdadm", "dump", NULL};
	char *text = NULL;
	int told = ask(at, in_effect ? show : dump, &text, why, err);
	struct error bad;

	if (told == 1 && drbd_config_parse(in_effect ? "drbdsetup show" : "drbdadm dump", text,
					   strlen(text), at->resource, ret, &bad) < 0)
		told = unread(&bad, why);
	free(text);
	return told;
}

static bool has_line(const char *text, const char *line)
{
	size_t len = strcspn(line, "\n"), n;

	for (; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (n && n == len && !memcmp(text, line, n))
			return true;
	}
	return false;
}

int drbd_ask_device(const struct drbd_at *at, const char *device, struct drbd_why *why,
		    struct error *err)
{
	const char *const all_argv[] = {"drbdadm", "sh-dev", at->resource, NULL};
	const char *const real_argv[] = {"readlink", "-f", device, NULL};
	char *all = NULL, *real = NULL;
	int told = ask(at, all_argv, &all, why, err);

	if (told == 1)
		told = ask(at, real_argv, &real, why, err);
	if (told == 1 && !has_line(all, real)) {
		drbd_because(why,
			     "the plan's device %s is none of resource %s\ncorrect one of the two "
			     "in the plan; `drbdadm sh-dev %s` lists them",
			     device, at->resource, at->resource);
		told = 0;
	}
	free(all);
	free(real);
	return told;
}

int drbd_ask_log(const struct drbd_at *at, char **ret, struct drbd_why *why, struct error *err)
{
	static const char *const argv[] = {"sh", "-c", LOG_SHELL, NULL};
	char *text = NULL;
	int told = ask(at, argv, &text, why, err);

	if (told == 1)
		*ret = text;
	return told;
}

int drbd_ask_verify(const struct drbd_at *at, struct drbd_why *why, struct error *err)
{
	const char *const argv[] = {"drbdadm", "verify", at->resource, NULL};
	char *text = NULL;
	int told = ask(at, argv, &text, why, err);

	free(text);
	return told;
}
