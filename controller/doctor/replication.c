/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replication.c - see replication.h; what DRBD's words mean is controller/drbd's, and how it is
 * asked site/drbd_ask.h's, as for a run.
 */
#include "doctor/replication.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drbd/fit.h"
#include "site/drbd_ask.h"

/* No answer, or one that tells nothing: told is what drbd_ask_... returned, not 1. */
static void not_looked_at(const struct asking *a, const char *check, int told,
			  const struct drbd_why *why, const struct error *err)
{
	diagnosis_add(a->d, a->subject, check, LEVEL_WARN, "not looked at: %s",
		      told < 0 ? err->text : why->text);
}

static void look_at_state(const struct asking *a, const char *resource)
{
	const struct drbd_at at = {.host = a->host, .resource = resource};
	struct drbd_state *state = calloc(1, sizeof(*state));
	struct drbd_why why;
	struct error err;
	int told;

	if (!state)
		return;
	told = drbd_ask_state(&at, state, &why, &err);
	if (told != 1)
		not_looked_at(a, "drbd", told, &why, &err);
	else if (!drbd_fit(state, NULL, &why))
		diagnosis_add(a->d, a->subject, "drbd", LEVEL_FAIL, "%s\n%s", why.text, why.remedy);
	else
		diagnosis_add(a->d, a->subject, "drbd", LEVEL_OK,
			      "%s: Primary on both hosts, Connected, UpToDate", resource);
	free(state);
}

/* The device is what the resource has: a plan that names two things tests neither. */
static void look_at_device(const struct asking *a, const struct plan_host *plan)
{
	const struct drbd_at at = {.host = a->host, .resource = plan->resource};
	struct drbd_why why;
	struct error err;

	/* A question without a remedy could not be asked: of the device itself others tell. */
	if (!drbd_ask_device(&at, plan->device, &why, &err) && why.remedy[0])
		diagnosis_add(a->d, a->subject, "drbd", LEVEL_FAIL, "%s\n%s", why.text, why.remedy);
}

static void look_at_config(const struct asking *a, const char *resource)
{
	static const char *const checks[DRBD_QUESTIONS] = {
		"two-primary", "protocol", "fencing", "split-brain", "ping", "integrity", "verify"};
	const struct drbd_at at = {.host = a->host, .resource = resource};
	struct drbd_config config;
	struct drbd_why why;
	struct error err;
	unsigned q;
	int told = drbd_ask_config(&at, false, &config, &why, &err);

	if (told != 1) {
		not_looked_at(a, "drbd-config", told, &why, &err);
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
}

static bool look_for_drbd(const struct asking *a)
{
	const struct drbd_at at = {.host = a->host};
	struct drbd_version version;
	struct drbd_why why;
	struct error err;
	int told = drbd_ask_version(&at, &version, &why, &err);

	if (told < 0)
		not_looked_at(a, "drbd", told, &why, &err);
	else if (!told)
		diagnosis_add(a->d, a->subject, "drbd", LEVEL_FAIL, "%s\n%s", why.text, why.remedy);
	else
		diagnosis_add(a->d, a->subject, "drbd", LEVEL_OK, "DRBD %s, drbd-utils %s",
			      version.kernel, version.utils);
	return told == 1;
}

void replication_look(const struct asking *asking, const struct plan_host *plan)
{
	if (!plan->resource[0]) {
		diagnosis_add(asking->d, asking->subject, "drbd", LEVEL_WARN,
			      "not looked at: the plan names no resource, so that nobody would see "
			      "if the replication broke\nresource = ... in its section");
		return;
	}
	if (!look_for_drbd(asking))
		return;
	look_at_state(asking, plan->resource);
	look_at_device(asking, plan);
	look_at_config(asking, plan->resource);
}
