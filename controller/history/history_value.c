/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history_value.c - values and operations as text, both ways.
 *
 *   value   - | zero | corrupt | foreign | ID | at=UNIT/ID | torn=PART,PART,...
 *   ID      initial | NODE:LANE:SEQUENCE | NODE:LANE:SEQUENCE@EPOCH
 *   PART    ELEMENT*SECTORS, in the order of the sectors
 *   ELEMENT zero | corrupt | foreign | ID | at/ID
 */
#include "history/history_text.h"

#include <inttypes.h>
#include <string.h>

#include "common/parse.h"

/* The text up to `end`, copied and terminated. false: too long. */
static bool cut(const char *text, const char *end, char *ret, size_t size)
{
	size_t len = (size_t)(end - text);

	if (len >= size)
		return false;
	memcpy(ret, text, len);
	ret[len] = 0;
	return true;
}

static int bad_id(const char *text, struct error *err)
{
	return error_set(err, ERROR_USER,
			 "value: '%.40s' is not a value such as a:0:17, initial, zero, corrupt, "
			 "foreign, at=UNIT/a:0:17 or torn=a:0:1*3,b:0:2*5",
			 text);
}

static int parse_id(const char *text, uint64_t *ret, struct error *err)
{
	char lane_text[8], sequence_text[24];
	uint64_t lane, sequence, epoch = 0;
	const char *colon, *at;

	if (!strcmp(text, "initial")) {
		*ret = WRITE_ID_INITIAL;
		return 0;
	}
	if ((text[0] != 'a' && text[0] != 'b') || text[1] != ':')
		return bad_id(text, err);
	colon = strchr(text + 2, ':');
	if (!colon || !cut(text + 2, colon, lane_text, sizeof(lane_text)))
		return bad_id(text, err);
	at = strchrnul(colon, '@');
	if (!cut(colon + 1, at, sequence_text, sizeof(sequence_text)))
		return bad_id(text, err);
	if (parse_u64(lane_text, LANE_MAX, "lane of a value", &lane, err) < 0 ||
	    parse_u64(sequence_text, SEQUENCE_MAX, "sequence of a value", &sequence, err) < 0 ||
	    (*at && parse_u64(at + 1, EPOCH_MAX, "epoch of a value", &epoch, err) < 0))
		return -1;
	*ret = write_id(text[0] == 'b', (unsigned)epoch, (unsigned)lane, sequence);
	return 0;
}

/* The words that stand for a kind alone. */
static bool parse_word(const char *text, enum value_kind *ret)
{
	static const enum value_kind words[] = {VALUE_ZERO, VALUE_CORRUPT, VALUE_FOREIGN};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(text, value_kind_names[words[i]])) {
			*ret = words[i];
			return true;
		}
	}
	return false;
}

static int parse_part(const char *text, struct part *ret, struct error *err)
{
	const char *star = strchr(text, '*');
	char element[64];
	uint64_t sectors;

	if (!star || !cut(text, star, element, sizeof(element)))
		return error_set(err, ERROR_USER,
				 "part of a torn value: '%.40s' is not like a:0:1*3", text);
	if (parse_u64(star + 1, SECTORS_MAX, "sectors of a part", &sectors, err) < 0)
		return -1;
	if (!sectors)
		return error_set(err, ERROR_USER, "sectors of a part: 0 is not possible");
	*ret = (struct part){.sectors = (uint16_t)sectors};
	if (parse_word(element, &ret->kind))
		return 0;
	ret->kind = strncmp(element, "at/", 3) ? VALUE_TAG : VALUE_MISDIRECTED;
	return parse_id(element + (ret->kind == VALUE_MISDIRECTED ? 3 : 0), &ret->write_id, err);
}

static int parse_torn(const char *text, struct value *ret, struct error *err)
{
	char part[96];
	const char *end;

	ret->kind = VALUE_TORN;
	for (;;) {
		end = strchrnul(text, ',');
		if (!cut(text, end, part, sizeof(part)))
			return error_set(err, ERROR_USER,
					 "part of a torn value: '%.40s' is too long", text);
		if (ret->n_parts == SECTORS_MAX)
			return error_set(err, ERROR_USER, "a torn value has at most %u parts",
					 SECTORS_MAX);
		if (parse_part(part, &ret->parts[ret->n_parts++], err) < 0)
			return -1;
		if (!*end)
			return 0;
		text = end + 1;
	}
}

