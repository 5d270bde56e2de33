/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_answer.c - config.h: what of a configuration matters to a test with two primaries. */
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "drbd/config.h"

/* Below this a busy host is taken for a dead one: 1 s. The default, 0.5 s, was seen to expire. */
#define PING_TIMEOUT_LEAST 10

static bool is(const char *word, const char *wanted)
{
	return !strcmp(word, wanted);
}

static bool two_primaries(const struct drbd_config *config, struct drbd_why *why)
{
	drbd_because(why, "two primaries are allowed");
	if (is(config->allow_two_primaries, "yes"))
		return true;
	return drbd_because(why,
			    "two primaries are not allowed: only one host can have the volume\n"
			    "net { allow-two-primaries yes; } on both hosts, then drbdadm adjust");
}

static bool protocol(const struct drbd_config *config, struct drbd_why *why)
{
	drbd_because(why, "protocol C");
	if (is(config->protocol, "C"))
		return true;
	return drbd_because(why,
			    "protocol %s: DRBD refuses two primaries without C\n"
			    "net { protocol C; } on both hosts, then drbdadm adjust",
			    config->protocol);
}

#define FENCING_REMEDY \
	"fencing resource-and-stonith (8.4: among disk; 9: among net) and a fence-peer handler, " \
	"beside the cluster's own fencing"

static bool fencing(const struct drbd_config *config, struct drbd_why *why)
{
	drbd_because(why, "fencing %s", config->fencing);
	if (!is(config->fencing, "resource-and-stonith"))
		return drbd_because(why,
				    "fencing %s: any cut of the network between two primaries is a "
				    "split brain\n" FENCING_REMEDY,
				    config->fencing);
	if (!config->fence_peer && !config->kernel)
		return drbd_because(why,
				    "fencing %s without a fence-peer handler: after a cut of "
				    "the network I/O hangs\n" FENCING_REMEDY,
				    config->fencing);
	return true;
}

static bool after_split(const struct drbd_config *config, struct drbd_why *why)
{
	unsigned i;

	drbd_because(why, "a split brain is left for a person to resolve");
	for (i = 0; i < 3; i++) {
		if (!is(config->after_sb[i], "disconnect"))
			return drbd_because(
				why,
				"after-sb-%upri %s: after a split brain one host's data may be "
				"thrown away without a word, and with it what a test should see\n"
				"disconnect for all three of after-sb-*pri while testing",
				i, config->after_sb[i]);
	}
	return true;
}

static bool ping_timeout(const struct drbd_config *config, struct drbd_why *why)
{
	uint64_t tenths;

	if (parse_u64(config->ping_timeout, 1000000, "ping-timeout", &tenths, NULL) < 0)
		return drbd_because(why,
				    "ping-timeout %s is not a number\n"
				    "it counts tenths of a second: 30 are three seconds",
				    config->ping_timeout);
	drbd_because(why, "ping-timeout %u.%u s", (unsigned)tenths / 10, (unsigned)tenths % 10);
	if (tenths >= PING_TIMEOUT_LEAST)
		return true;
	return drbd_because(why,
			    "ping-timeout %u.%u s: a busy host is taken for a dead one, which with "
			    "two primaries is a split brain\n"
			    "net { ping-timeout 30; } (three seconds)",
			    (unsigned)tenths / 10, (unsigned)tenths % 10);
}

static bool data_integrity(const struct drbd_config *config, struct drbd_why *why)
{
	drbd_because(why, "data-integrity-alg is off");
	if (!config->data_integrity_alg[0] || is(config->data_integrity_alg, "none"))
		return true;
	return drbd_because(why,
			    "data-integrity-alg %s: a buffer that changes in flight cuts the "
			    "connection, and with it the cell\nleave it out while testing",
			    config->data_integrity_alg);
}

static bool verify(const struct drbd_config *config, struct drbd_why *why)
{
	drbd_because(why, "verify-alg %s", config->verify_alg);
	if (config->verify_alg[0] && !is(config->verify_alg, "none"))
		return true;
	return drbd_because(why, "verify-alg is not configured: the replicas cannot be compared\n"
				 "net { verify-alg crc32c; } on both hosts, then drbdadm adjust");
}

static bool (*const answers[DRBD_QUESTIONS])(const struct drbd_config *, struct drbd_why *) = {
	[DRBD_TWO_PRIMARIES] = two_primaries,
	[DRBD_PROTOCOL] = protocol,
	[DRBD_FENCING] = fencing,
	[DRBD_AFTER_SPLIT] = after_split,
	[DRBD_PING_TIMEOUT] = ping_timeout,
	[DRBD_DATA_INTEGRITY] = data_integrity,
	[DRBD_VERIFY] = verify,
};

bool drbd_question_decides(enum drbd_question question)
{
	return question == DRBD_TWO_PRIMARIES || question == DRBD_PROTOCOL;
}

bool drbd_config_answer(const struct drbd_config *config, enum drbd_question question,
			struct drbd_why *why)
{
	size_t used;
	bool good = answers[question](config, why);

	if (!config->differ || !why)
		return good;
	used = strlen(why->text);
	snprintf(why->text + used, sizeof(why->text) - used,
		 " (the connections of this resource differ; this is the first one)");
	return good;
}
