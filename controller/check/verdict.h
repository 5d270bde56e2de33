/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict.h - what judging a cell comes to: data for reports, decided here and nowhere else.
 */
#ifndef CHECK_VERDICT_H
#define CHECK_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/fs_evidence.h"
#include "common/op.h"
#include "rundir/facts.h"

/* docs/checks.md says of each: the question, the rule, the smallest bad history. */
enum anomaly {
	/* content: needs no history */
	ANOMALY_CORRUPT,
	ANOMALY_ZEROED,
	ANOMALY_FOREIGN,
	ANOMALY_MISDIRECTED_WRITE,
	ANOMALY_MISDIRECTED_READ,
	ANOMALY_TORN,
	ANOMALY_THIN_AIR,
	ANOMALY_FUTURE_READ,
	/* order, one unit */
	ANOMALY_STALE_READ,
	ANOMALY_NEW_OLD_INVERSION,
	ANOMALY_NON_MONOTONIC_READ,
	ANOMALY_RESURRECTION,
	ANOMALY_LOST_WRITE,
	/* across units: proven by what was read, without clocks */
	ANOMALY_CAUSAL_VIOLATION,
	ANOMALY_STORE_BUFFERING,
	ANOMALIES
};
extern const char *const anomaly_names[ANOMALIES]; /* lower-case kebab */

/* Weaker promises than linearizability; docs/checks.md says what each asks. */
enum model {
	MODEL_LINEARIZABLE,
	MODEL_REGULAR,
	MODEL_SAFE,
	MODEL_SEQUENTIAL_PER_UNIT,
	MODEL_CAUSAL,
	MODEL_MONOTONIC_READS,
	MODEL_READ_YOUR_WRITES,
	MODELS
};
extern const char *const model_names[MODELS]; /* lower-case kebab */

enum model_state {
	MODEL_UNDECIDED, /* not looked at */
	MODEL_HELD,	 /* nothing that is certain contradicts it */
	MODEL_BROKE,
	MODEL_STATES
};
extern const char *const model_state_names[MODEL_STATES];

#define WITNESS_MAX 6

/* An operation of a witness and the part it plays, with where it stands in its file. */
struct witness {
	struct op op;
	const char *role; /* "wrote the old value", "read", ... static text */
	char source[256]; /* "a.history:record 17" or "file.txt:12" */
};

struct violation {
	enum anomaly anomaly;
	uint64_t unit;
	uint8_t node;	      /* that saw it */
	unsigned n_witnesses; /* 1 .. WITNESS_MAX */
	struct witness witnesses[WITNESS_MAX];
	bool by_message;      /* the order rests on messages or one clock, not on a clock margin */
	int64_t margin_ns;    /* else: how far beyond the clock bound */
	uint64_t generations; /* writes certainly between the value read and the newest; 0 = n/a */
	bool staleness_known;
	uint64_t staleness_ns; /* from the newer write's completion to the read's invocation */
	uint64_t repeats;      /* later reads that only showed this same fault again */
	bool healed;	       /* a later read of the same node saw the newer value */
};

/* Reads that could have shown the fault, and those that did. */
struct exposures {
	uint64_t all, stale;
};

struct verdict {
	struct cell_facts facts; /* as read; zero for bare histories */
	enum verdict_kind kind;
	char reason[FACTS_TEXT_MAX];  /* one sentence: why invalid, inconclusive, error; else "" */
	char fault[FACTS_TEXT_MAX];   /* the judge contradicts itself: kind is error; else "" */
	char warning[FACTS_TEXT_MAX]; /* a record cut short at the end and the like; else "" */

	uint64_t ops, reads, writes, unknown; /* what was judged */
	uint64_t exposures;		      /* reads that could have shown the fault */
	uint64_t stale_exposures;	      /* those that did */
	struct exposures readers[NODES];      /* the same by the node that read */
	uint64_t rounds;		      /* independent episodes with exposures */
	uint64_t stale_rounds;
	uint64_t n_violations; /* all, counted; */
	uint64_t classes[ANOMALIES];
	uint64_t torn_permitted; /* tears that overlapping writers may explain: no failure */
	uint64_t suspect;	 /* a best-guess clock would accuse, certainty does not */
	uint64_t undecided;	 /* reads that fell out of a bounded window: not judged */
	enum model_state models[MODELS];
	/* Units that each pass found violated; streaming may miss, never exceed. */
	uint64_t stream_units, exact_units;
	unsigned shard, shards;	    /* judged alone: shard `shard` (from 1) of `shards`; 0: all */
	struct violation *examples; /* the first n_examples of them, by time */
	size_t n_examples;

	/* Exact binomial bounds over exposures and over rounds at facts.confidence; the upper is
	 * one-sided with no violation, two-sided with. known is false where there was none. */
	bool rate_known;
	double rate_lower, rate_upper;
	bool round_rate_known;
	double round_rate_lower, round_rate_upper;

	struct fs_evidence fs; /* what the file system said: evidence beside the reads */

	bool first_known;
	double first_violation_s; /* after the mount (or after the first operation) */
};

#define EXAMPLES_MAX 1000 /* violations kept whole in a verdict */

/* The bounds of the rates, from exposures and rounds as counted, at facts.confidence (0: none). */
void verdict_rates(struct verdict *verdict);

/* Free what a verdict owns (examples). */
void verdict_done(struct verdict *verdict);

#endif
