/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_words.c - see report_words.h. */
#include "report/report_words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"

static char *two_modes(const char *a, const char *b, char ret[WORDS_MAX])
{
	if (!strcmp(a, b))
		snprintf(ret, WORDS_MAX, "%s", a);
	else
		snprintf(ret, WORDS_MAX, "%s/%s", a, b);
	return ret;
}

char *words_asked(const struct cell_facts *facts, char ret[WORDS_MAX])
{
	return two_modes(cache_mode_names[facts->asked[0]], cache_mode_names[facts->asked[1]], ret);
}

char *words_effective(const struct cell_facts *facts, char ret[WORDS_MAX])
{
	const char *name[NODES];
	unsigned n;

	for (n = 0; n < NODES; n++)
		name[n] = facts->effective_known[n] ? cache_mode_names[facts->effective[n]] : "?";
	return two_modes(name[0], name[1], ret);
}

char *words_volume(const struct verdict *v, char ret[WORDS_MAX])
{
	const struct cell_facts *facts = &v->facts;
	const char *damaged = v->fs.state == FS_DAMAGED ? "DAMAGED" : "";
	char fsck[32] = "";
	char errors[24] = "";

	if (facts->not_run[0] || facts->refused[0]) {
		snprintf(ret, WORDS_MAX, "-");
		return ret;
	}
	if (facts->fsck_known && facts->fsck_errors)
		snprintf(fsck, sizeof(fsck), "fsck %u", facts->fsck_errors);
	else if (!facts->fsck_known)
		snprintf(fsck, sizeof(fsck), "no fsck");
	if (facts->withdraws)
		snprintf(errors, sizeof(errors), "withdrew");
	else if (facts->kernel_errors && !*damaged)
		snprintf(errors, sizeof(errors), "%u error%s", facts->kernel_errors,
			 facts->kernel_errors == 1 ? "" : "s");
	snprintf(ret, WORDS_MAX, "%s%s%s%s%s", damaged, *damaged && (*errors || *fsck) ? ": " : "",
		 errors, *errors && *fsck ? ", " : "", fsck);
	if (!*ret)
		snprintf(ret, WORDS_MAX, "clean");
	return ret;
}

char *words_replicas(const struct cell_facts *facts, char ret[WORDS_MAX])
{
	static const char *const words[REPLICAS_STATES] = {[REPLICAS_NOT_ASKED] = "-",
							   [REPLICAS_NOT_COMPARED] = "not compared",
							   [REPLICAS_IDENTICAL] = "identical"};
	enum replicas_state state = cell_facts_replicas(facts);

	if (state == REPLICAS_DIFFER)
		snprintf(ret, WORDS_MAX, "DIFFER: %" PRIu64 " KiB", facts->replicas_out_of_sync);
	else
		snprintf(ret, WORDS_MAX, "%s", words[state]);
	return ret;
}

/* Percent with as many places as tell something (`most` from 10 on); direction: +1 rounds up, -1
 * down. */
static void percent(double rate, int direction, int most, char *ret, size_t size)
{
	double value = rate * 100, scale;
	int places = value >= 10 ? most : value >= 0.1 || value == 0 ? 2 : 4;

	scale = pow(10, places);
	value *= scale;
	/* what is a hair beside a round number because of binary fractions is that number */
	if (fabs(value - round(value)) < 1e-6)
		value = round(value);
	else
		value = direction > 0 ? ceil(value) : floor(value);
	snprintf(ret, size, "%.*f", places, value / scale);
}

static char *rate_text(bool known, double lower, double upper, bool one_sided, char *ret)
{
	char low[24], high[24];

	if (!known) {
		snprintf(ret, WORDS_MAX, "-");
		return ret;
	}
	percent(upper, 1, one_sided, high, sizeof(high));
	percent(lower, -1, 0, low, sizeof(low));
	if (one_sided)
		snprintf(ret, WORDS_MAX, "< %s %%", high);
	else
		snprintf(ret, WORDS_MAX, "%s-%s %%", low, high);
	return ret;
}

