/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history_head.c - the `#` lines of a text history.
 *
 * What the header says must stand before the first operation, since operations are checked against
 * it; pings and samples may stand anywhere. An unknown `# word` is a comment, a known one malformed
 * an error.
 */
#include "history/history_line.h"

#include <inttypes.h>
#include <string.h>

#include "common/parse.h"

/* The next word of the line, or NULL. */
char *line_word(struct reader *reader)
{
	char *start = reader->rest + strspn(reader->rest, " \t"), *end;

	if (!*start)
		return NULL;
	end = start + strcspn(start, " \t");
	reader->rest = *end ? end + 1 : end;
	*end = 0;
	return start;
}

/* The next word, which must be there. */
char *line_need(struct reader *reader, const char *what, struct error *err)
{
	char *found = line_word(reader);

	if (!found)
		error_set(err, ERROR_USER, "%s is missing", what);
	return found;
}

int line_number(struct reader *reader, uint64_t max, const char *what, uint64_t *ret,
		struct error *err)
{
	char *text = line_need(reader, what, err);

	return text ? parse_u64(text, max, what, ret, err) : -1;
}

/* Nothing more on the line, or only a comment. */
int line_end(struct reader *reader, struct error *err)
{
	char *more = line_word(reader);

	if (more && *more != '#')
		return error_set(err, ERROR_USER, "'%.40s' is too much on this line", more);
	return 0;
}

int line_node(struct reader *reader, uint8_t *ret, struct error *err)
{
	static const char *const names[NODES] = {"a", "b"};
	char *text = line_need(reader, "node", err);
	unsigned index;

	if (!text || parse_name(text, names, NODES, "node", &index, err) < 0)
		return -1;
	*ret = (uint8_t)index;
	return 0;
}

static int head_run(struct reader *reader, struct history_header *header, struct error *err)
{
	char *text = line_need(reader, "run", err);

	return text ? parse_uuid(text, "run", header->run, err) : -1;
}

static int head_volume(struct reader *reader, struct history_header *header, struct error *err)
{
	uint64_t value;

	if (line_number(reader, UINT32_MAX, "volume", &value, err) < 0)
		return -1;
	header->volume = (uint32_t)value;
	return 0;
}

static int head_unit(struct reader *reader, struct history_header *header, struct error *err)
{
	uint64_t value;

	if (line_number(reader, UNIT_MAX, "unit", &value, err) < 0)
		return -1;
	if (value < UNIT_MIN || value % SECTOR_SIZE)
		return error_set(err, ERROR_USER, "unit: %" PRIu64 " is not a multiple of %u",
				 value, SECTOR_SIZE);
	header->unit = (uint32_t)value;
	return 0;
}

static int head_units(struct reader *reader, struct history_header *header, struct error *err)
{
	return line_number(reader, UINT64_MAX, "units", &header->units, err);
}

static int head_seed(struct reader *reader, struct history_header *header, struct error *err)
{
	return line_number(reader, UINT64_MAX, "seed", &header->seed, err);
}

static int head_nodes(struct reader *reader, struct history_header *header, struct error *err)
{
	uint8_t which = 0, nodes = 0;

	do {
		if (line_node(reader, &which, err) < 0)
			return -1;
		nodes |= (uint8_t)(1U << which);
	} while (reader->rest[strspn(reader->rest, " \t")]);
	header->nodes = nodes;
	return 0;
}

static int head_clock(struct reader *reader, struct history_header *header, struct error *err)
{
	char *kind = line_need(reader, "clock", err), *lo, *hi;

	if (!kind)
		return -1;
	if (!strcmp(kind, "none") || !strcmp(kind, "one")) {
		header->clock = kind[0] == 'n' ? HISTORY_CLOCK_NONE : HISTORY_CLOCK_ONE;
		return 0;
	}
	if (strcmp(kind, "b-a"))
		return error_set(err, ERROR_USER, "clock: '%.40s' is none of: one, none, b-a LO HI",
				 kind);
	lo = line_need(reader, "lower bound of the clocks", err);
	if (!lo || parse_i64(lo, "lower bound of the clocks", &header->theta_lo, err) < 0)
		return -1;
	hi = line_need(reader, "upper bound of the clocks", err);
	if (!hi || parse_i64(hi, "upper bound of the clocks", &header->theta_hi, err) < 0)
		return -1;
	if (header->theta_lo > header->theta_hi)
		return error_set(err, ERROR_USER, "clock: the lower bound is above the upper one");
	header->clock = HISTORY_CLOCK_BOUNDS;
	return 0;
}

