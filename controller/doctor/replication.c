/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replication.c - see replication.h; what DRBD's words mean is controller/drbd's. */
#include "doctor/replication.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drbd/config.h"
#include "drbd/events.h"
#include "drbd/fit.h"

static void look_at_state(const struct asking *a, const char *resource)
{
	const char *const argv[] = {"drbdsetup",    "events2", "--now",
				    "--statistics", resource,  NULL};
	char *text = ask(a, "drbd", argv);
	struct drbd_state *state = text ? calloc(1, sizeof(*state)) : NULL;
	struct drbd_why why;
	struct error err;

	if (!state) {
		free(text);
		return;
	}
	if (drbd_events_parse("drbdsetup events2", text, strlen(text), state, &err) < 0)
		diagnosis_add(a->d, a->subject, "drbd", LEVEL_WARN, "not looked at: %s", err.text);
	else if (!drbd_fit(state, NULL, &why))
		diagnosis_add(a->d, a->subject, "drbd", LEVEL_FAIL, "%s\n%s", why.text, why.remedy);
	else
		diagnosis_add(a->d, a->subject, "drbd", LEVEL_OK,
			      "%s: Primary on both hosts, Connected, UpToDate", resource);
	free(state);
	free(text);
}

/* The device is what the resource has: a plan that names two things tests neither. */
static void look_at_device(const struct asking *a, const struct plan_host *plan)
{
	const char *const device_argv[] = {"drbdadm", "sh-dev", plan->resource, NULL};
	const char *const real_argv[] = {"readlink", "-f", plan->device, NULL};
	char *devices = ask(a, NULL, device_argv), *real = ask(a, NULL, real_argv);
	char *at = devices, *line;
	bool found = false;

	while ((line = next_line(&at)))
		found |= real && !strcmp(line, real);
	if (devices && real && !found)
		diagnosis_add(a->d, a->subject, "drbd", LEVEL_FAIL,
			      "the plan's device %s is none of resource %s\ncorrect one of the two "
			      "in the plan; `drbdadm sh-dev %s` lists them",
			      plan->device, plan->resource, plan->resource);
	free(devices);
	free(real);
}

static void look_at_config(const struct asking *a, const char *resource)
{
	static const char *const checks[DRBD_QUESTIONS] = {"two-primary", "protocol", "fencing",
							   "split-brain", "ping",     "integrity"};
	static const char *const argv[] = {"drbdadm", "dump", NULL};
	char *text = ask(a, "drbd-config", argv);
	struct drbd_config config;
	struct drbd_why why;
	struct error err;
	unsigned q;

	if (!text)
		return;
	if (drbd_config_parse("drbdadm dump", text, strlen(text), resource, &config, &err) < 0) {
		diagnosis_add(a->d, a->subject, "drbd-config", LEVEL_WARN, "not looked at: %s",
			      err.text);
		free(text);
		return;
	}
	for (q = 0; q < DRBD_QUESTIONS; q++) {
		bool good = drbd_config_answer(&config, (enum drbd_question)q, &why);

		diagnosis_add(a->d, a->subject, checks[q],
			      good					     ? LEVEL_OK
			      : drbd_question_decides((enum drbd_question)q) ? LEVEL_FAIL
									     : LEVEL_WARN,
			      good ? "%s" : "%s\n%s", why.text, why.remedy);
	}
	free(text);
}

/* Is DRBD there? Its own answer has a line NAME=VALUE for each version. */
static bool look_for_drbd(const struct asking *a, const char *resource)
{
	static const char *const argv[] = {"drbdadm", "--version", NULL};
	char utils[64] = "", kernel[64] = "", *text, *at, *line;
	int status;

	text = ask_status(a, "drbd", argv, &status);
	if (!text)
		return false;
	for (at = text; (line = next_line(&at));) {
		sscanf(line, "DRBDADM_VERSION=%63s", utils);
		sscanf(line, "DRBD_KERNEL_VERSION=%63s", kernel);
	}
	free(text);
	if (!utils[0]) {
		diagnosis_add(a->d, a->subject, "drbd", LEVEL_FAIL,
			      "no drbdadm (status %d)\napt-get install drbd-utils; or is this the "
			      "wrong host?",
			      status);
		return false;
	}
	if (!kernel[0] || !strcmp(kernel, "0.0.0")) {
		diagnosis_add(a->d, a->subject, "drbd", LEVEL_FAIL,
			      "the kernel has no DRBD loaded (drbd-utils %s)\nmodprobe drbd && "
			      "drbdadm up %s",
			      utils, resource);
		return false;
	}
	diagnosis_add(a->d, a->subject, "drbd", LEVEL_OK, "DRBD %s, drbd-utils %s", kernel, utils);
	return true;
}

void replication_look(const struct asking *asking, const struct plan_host *plan)
{
	if (!plan->resource[0]) {
		diagnosis_add(asking->d, asking->subject, "drbd", LEVEL_WARN,
			      "not looked at: the plan names no resource, so that nobody would see "
			      "if the replication broke\nresource = ... in its section");
		return;
	}
	if (!look_for_drbd(asking, plan->resource))
		return;
	look_at_state(asking, plan->resource);
	look_at_device(asking, plan);
	look_at_config(asking, plan->resource);
}