char *words_rate(const struct verdict *v, char ret[WORDS_MAX])
{
	return rate_text(v->rate_known, v->rate_lower, v->rate_upper, !v->n_violations, ret);
}

char *words_round_rate(const struct verdict *v, char ret[WORDS_MAX])
{
	return rate_text(v->round_rate_known, v->round_rate_lower, v->round_rate_upper,
			 !v->n_violations, ret);
}

bool words_locate(const struct cell_facts *facts, uint64_t unit, unsigned *ret_file,
		  uint64_t *ret_offset)
{
	uint64_t per_file = facts->files ? facts->units / facts->files : 0;

	if (!facts->unit || !per_file || unit / per_file >= facts->files)
		return false;
	*ret_file = (unsigned)(unit / per_file);
	*ret_offset = unit % per_file * facts->unit;
	return true;
}

char *words_place(const struct cell_facts *facts, uint64_t unit, char ret[WORDS_MAX])
{
	unsigned file;
	uint64_t offset;

	ret[0] = 0;
	if (words_locate(facts, unit, &file, &offset))
		snprintf(ret, WORDS_MAX, "data.%02u, offset %" PRIu64, file, offset);
	return ret;
}

const char *words_source(const struct cell_facts *facts, const struct witness *witness)
{
	const char *slash = facts->id[0] ? strrchr(witness->source, '/') : NULL;

	return slash ? slash + 1 : witness->source;
}

char *words_duration(uint64_t ns, char ret[WORDS_MAX])
{
	if (ns < 1000)
		snprintf(ret, WORDS_MAX, "%" PRIu64 " ns", ns);
	else if (ns < 1000000)
		snprintf(ret, WORDS_MAX, "%.2f us", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(ret, WORDS_MAX, "%.2f ms", (double)ns / 1e6);
	else
		snprintf(ret, WORDS_MAX, "%.2f s", (double)ns / 1e9);
	return ret;
}

const char *words_anomaly(enum anomaly anomaly)
{
	static const char *const texts[ANOMALIES] = {
		[ANOMALY_CORRUPT] = "read bytes that nobody has written",
		[ANOMALY_ZEROED] = "read zeros where data had been written",
		[ANOMALY_FOREIGN] = "read a block of another run or volume",
		[ANOMALY_MISDIRECTED_WRITE] = "read a block that was written for another place",
		[ANOMALY_MISDIRECTED_READ] = "read a block from another place",
		[ANOMALY_TORN] = "read a block whose sectors come from different writes",
		[ANOMALY_THIN_AIR] = "read a value that nobody has written",
		[ANOMALY_FUTURE_READ] = "read a value before its write had begun",
		[ANOMALY_STALE_READ] =
			"read an old value, though a newer write had already completed",
		[ANOMALY_NEW_OLD_INVERSION] =
			"read an old value, though a newer one had already been read",
		[ANOMALY_NON_MONOTONIC_READ] =
			"read an old value, though it had itself read a newer one before",
		[ANOMALY_RESURRECTION] = "read a value that had been overwritten and was gone",
		[ANOMALY_LOST_WRITE] = "did not find a write that had completed",
		[ANOMALY_CAUSAL_VIOLATION] =
			"read an old value, though what it had seen came after a newer one",
		[ANOMALY_STORE_BUFFERING] =
			"read an old value, as the other node did, though each had written first",
	};

	return texts[anomaly];
}

const char *words_reason(const struct verdict *v)
{
	if (v->reason[0])
		return v->reason;
	if (v->facts.not_run[0])
		return v->facts.not_run;
	if (v->kind == VERDICT_REFUSED)
		return v->facts.refused;
	if (v->kind == VERDICT_INVALID)
		return v->facts.invalid;
	return v->kind == VERDICT_ERROR ? v->facts.error : "";
}
