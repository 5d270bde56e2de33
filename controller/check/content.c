/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * content.c - what a value alone gives away, whatever the order of things.
 *
 * A unit is prefilled, so no read may find zeroes; every sector names its writer, so no read may
 * find what is damaged, another run's, another place's, or of a write that never was (thin air) or
 * had not begun (future read). A unit whose sectors differ is a tear if all of them name writes;
 * if one of them is worse than that, the worst names the finding.
 *
 * A tear is a violation only where every write of the unit is certainly over before the read
 * began, or certainly began after it: what may have overlapped the read, a write that never
 * completed included, may have been caught halfway (torn_permitted).
 *
 * Misdirected: the data of another unit. Was it written here or only read here? The next read of
 * the unit, by anybody, decides: the same again means that it is there (misdirected-write); the
 * right thing, with no write certainly in between, that it never was (misdirected-read). With no
 * such read it is open, and reported as what was seen: a misdirected-read, whose role says so.
 */
#include "check/judge.h"

#include <assert.h>

#include "check/content_tear.h"

/* A name for a value that has none, to tell repeats. */
static uint64_t value_hash(enum anomaly anomaly, const struct value *value)
{
	uint64_t hash = 0x9e3779b97f4a7c15ULL * ((uint64_t)anomaly + 1);
	unsigned i;

	hash = (hash ^ value->write_id) * 0xff51afd7ed558ccdULL;
	hash = (hash ^ hash >> 32 ^ value->at_unit) * 0xff51afd7ed558ccdULL;
	for (i = 0; i < value->n_parts; i++) {
		hash ^= hash >> 32 ^ (uint64_t)value->parts[i].sectors << 8 ^ value->parts[i].kind;
		hash = (hash ^ value->parts[i].write_id) * 0xff51afd7ed558ccdULL;
	}
	return hash;
}

/* One fault, one finding: count it, or count one more repeat. *ret_new is NULL then. */
static int report(struct judge *judge, struct reading *reading, enum anomaly anomaly,
		  const struct value *value, struct finding **ret_new, struct error *err)
{
	uint64_t hash = value_hash(anomaly, value);
	struct finding *finding;

	assert(reading->op < judge->history->n_ops && judge->history->ops);
	/* Another unit's data that both nodes read is there once; else each node's read is its own.
	 */
	finding = judge_same(judge,
			     anomaly == ANOMALY_MISDIRECTED_READ
				     ? ANY_NODE
				     : judge->history->ops[reading->op].node,
			     hash, false);
	reading->state = READING_BAD;
	reading->anomaly = anomaly;
	*ret_new = NULL;
	if (finding) {
		finding->repeats++;
		return 0;
	}
	finding = judge_add(judge, anomaly, reading->op, err);
	if (!finding)
		return -1;
	finding->value = hash;
	*ret_new = finding;
	return 0;
}

/* The newest successful write of the unit that is certainly over, or NO_OP. */
static uint32_t newest_before(const struct judge *judge, uint32_t read)
{
	uint32_t found = NO_OP, op;
	unsigned node;
	size_t n;

	for (node = 0; node < NODES; node++) {
		n = count_up_to(judge->view.ok_index[node], judge->view.n_ok[node],
				judge->order->known[read][node]);
		if (!n)
			continue;
		op = judge->view.ok_writes[node][n - 1];
		if (found == NO_OP || judge->order->position[op] > judge->order->position[found])
			found = op;
	}
	return found;
}

/* Damage, zeroes, another run's data. */
static int report_plain(struct judge *judge, struct reading *reading, enum anomaly anomaly,
			const struct value *value, struct error *err)
{
	struct finding *finding;

	if (report(judge, reading, anomaly, value, &finding, err) < 0)
		return -1;
	if (!finding)
		return 0;
	finding_witness(finding, newest_before(judge, reading->op),
			"wrote the unit before the read");
	finding_witness(finding, reading->op,
			anomaly == ANOMALY_ZEROED    ? "read zeroes"
			: anomaly == ANOMALY_FOREIGN ? "read another run's data"
						     : "read damaged data");
	return 0;
}

/* What a later read of the unit shows of a misdirected value: the class, and that read (NO_OP:
 * undecided). */
static enum anomaly where_misdirected(const struct judge *judge, const struct reading *reading,
				      const struct value *value, uint32_t *ret_decider)
{
	const struct unit_view *view = &judge->view;
	const struct reading *later;
	struct value seen;
	uint32_t newest;

	for (later = reading + 1; later < view->readings + view->n_readings; later++) {
		if (!order_before(judge->history, judge->order, reading->op, later->op))
			continue;
		units_value(judge->history, later->op, view->unit, &seen);
		/* As a plain name too: then it is the history that says where it was written. */
		if ((seen.kind == VALUE_TAG ||
		     (seen.kind == VALUE_MISDIRECTED && seen.at_unit == value->at_unit)) &&
		    seen.write_id == value->write_id) {
			*ret_decider = later->op;
			return ANOMALY_MISDIRECTED_WRITE;
		}
		newest = newest_before(judge, later->op);
		if (newest != NO_OP &&
		    order_before(judge->history, judge->order, reading->op, newest))
			break;
		if (seen.kind == VALUE_TAG) {
			*ret_decider = later->op;
			return ANOMALY_MISDIRECTED_READ;
		}
	}
	*ret_decider = NO_OP;
	return ANOMALY_MISDIRECTED_READ;
}