static int head_drift(struct reader *reader, struct history_header *header, struct error *err)
{
	uint64_t value;

	if (line_number(reader, HISTORY_DRIFT_MAX, "drift", &value, err) < 0)
		return -1;
	header->drift_ppm = (uint32_t)value;
	return 0;
}

/* Durability's terms: read and checked, not needed by the order of reads. */
static int head_contract(struct reader *reader, struct history_header *header, struct error *err)
{
	static const char *const terms[] = {"ack=write-through", "ack=write-back",
					    "flush-scope=node", "flush-scope=volume"};
	char *term = line_need(reader, "contract", err);
	unsigned index;

	(void)header;
	if (!term)
		return -1;
	for (; term; term = line_word(reader)) {
		if (parse_name(term, terms, sizeof(terms) / sizeof(terms[0]), "contract", &index,
			       err) < 0)
			return -1;
	}
	return 0;
}

static int head_sample(struct reader *reader, struct history_header *header, struct error *err)
{
	struct record record = {.type = RECORD_SAMPLE};
	struct ping *sample = &record.ping;

	if (line_number(reader, SAMPLE_TIME_MAX, "a0 of a sample", &sample->c0, err) < 0 ||
	    line_number(reader, SAMPLE_TIME_MAX, "b1 of a sample", &sample->n1, err) < 0 ||
	    line_number(reader, SAMPLE_TIME_MAX, "b2 of a sample", &sample->n2, err) < 0 ||
	    line_number(reader, SAMPLE_TIME_MAX, "a3 of a sample", &sample->c3, err) < 0)
		return -1;
	if (sample->n2 < sample->n1 || sample->c3 < sample->c0)
		return error_set(err, ERROR_USER, "sample: an answer before its request");
	header->clock = HISTORY_CLOCK_NONE;
	return history_add(reader->history, reader->line, &record, err);
}

static int head_ping(struct reader *reader, struct history_header *header, struct error *err)
{
	struct record record = {.type = RECORD_PING};
	struct ping *ping = &record.ping;

	(void)header;
	if (line_node(reader, &ping->node, err) < 0 ||
	    line_number(reader, UINT64_MAX, "c0 of a ping", &ping->c0, err) < 0 ||
	    line_number(reader, UINT64_MAX, "n1 of a ping", &ping->n1, err) < 0 ||
	    line_number(reader, UINT64_MAX, "n2 of a ping", &ping->n2, err) < 0 ||
	    line_number(reader, UINT64_MAX, "c3 of a ping", &ping->c3, err) < 0)
		return -1;
	if (ping->n2 < ping->n1 || ping->c3 < ping->c0)
		return error_set(err, ERROR_USER, "ping: an answer before its request");
	return history_add(reader->history, reader->line, &record, err);
}

static const struct head {
	const char *name;
	int (*read)(struct reader *reader, struct history_header *header, struct error *err);
	bool anywhere; /* any number of times, anywhere */
} heads[] = {
	{"run", head_run},	     {"volume", head_volume},
	{"unit", head_unit},	     {"units", head_units},
	{"seed", head_seed},	     {"nodes", head_nodes},
	{"clock", head_clock},	     {"drift", head_drift},
	{"contract", head_contract}, {"sample", head_sample, true},
	{"ping", head_ping, true},
};
#define HEADS (sizeof(heads) / sizeof(heads[0]))
#define HEAD_CLOCK 6
#define HEAD_SAMPLE 9

int line_comment(struct reader *reader, struct error *err)
{
	char *name = line_word(reader);
	size_t i;

	for (i = 0; name && i < HEADS; i++) {
		if (strcmp(name, heads[i].name))
			continue;
		if (!heads[i].anywhere && reader->begun)
			return error_set(err, ERROR_USER,
					 "'# %s' belongs before the first operation", name);
		if (!heads[i].anywhere && reader->given >> i & 1)
			return error_set(err, ERROR_USER, "'# %s' is given twice", name);
		reader->given |= 1U << i;
		if (reader->given >> HEAD_CLOCK & 1 && reader->given >> HEAD_SAMPLE & 1)
			return error_set(err, ERROR_USER,
					 "'# clock' and '# sample' exclude each other");
		if (heads[i].read(reader, &reader->history->header, err) < 0)
			return -1;
		return line_end(reader, err);
	}
	return 0;
}
