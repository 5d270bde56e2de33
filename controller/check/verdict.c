/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verdict.c - the names of the anomalies and models, and what a verdict owns. */
#include "check/verdict.h"

#include <stdlib.h>

#include "check/bound.h"

const char *const anomaly_names[ANOMALIES] = {
	[ANOMALY_CORRUPT] = "corrupt",
	[ANOMALY_ZEROED] = "zeroed",
	[ANOMALY_FOREIGN] = "foreign",
	[ANOMALY_MISDIRECTED_WRITE] = "misdirected-write",
	[ANOMALY_MISDIRECTED_READ] = "misdirected-read",
	[ANOMALY_TORN] = "torn",
	[ANOMALY_THIN_AIR] = "thin-air",
	[ANOMALY_FUTURE_READ] = "future-read",
	[ANOMALY_STALE_READ] = "stale-read",
	[ANOMALY_NEW_OLD_INVERSION] = "new-old-inversion",
	[ANOMALY_NON_MONOTONIC_READ] = "non-monotonic-read",
	[ANOMALY_RESURRECTION] = "resurrection",
	[ANOMALY_LOST_WRITE] = "lost-write",
	[ANOMALY_CAUSAL_VIOLATION] = "causal-violation",
	[ANOMALY_STORE_BUFFERING] = "store-buffering",
};

const char *const model_names[MODELS] = {
	[MODEL_LINEARIZABLE] = "linearizable",
	[MODEL_REGULAR] = "regular",
	[MODEL_SAFE] = "safe",
	[MODEL_SEQUENTIAL_PER_UNIT] = "sequential-per-unit",
	[MODEL_CAUSAL] = "causal",
	[MODEL_MONOTONIC_READS] = "monotonic-reads",
	[MODEL_READ_YOUR_WRITES] = "read-your-writes",
};

const char *const model_state_names[MODEL_STATES] = {
	[MODEL_UNDECIDED] = "undecided",
	[MODEL_HELD] = "held",
	[MODEL_BROKE] = "broke",
};

void verdict_rates(struct verdict *verdict)
{
	double confidence = verdict->facts.confidence;

	verdict->rate_known = confidence > 0 && verdict->exposures;
	verdict->round_rate_known = confidence > 0 && verdict->rounds;
	if (verdict->rate_known)
		bound_binomial(verdict->stale_exposures, verdict->exposures, confidence,
			       &verdict->rate_lower, &verdict->rate_upper);
	if (verdict->round_rate_known)
		bound_binomial(verdict->stale_rounds, verdict->rounds, confidence,
			       &verdict->round_rate_lower, &verdict->round_rate_upper);
}

void verdict_done(struct verdict *verdict)
{
	free(verdict->examples);
	verdict->examples = NULL;
	verdict->n_examples = 0;
}