static int report_misdirected(struct judge *judge, struct reading *reading,
			      const struct value *value, struct error *err)
{
	struct finding *finding;
	enum anomaly anomaly;
	uint32_t decider;

	/* Repeats are of the fault, not of what later reads make of it. */
	if (report(judge, reading, ANOMALY_MISDIRECTED_READ, value, &finding, err) < 0)
		return -1;
	if (!finding)
		return 0;
	anomaly = where_misdirected(judge, reading, value, &decider);
	finding->anomaly = anomaly;
	finding_witness(finding, units_find(judge->units, value->write_id),
			"wrote that, to another unit");
	if (decider == NO_OP) {
		finding_witness(finding, reading->op,
				"read another unit's data; no later read tells whether it was "
				"written here or only read here");
		return 0;
	}
	finding_witness(finding, reading->op, "read another unit's data");
	finding_witness(finding, decider,
			anomaly == ANOMALY_MISDIRECTED_WRITE ? "read it again: it was written here"
							     : "read the right unit again");
	return 0;
}

/* A value that names a write. Returns 1 if it is fine, 0 if not (reported, or not to be judged). */
static int judge_name(struct judge *judge, struct reading *reading, const struct value *whole,
		      uint64_t id, uint32_t *ret_write, struct error *err)
{
	const struct history_op *write;
	struct finding *finding;
	uint32_t op;

	*ret_write = NO_OP;
	if (id == WRITE_ID_INITIAL)
		return 1;
	op = units_find(judge->units, id);
	if (op == NO_OP && units_may_lack(judge->history, judge->units, id)) {
		reading->state = READING_UNJUDGED;
		return 0;
	}
	write = op == NO_OP ? NULL : &judge->history->ops[op];
	if (!write || write->outcome == OUTCOME_FAIL) {
		if (report(judge, reading, ANOMALY_THIN_AIR, whole, &finding, err) < 0)
			return -1;
		if (finding) {
			finding_witness(finding, op, "was never submitted");
			finding_witness(finding, reading->op, "read a value that nobody wrote");
		}
		return 0;
	}
	if (judge->view.unit < write->unit || judge->view.unit - write->unit >= write->count) {
		struct value elsewhere = {
			.kind = VALUE_MISDIRECTED, .write_id = id, .at_unit = write->unit};

		return report_misdirected(judge, reading, &elsewhere, err);
	}
	if (order_before(judge->history, judge->order, reading->op, op)) {
		if (report(judge, reading, ANOMALY_FUTURE_READ, whole, &finding, err) < 0)
			return -1;
		if (finding) {
			finding_witness(finding, reading->op, "read the value and ended");
			finding_witness(finding, op, "wrote that value, but began only later");
			finding->by_message = order_by_message(
				judge->history, judge->order, reading->op, op, &finding->margin_ns);
		}
		return 0;
	}
	*ret_write = op;
	return 1;
}

/* Sectors that differ, each of which is a valid tag. */
static int judge_tear(struct judge *judge, struct reading *reading, const struct value *value,
		      struct error *err)
{
	uint32_t writes[SECTORS_MAX];
	struct finding *finding;
	unsigned i;
	int fine;

	for (i = 0; i < value->n_parts; i++) {
		fine = judge_name(judge, reading, value, value->parts[i].write_id, &writes[i], err);
		if (fine <= 0)
			return fine;
	}
	if (tear_permitted(judge, reading->op)) {
		judge->torn_permitted++;
		reading->state = READING_UNJUDGED;
		return 0;
	}
	if (report(judge, reading, ANOMALY_TORN, value, &finding, err) < 0)
		return -1;
	for (i = 0; finding && i < value->n_parts && finding->n_witnesses < WITNESS_MAX - 1; i++)
		finding_witness(finding, writes[i], "wrote some of the sectors");
	if (finding)
		finding_witness(finding, reading->op, "read a mixture, no write being under way");
	return 0;
}

static int judge_reading(struct judge *judge, struct reading *reading, struct error *err)
{
	struct value value;
	int fine;

	units_value(judge->history, reading->op, judge->view.unit, &value);
	switch (value.kind == VALUE_TORN ? worst_part(&value) : value.kind) {
	case VALUE_ZERO:
		return report_plain(judge, reading, ANOMALY_ZEROED, &value, err);
	case VALUE_FOREIGN:
		return report_plain(judge, reading, ANOMALY_FOREIGN, &value, err);
	case VALUE_MISDIRECTED:
		return report_misdirected(judge, reading, &value, err);
	case VALUE_TORN:
		return judge_tear(judge, reading, &value, err);
	case VALUE_TAG:
		fine = judge_name(judge, reading, &value, value.write_id, &reading->write, err);
		return fine < 0 ? -1 : 0;
	default:
		return report_plain(judge, reading, ANOMALY_CORRUPT, &value, err);
	}
}

int content_judge(struct judge *judge, struct error *err)
{
	size_t i;

	for (i = 0; i < judge->view.n_readings; i++) {
		if (judge_reading(judge, &judge->view.readings[i], err) < 0)
			return -1;
	}
	return 0;
}
