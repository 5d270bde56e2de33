/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * models_decide.c - from what certainly broke to a state for each model.
 *
 * What broke, broke. All else held, in the sense that nothing certain contradicts it, unless part
 * of the evidence could not be looked at: reads that were let go unjudged, reads that returned
 * damage (no value of the unit, so they speak for no model and against none), causality that was
 * not followed.
 */
#include "check/models.h"

void models_decide(unsigned broke, bool causal, struct verdict *verdict)
{
	static const enum anomaly damage[] = {ANOMALY_CORRUPT,		ANOMALY_ZEROED,
					      ANOMALY_FOREIGN,		ANOMALY_MISDIRECTED_WRITE,
					      ANOMALY_MISDIRECTED_READ, ANOMALY_TORN};
	bool across = verdict->classes[ANOMALY_CAUSAL_VIOLATION] ||
		      verdict->classes[ANOMALY_STORE_BUFFERING];
	bool unknown = verdict->undecided;
	unsigned m;
	size_t i;

	for (i = 0; i < sizeof(damage) / sizeof(damage[0]); i++)
		unknown |= verdict->classes[damage[i]] > 0;
	if (verdict->classes[ANOMALY_CAUSAL_VIOLATION])
		broke |= MODEL_BIT(MODEL_CAUSAL);
	/* It is the strongest: whatever breaks another breaks it too. */
	if (broke || across)
		broke |= MODEL_BIT(MODEL_LINEARIZABLE);
	for (m = 0; m < MODELS; m++)
		verdict->models[m] = broke >> m & 1 ? MODEL_BROKE
				     : unknown	    ? MODEL_UNDECIDED
						    : MODEL_HELD;
	/* What was read proves that some read was late, but not which, nor beside what. */
	for (m = MODEL_REGULAR; m <= MODEL_SAFE; m++) {
		if (across && verdict->models[m] == MODEL_HELD)
			verdict->models[m] = MODEL_UNDECIDED;
	}
	if (!causal && verdict->models[MODEL_LINEARIZABLE] == MODEL_BROKE &&
	    verdict->models[MODEL_CAUSAL] == MODEL_HELD)
		verdict->models[MODEL_CAUSAL] = MODEL_UNDECIDED;
}
