/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.c - see explain.h.
 *
 * The feed is walked once for the units, and once more if values there name writes to other units
 * (misdirected data): these are taken too, though their units are not judged.
 */
#include "check/explain.h"

#include <stdlib.h>
#include <string.h>

#include "history/grow.h"

#define FILTER_BITS (1U << 16)
#define STEP 65536U /* operations between two words about progress */

/* A set of numbers that is quick to say no. */
struct set {
	const uint64_t *sorted;
	size_t n;
	uint8_t filter[FILTER_BITS / 8];
};

static uint32_t filter_bit(uint64_t key)
{
	return (uint32_t)((key * 0x9e3779b97f4a7c15ULL) >> 32) % FILTER_BITS;
}

static void set_init(struct set *set, const uint64_t *sorted, size_t n)
{
	size_t i;

	memset(set, 0, sizeof(*set));
	set->sorted = sorted;
	set->n = n;
	for (i = 0; i < n; i++)
		set->filter[filter_bit(sorted[i]) / 8] |=
			(uint8_t)(1U << filter_bit(sorted[i]) % 8);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool set_has(const struct set *set, uint64_t key)
{
	return set->filter[filter_bit(key) / 8] >> filter_bit(key) % 8 & 1 &&
	       bsearch(&key, set->sorted, set->n, sizeof(key), by_number);
}

struct taking {
	const struct tapes *tapes;
	struct scan *scan;
	struct clock_bounds *bounds;
	struct set units, names;
	const struct extract_window *window; /* NULL: all */
	const struct judge_progress *progress;
	uint64_t seen; /* operations of the units so far */
	bool second;   /* only writes named that have not been taken */
	struct extract *to;
	struct record record;
	uint8_t buf[RECORD_MAX];
};

static bool touches(const struct set *units, uint64_t unit, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		if (set_has(units, unit + i))
			return true;
	}
	return false;
}

static bool is_wanted(struct taking *t, const struct fed *fed)
{
	bool here = fed->kind != OP_FLUSH && touches(&t->units, fed->unit, fed->count);

	if (here && t->window) {
		here = t->seen >= t->window->from && t->seen < t->window->to;
		/* Counted as live.c does: what had an effect, or may have had. */
		t->seen += fed->kind == OP_READ ? fed->outcome == OUTCOME_OK
						: fed->outcome != OUTCOME_FAIL;
	}
	if (!t->second)
		return here;
	return !here && fed->kind == OP_WRITE && set_has(&t->names, fed->write_id);
}

static int read_record(const struct tapes *tapes, unsigned node, uint64_t slot, uint8_t *buf,
		       struct record *ret, struct error *err)
{
	unsigned sides;

	if (tape_read(tapes, node, slot, 1, buf, err) < 0)
		return -1;
	sides = record_sides(buf);
	if (sides && (slot + sides >= tapes->nodes[node].n_slots || sides > RECORD_MAX_SIDES))
		return error_set(err, ERROR_WORLD, "a history changed while it was being judged");
	if (sides && tape_read(tapes, node, slot + 1, sides, buf + RECORD_SIZE, err) < 0)
		return -1;
	if (record_decode(buf, (1 + sides) * RECORD_SIZE, ret, err) <= 0 || ret->type != RECORD_OP)
		return error_set(err, ERROR_WORLD, "a history changed while it was being judged");
	return 0;
}

/* Append the operation at a slot to the history. */
static int take(struct taking *t, unsigned node, uint32_t slot, uint64_t sequence,
		struct error *err)
{
	struct history *history = &t->to->history;
	struct extract *to = t->to;
	size_t room = to->room, n = history->n_ops;
	struct history_op *op;

