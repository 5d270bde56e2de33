/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lost_write.c - stale reads that say more: the write they missed never reached anyone.
 *
 * Run once a unit's reads are all judged. One lost write is one finding, however many reads missed
 * it; docs/checks.md has the rule.
 */
#include "check/cluster.h"

/* Nobody ever saw this write or anything not older, though each node read twice after it. */
static bool is_lost(const struct judge *judge, uint32_t write, uint32_t ret_reads[NODES])
{
	const struct unit_view *view = &judge->view;
	unsigned count[NODES] = {0, 0}, node;
	size_t i;

	if (judge->scratch->clusters[judge->scratch->local[write]].reads)
		return false;
	for (i = view->n_readings; i; i--) {
		const struct reading *reading = &view->readings[i - 1];

		if (!order_before(judge->history, judge->order, write, reading->op) ||
		    reading->state == READING_BAD)
			continue;
		if (reading->state == READING_UNJUDGED ||
		    !cluster_older(judge, &judge->scratch->clusters[cluster_of(judge, reading)],
				   write))
			return false;
		node = judge->history->ops[reading->op].node;
		count[node]++;
		ret_reads[node] = reading->op;
	}
	return count[0] >= 2 && count[1] >= 2;
}

/* Stale reads that a lost write explains become one finding per such write. */
void lost_write_judge(struct judge *judge)
{
	size_t i, j, kept = judge->first_of_unit;
	uint32_t reads[NODES];

	for (i = judge->first_of_unit; i < judge->n_findings; i++) {
		struct finding finding = judge->findings[i];

		if ((finding.anomaly == ANOMALY_STALE_READ ||
		     finding.anomaly == ANOMALY_RESURRECTION) &&
		    is_lost(judge, finding.missed, reads)) {
			for (j = judge->first_of_unit; j < kept; j++) {
				if (judge->findings[j].anomaly == ANOMALY_LOST_WRITE &&
				    judge->findings[j].missed == finding.missed)
					break;
			}
			if (j < kept) {
				judge->findings[j].repeats += 1 + finding.repeats;
				continue;
			}
			finding.anomaly = ANOMALY_LOST_WRITE;
			finding_witness(&finding, reads[!finding.node], "did not see it either");
		}
		judge->findings[kept++] = finding;
	}
	judge->n_findings = kept;
}