int value_parse(const char *text, struct value *ret, struct error *err)
{
	const char *slash;
	char number[24];

	ret->kind = VALUE_NONE;
	ret->write_id = ret->at_unit = 0;
	ret->n_parts = 0;
	if (!strcmp(text, "-") || parse_word(text, &ret->kind))
		return 0;
	if (!strncmp(text, "torn=", 5))
		return parse_torn(text + 5, ret, err);
	if (strncmp(text, "at=", 3)) {
		ret->kind = VALUE_TAG;
		return parse_id(text, &ret->write_id, err);
	}
	ret->kind = VALUE_MISDIRECTED;
	slash = strchr(text, '/');
	if (!slash || !cut(text + 3, slash, number, sizeof(number)))
		return bad_id(text, err);
	if (parse_u64(number, UINT64_MAX, "unit of a misdirected value", &ret->at_unit, err) < 0)
		return -1;
	return parse_id(slash + 1, &ret->write_id, err);
}

static int format_id(uint64_t id, char *ret, size_t size)
{
	if (id == WRITE_ID_INITIAL)
		return snprintf(ret, size, "initial");
	if (write_id_epoch(id))
		return snprintf(ret, size, "%c:%u:%" PRIu64 "@%u", 'a' + (int)write_id_node(id),
				write_id_lane(id), write_id_sequence(id), write_id_epoch(id));
	return snprintf(ret, size, "%c:%u:%" PRIu64, 'a' + (int)write_id_node(id),
			write_id_lane(id), write_id_sequence(id));
}

/* A part's element takes at most "at/b:4095:1099511627775@2047*128,": 33 bytes. */
static int format_part(const struct part *part, char *ret, size_t size)
{
	char id[64];

	if (part->kind != VALUE_TAG && part->kind != VALUE_MISDIRECTED)
		return snprintf(ret, size, "%s*%u", value_kind_names[part->kind], part->sectors);
	format_id(part->write_id, id, sizeof(id));
	return snprintf(ret, size, "%s%s*%u", part->kind == VALUE_TAG ? "" : "at/", id,
			part->sectors);
}

char *value_format(const struct value *value, char ret[VALUE_TEXT_MAX])
{
	size_t used;
	unsigned i;

	switch (value->kind) {
	case VALUE_TAG:
		format_id(value->write_id, ret, VALUE_TEXT_MAX);
		break;
	case VALUE_MISDIRECTED:
		used = (size_t)snprintf(ret, VALUE_TEXT_MAX, "at=%" PRIu64 "/", value->at_unit);
		format_id(value->write_id, ret + used, VALUE_TEXT_MAX - used);
		break;
	case VALUE_TORN:
		used = (size_t)snprintf(ret, VALUE_TEXT_MAX, "torn=");
		for (i = 0; i < value->n_parts; i++) {
			if (i)
				ret[used++] = ',';
			used += (size_t)format_part(&value->parts[i], ret + used,
						    VALUE_TEXT_MAX - used);
		}
		break;
	default:
		snprintf(ret, VALUE_TEXT_MAX, "%s", value_kind_names[value->kind]);
	}
	return ret;
}

char *op_format(const struct op *op, char ret[OP_TEXT_MAX])
{
	char value[VALUE_TEXT_MAX], count[16] = "", complete[24] = "-";
	size_t used;

	if (op->count != 1)
		snprintf(count, sizeof(count), "+%u", op->count);
	if (op->complete != TIME_NONE)
		snprintf(complete, sizeof(complete), "%" PRIu64, op->complete);
	used = (size_t)snprintf(ret, OP_TEXT_MAX, "%c %u %s %" PRIu64 "%s %" PRIu64 " %s %s %s",
				'a' + op->node, op->lane, op_kind_names[op->kind], op->unit, count,
				op->invoke, complete, op_outcome_names[op->outcome],
				value_format(&op->value, value));
	if (op->after)
		used += (size_t)snprintf(ret + used, OP_TEXT_MAX - used, " after=%c:%" PRIu64,
					 'a' + !op->node, op->after);
	if (op->peer)
		snprintf(ret + used, OP_TEXT_MAX - used, " peer=%" PRIu64, op->peer);
	return ret;
}