	if (read_record(t->tapes, node, slot, t->buf, &t->record, err) < 0)
		return -1;
	if (n == room) {
		room = room ? 2 * room : 256;
		if (resize((void **)&to->slots, room, sizeof(*to->slots), err) < 0 ||
		    resize((void **)&to->sequence, room, sizeof(*to->sequence), err) < 0 ||
		    resize((void **)&to->across, room, sizeof(*to->across), err) < 0)
			return -1;
		if (order_reserve(&to->order, room, true, err) < 0)
			return -1;
		to->room = room;
	}
	if (history_add(history, scan_number(t->tapes, t->scan, node, slot), &t->record, err) < 0)
		return -1;
	op = &history->ops[n];
	op->file = t->tapes->in_memory ? t->tapes->loaded.ops[t->tapes->nodes[node].ops[slot]].file
				       : t->tapes->nodes[node].file;
	to->slots[n] = slot;
	to->sequence[n] = sequence;
	return 0;
}

/* One operation of the feed: what was read is followed twice, without and with clocks. */
static int step(struct taking *t, struct causal *const causal[2], const struct fed *fed,
		uint64_t sequence, struct error *err)
{
	uint32_t known[2][NODES];
	struct fed clocked = *fed;
	uint32_t op;

	clocked.message = fed->known[!fed->node];
	causal_step(causal[0], fed, known[0]);
	if (causal[1])
		causal_step(causal[1], &clocked, known[1]);
	else
		memcpy(known[1], known[0], sizeof(known[1]));
	if (!is_wanted(t, fed))
		return 0;
	if (take(t, fed->node, fed->number, sequence, err) < 0)
		return -1;
	op = (uint32_t)t->to->history.n_ops - 1;
	order_place(&t->to->order, op, fed, known[0]);
	memcpy(t->to->across[op], known[1], sizeof(known[1]));
	return 0;
}

static int take_pending(struct taking *t, uint64_t sequence, struct error *err)
{
	uint32_t op;
	size_t i;

	for (i = 0; i < t->scan->n_pending; i++) {
		const struct pending *p = &t->scan->pending[i];
		bool here = touches(&t->units, p->unit, p->count);

		if (t->second ? here || !set_has(&t->names, p->write_id) : !here)
			continue;
		if (take(t, p->node, p->slot, sequence, err) < 0)
			return -1;
		op = (uint32_t)t->to->history.n_ops - 1;
		order_place_pending(&t->to->order, op, p);
		memcpy(t->to->across[op], p->known, sizeof(p->known));
	}
	return 0;
}

static int walk(struct taking *t, struct error *err)
{
	struct feed *feed = feed_open(t->tapes, t->scan, t->bounds, NULL, err);
	/* Only bounds of two clocks prove anything that messages do not, and what was read adds to.
	 */
	bool clocked = t->bounds->clock == HISTORY_CLOCK_BOUNDS;
	struct causal *causal[2] = {causal_new_for(t->scan, err),
				    clocked ? causal_new_for(t->scan, err) : NULL};
	uint64_t sequence = 0;
	struct fed fed;
	int got = -1;

	if (!feed || !causal[0] || (clocked && !causal[1]))
		goto out;
	for (; (got = feed_next(feed, &fed, 1, err)) > 0; sequence++) {
		if (sequence % STEP == 0)
			judge_progress_step(t->progress, "looking at what is marked", sequence,
					    t->scan->counts.ops);
		if (step(t, causal, &fed, sequence, err) < 0) {
			got = -1;
			goto out;
		}
	}
	if (!got)
		got = take_pending(t, sequence, err);
out:
	if (!t->to->why) {
		t->to->why = causal[clocked];
		causal[clocked] = NULL;
	}
	causal_free(causal[0]);
	causal_free(causal[1]);
	feed_close(feed);
	return got;
}

/* The writes that values here name, and that were not taken: sorted, without doubles. */
static int find_names(const struct history *history, uint64_t **ret, size_t *ret_n,
		      struct error *err)
{
	size_t i, k, n = 0, n_writes = 0, room = history->n_ops + history->n_parts + 1;
	uint64_t *names = calloc(room, sizeof(*names));
	uint64_t *writes = calloc(history->n_ops + 1, sizeof(*writes));
	struct set set;

