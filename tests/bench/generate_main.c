/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate_main.c - generate FOLDER [NAME=VALUE]... - synthetic histories of any size, for trying
 * the judge by hand: build/tests/generate /tmp/h operations=20000000 units=4096
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "tests/bench/generate.h"

static const char *const clock_names[] = {"one", "none", "bounds"};

static const char usage[] =
	"usage: generate FOLDER [NAME=VALUE]...\n"
	"  operations=1000000 units=4096 lanes=16 seed=1\n"
	"  writes=0.5 unknown=0 messages=0   shares: of all, of the writes, of all\n"
	"  tail=100us                        what one operation in 1024 may take\n"
	"  stale=0                           reads to be made certainly stale\n"
	"  clock=one|none|bounds lo=NS hi=NS bounds of b's clock minus a's\n";

static int parse_share(const char *text, double *ret, struct error *err)
{
	return parse_fraction(text, "share", ret, err);
}

static int set_option(struct generate_options *o, const char *name, const char *value,
		      struct error *err)
{
	uint64_t lanes;
	unsigned clock;

	if (!strcmp(name, "operations"))
		return parse_u64(value, UINT64_MAX, name, &o->operations, err);
	if (!strcmp(name, "units"))
		return parse_u64(value, UINT32_MAX, name, &o->units, err);
	if (!strcmp(name, "stale"))
		return parse_u64(value, UINT64_MAX, name, &o->stale, err);
	if (!strcmp(name, "tail"))
		return parse_duration(value, name, &o->tail, err);
	if (!strcmp(name, "seed"))
		return parse_u64(value, UINT64_MAX, name, &o->seed, err);
	if (!strcmp(name, "writes"))
		return parse_share(value, &o->write_share, err);
	if (!strcmp(name, "unknown"))
		return parse_share(value, &o->unknown_share, err);
	if (!strcmp(name, "messages"))
		return parse_share(value, &o->message_share, err);
	if (!strcmp(name, "lo"))
		return parse_i64(value, name, &o->theta_lo, err);
	if (!strcmp(name, "hi"))
		return parse_i64(value, name, &o->theta_hi, err);
	if (!strcmp(name, "lanes")) {
		if (parse_u64(value, UINT16_MAX, name, &lanes, err) < 0)
			return -1;
		o->lanes = (unsigned)lanes;
		return 0;
	}
	if (!strcmp(name, "clock")) {
		if (parse_name(value, clock_names, 3, name, &clock, err) < 0)
			return -1;
		o->clock = (enum history_clock)clock;
		return 0;
	}
	return error_set(err, ERROR_USER, "%s: no such option\n%s", name, usage);
}

int main(int argc, char **argv)
{
	struct generate_options options;
	struct generate_result result;
	struct error err;
	char name[32];
	int i;

	if (argc < 2) {
		fputs(usage, stderr);
		return 2;
	}
	generate_defaults(&options);
	options.operations = 1000000;
	options.units = 4096;
	for (i = 2; i < argc; i++) {
		const char *value = strchr(argv[i], '=');
		size_t length = value ? (size_t)(value - argv[i]) : sizeof(name);

		snprintf(name, sizeof(name), "%.*s", length < sizeof(name) ? (int)length : 0,
			 argv[i]);
		if (set_option(&options, name, value ? value + 1 : "", &err) < 0)
			goto failed;
	}
	if (generate_histories(argv[1], &options, &result, &err) < 0)
		goto failed;
	printf("%" PRIu64 " reads, %" PRIu64 " writes (%" PRIu64 " unknown), %" PRIu64
	       " units, %" PRIu64 " stale reads, clock of b %+" PRId64 " ns\n",
	       result.reads, result.writes, result.unknown, result.touched, result.stale,
	       result.theta);
	return 0;
failed:
	fprintf(stderr, "generate: %s\n", err.text);
	return error_exit_status(&err);
}
