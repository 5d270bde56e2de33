/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan_values.c - the values of [site] and [judge]: each key's range.
 *
 * A word that the design knows and this version cannot run yet is not a typing error, and the
 * message says so.
 */
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "plan/plan_internal.h"

#define SIZE_LIMIT (1ULL << 50)

const char *const volume_kind_names[VOLUME_KINDS] = {"gfs2", "raw", "ocfs2"};

int plan_read_kind(struct plan_parser *parser, const char *value, struct error *err)
{
	unsigned kind;

	if (parse_name(value, site_kind_names, SITE_KINDS, "kind", &kind, err) < 0)
		return -1;
	parser->plan.kind = (enum site_kind)kind;
	return 0;
}

int plan_read_volume(struct plan_parser *parser, const char *value, struct error *err)
{
	unsigned volume;

	if (parse_name(value, volume_kind_names, VOLUME_KINDS, "volume", &volume, err) < 0)
		return -1;
	parser->plan.volume = (enum volume_kind)volume;
	return 0;
}

int plan_read_target(struct plan_parser *parser, const char *value, struct error *err)
{
	char whole[sizeof(parser->plan.target) + 2];

	if (value[0] != '/' || !value[1])
		return error_set(err, ERROR_USER, "target: '%s' is not an absolute path below '/'",
				 value);
	snprintf(whole, sizeof(whole), "%s/", value);
	if (strstr(whole, "/../") || strstr(whole, "/./"))
		return error_set(err, ERROR_USER, "target: '%s' must not hold '.' or '..'", value);
	snprintf(parser->plan.target, sizeof(parser->plan.target), "%s", value);
	return 0;
}

static int read_bytes(const char *value, const char *what, uint64_t *ret, struct error *err)
{
	uint64_t size;

	if (parse_size(value, what, &size, err) < 0)
		return -1;
	if (!size || size > SIZE_LIMIT)
		return error_set(err, ERROR_USER, "%s: must be from 1 byte to 1024T, not %s", what,
				 value);
	*ret = size;
	return 0;
}

int plan_read_size(struct plan_parser *parser, const char *value, struct error *err)
{
	return read_bytes(value, "size", &parser->plan.size, err);
}

int plan_read_volume_size(struct plan_parser *parser, const char *value, struct error *err)
{
	return read_bytes(value, "volume-size", &parser->plan.volume_size, err);
}

static int read_power(const char *value, const char *what, uint64_t min, uint64_t max,
		      uint32_t *ret, struct error *err)
{
	uint64_t size;

	if (parse_size(value, what, &size, err) < 0)
		return -1;
	if (size < min || size > max || (size & (size - 1)))
		return error_set(err, ERROR_USER,
				 "%s: must be a power of two from %llu to %llu, not %s", what,
				 (unsigned long long)min, (unsigned long long)max, value);
	*ret = (uint32_t)size;
	return 0;
}

int plan_read_unit(struct plan_parser *parser, const char *value, struct error *err)
{
	return read_power(value, "unit", UNIT_MIN, UNIT_MAX, &parser->plan.unit, err);
}

int plan_read_block_size(struct plan_parser *parser, const char *value, struct error *err)
{
	return read_power(value, "block-size", 512, 4096, &parser->plan.block_size, err);
}

int plan_read_confidence(struct plan_parser *parser, const char *value, struct error *err)
{
	double confidence;

	if (parse_fraction(value, "confidence", &confidence, err) < 0)
		return -1;
	if (confidence <= 0 || confidence >= 1)
		return error_set(err, ERROR_USER,
				 "confidence: must be between 0 and 1, both excluded, not %s",
				 value);
	parser->plan.confidence = confidence;
	return 0;
}

int plan_read_max_rate(struct plan_parser *parser, const char *value, struct error *err)
{
	double rate;

	if (parse_fraction(value, "max-rate", &rate, err) < 0)
		return -1;
	if (rate >= 1)
		return error_set(err, ERROR_USER, "max-rate: must be below 1, not %s", value);
	parser->plan.max_rate = rate;
	return 0;
}

int plan_read_flush_scope(struct plan_parser *parser, const char *value, struct error *err)
{
	static const char *const names[] = {"node"};
	unsigned scope;

	(void)parser;
	return parse_name(value, names, 1, "flush-scope", &scope, err);
}

int plan_read_verify(struct plan_parser *parser, const char *value, struct error *err)
{
	static const char *const names[] = {"no", "yes"};
	unsigned verify;

	if (parse_name(value, names, 2, "verify", &verify, err) < 0)
		return -1;
	parser->plan.verify = verify;
	return 0;
}

int plan_read_guests(struct plan_parser *parser, const char *value, struct error *err)
{
	static const char *const names[] = {"switched", "cold"};
	unsigned cold;

	if (parse_name(value, names, 2, "guests", &cold, err) < 0)
		return -1;
	parser->plan.cold = cold;
	return 0;
}