	if (!names || !writes) {
		free(names);
		free(writes);
		return error_set(err, ERROR_WORLD, "out of memory");
	}
	for (i = 0; i < history->n_ops; i++) {
		if (history->ops[i].kind == OP_WRITE)
			writes[n_writes++] = history->ops[i].write_id;
		else if (history->ops[i].write_id)
			names[n++] = history->ops[i].write_id;
	}
	for (i = 0; i < history->n_parts; i++) {
		if (history->parts[i].write_id)
			names[n++] = history->parts[i].write_id;
	}
	qsort(writes, n_writes, sizeof(*writes), by_number);
	qsort(names, n, sizeof(*names), by_number);
	set_init(&set, writes, n_writes);
	for (i = k = 0; i < n; i++) {
		if ((!k || names[k - 1] != names[i]) && !set_has(&set, names[i]))
			names[k++] = names[i];
	}
	free(writes);
	*ret = names;
	*ret_n = k;
	return 0;
}

static int by_sequence(const void *a, const void *b, void *context)
{
	const uint64_t *sequence = context;
	uint64_t x = sequence[*(const uint32_t *)a], y = sequence[*(const uint32_t *)b];

	return x < y ? -1 : x > y;
}

/* What the second walk took goes to its place in the feed. */
static void sort_feed(struct extract *to)
{
	struct order *order = &to->order;
	uint32_t i;

	if (order->n_feed)
		qsort_r(order->feed, order->n_feed, sizeof(*order->feed), by_sequence,
			to->sequence);
	for (i = 0; i < order->n_feed; i++)
		order->position[order->feed[i]] = i;
}

static int copy_files(const struct history *from, struct history *to, struct error *err)
{
	struct history_file *file;
	size_t i;

	to->header = from->header;
	memcpy(to->open_ended, from->open_ended, sizeof(to->open_ended));
	for (i = 0; i < from->n_files; i++) {
		file = history_add_file(to, from->files[i].name, err);
		if (!file)
			return -1;
		file->text = from->files[i].text;
	}
	return 0;
}

int extract_units(const struct tapes *tapes, struct scan *scan, struct clock_bounds *bounds,
		  const uint64_t *units, size_t n, const struct extract_window *window,
		  const struct judge_progress *progress, struct extract *ret, struct error *err)
{
	struct taking *t = calloc(1, sizeof(*t));
	struct extract to = {.order = {.bounds = bounds}};
	uint64_t *names = NULL;
	size_t n_names = 0;
	int result = -1;

	if (!t)
		return error_set(err, ERROR_WORLD, "out of memory");
	t->tapes = tapes;
	t->scan = scan;
	t->bounds = bounds;
	t->to = &to;
	t->window = window;
	t->progress = progress;
	set_init(&t->units, units, n);
	if (copy_files(&tapes->loaded, &to.history, err) < 0 || walk(t, err) < 0 ||
	    find_names(&to.history, &names, &n_names, err) < 0)
		goto out;
	if (n_names) {
		set_init(&t->names, names, n_names);
		t->second = true;
		t->seen = 0;
		if (walk(t, err) < 0)
			goto out;
		sort_feed(&to);
	}
	to.order.clock = bounds->clock;
	*ret = to;
	result = 0;
out:
	if (result < 0)
		extract_done(&to);
	free(names);
	free(t);
	return result;
}

void extract_done(struct extract *extract)
{
	history_done(&extract->history);
	order_done(&extract->order);
	free(extract->slots);
	free(extract->sequence);
	free(extract->across);
	causal_free(extract->why);
	memset(extract, 0, sizeof(*extract));
}

int explain_witness(const struct tapes *tapes, const struct scan *scan, unsigned node,
		    uint64_t slot, const char *role, struct witness *ret, struct error *err)
{
	struct record *record = calloc(1, sizeof(*record));
	uint8_t buf[RECORD_MAX];
	int result = -1;

	if (!record)
		return error_set(err, ERROR_WORLD, "out of memory");
	if (read_record(tapes, node, slot, buf, record, err) == 0) {
		ret->op = record->op;
		ret->role = role;
		scan_source(tapes, scan, node, slot, ret->source, sizeof(ret->source));
		result = 0;
	}
	free(record);
	return result;
}
