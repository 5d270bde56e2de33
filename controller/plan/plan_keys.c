/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan_keys.c - the keys of a plan: one row each, with its section and the function that reads
 * it (plan_values.c, plan_matrix.c). docs/plan.md lists them with their defaults (plan_defaults
 * below).
 */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "plan/plan_internal.h"

#define SET_TEXT(to, from) snprintf(to, sizeof(to), "%s", from)

struct key {
	enum section section;
	const char *name;
	plan_reader *read;
	size_t offset, size; /* of a text in struct plan; 0 where read says more */
};

#define HOST_TEXT(name) \
	{ \
		SECTION_HOST_A, #name, NULL, offsetof(struct plan_host, name), \
			sizeof(((struct plan_host *)0)->name) \
	}

/* The keys of [host b] are those of [host a], which come last; find_key counts on from there. */
static const struct key keys[] = {
	{SECTION_SITE, "kind", plan_read_kind},
	{SECTION_SITE, "volume", plan_read_volume},
	{SECTION_SITE, "target", plan_read_target},
	{SECTION_SITE, "size", plan_read_size},
	{SECTION_SITE, "volume-size", plan_read_volume_size},
	{SECTION_SITE, "unit", plan_read_unit},
	{SECTION_SITE, "block-size", plan_read_block_size},
	{SECTION_SITE, "verify", plan_read_verify},
	{SECTION_SITE, "guests", plan_read_guests},
	{SECTION_MATRIX, "cache", plan_read_cache},
	{SECTION_MATRIX, "bus", plan_read_bus},
	{SECTION_MATRIX, "io", plan_read_io},
	{SECTION_MATRIX, "iothread", plan_read_iothread},
	{SECTION_MATRIX, "format", plan_read_format},
	{SECTION_MATRIX, "path", plan_read_path},
	{SECTION_MATRIX, "workload", plan_read_workload},
	{SECTION_MATRIX, "fault", plan_read_fault},
	{SECTION_MATRIX, "fault-at", plan_read_fault_at},
	{SECTION_MATRIX, "fault-for", plan_read_fault_for},
	{SECTION_MATRIX, "repeat", plan_read_repeat},
	{SECTION_JUDGE, "confidence", plan_read_confidence},
	{SECTION_JUDGE, "max-rate", plan_read_max_rate},
	{SECTION_JUDGE, "flush-scope", plan_read_flush_scope},
	HOST_TEXT(libvirt),
	{SECTION_HOST_A, "ssh", plan_read_ssh},
	HOST_TEXT(device),
	HOST_TEXT(resource),
	HOST_TEXT(domain),
	HOST_TEXT(disk),
	{SECTION_HOST_A, "agent", plan_read_agent},
	{SECTION_HOST_A, "guest-ssh", plan_read_guest_ssh},
	{SECTION_HOST_A, "address", plan_read_address},
	{SECTION_HOST_A, "on-hang", plan_read_on_hang},
	{SECTION_HOST_A, "stop-timeout", plan_read_stop_timeout},
	{SECTION_HOST_A, "start-timeout", plan_read_start_timeout},
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))
#define N_HOST_KEYS 12

static_assert(N_KEYS + N_HOST_KEYS <= PLAN_KEYS_MAX, "every key has its line");

/* Index of a key, also into key_line; N_KEYS + N_HOST_KEYS when there is none. */
static size_t find_key(enum section section, const char *name)
{
	enum section table = section == SECTION_HOST_B ? SECTION_HOST_A : section;
	size_t i;

	for (i = 0; i < N_KEYS; i++) {
		if (keys[i].section == table && !strcmp(keys[i].name, name))
			return i + (section == SECTION_HOST_B ? N_HOST_KEYS : 0);
	}
	return N_KEYS + N_HOST_KEYS;
}

unsigned plan_key_line(const struct plan_parser *parser, enum section section, const char *key)
{
	return parser->key_line[find_key(section, key)];
}

static int unknown_key(struct plan_parser *parser, const char *key)
{
	enum section table = parser->section == SECTION_HOST_B ? SECTION_HOST_A : parser->section;
	char list[256] = "";
	size_t i, used = 0;

	for (i = 0; i < N_KEYS; i++) {
		if (keys[i].section == table)
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 used ? ", " : "", keys[i].name);
	}
	return plan_fail(parser, parser->line, "unknown key '%s' in [%s]; use one of: %s", key,
			 section_names[parser->section], list);
}

static int read_host_text(struct plan_parser *parser, const struct key *key, const char *value,
			  struct error *err)
{
	struct plan_host *host = &parser->plan.hosts[parser->section == SECTION_HOST_B];

	if (strlen(value) >= key->size)
		return error_set(err, ERROR_USER, "%s: longer than %zu bytes", key->name,
				 key->size - 1);
	snprintf((char *)host + key->offset, key->size, "%s", value);
	return 0;
}

int plan_key(struct plan_parser *parser, const char *name, const char *value)
{
	size_t at = find_key(parser->section, name);
	const struct key *key;
	struct error err;
	int ret;

	if (at == N_KEYS + N_HOST_KEYS)
		return unknown_key(parser, name);
	if (parser->key_line[at])
		return plan_fail(parser, parser->line, "%s given twice, first in line %u", name,
				 parser->key_line[at]);
	parser->key_line[at] = parser->line;
	if (!*value)
		return plan_fail(parser, parser->line, "%s: a value is missing after '='", name);
	key = &keys[parser->section == SECTION_HOST_B ? at - N_HOST_KEYS : at];
	ret = key->read ? key->read(parser, value, &err) : read_host_text(parser, key, value, &err);
	if (ret < 0)
		return plan_fail(parser, parser->line, "%s%s", err.text,
				 strstr(value, " #") ? " (a comment after a value begins with ';')"
						     : "");
	return 0;
}

void plan_defaults(struct plan_parser *parser)
{
	struct plan *plan = &parser->plan;
	struct matrix *m = &parser->matrix;
	unsigned node, axis;

	plan->kind = SITE_LAB;
	plan->volume = VOLUME_GFS2;
	SET_TEXT(plan->target, "/srv/shared/stalemate");
	plan->size = 1 * MIB;
	plan->volume_size = 64 * MIB;
	plan->unit = 4096;
	plan->block_size = 4096;
	plan->verify = true;
	plan->fault_for_ns = 2 * NS_PER_S;
	plan->confidence = 0.95;
	plan->max_rate = 0.001;
	for (node = 0; node < NODES; node++) {
		SET_TEXT(plan->hosts[node].libvirt, "qemu:///system");
		plan->hosts[node].agent = AGENT_VIRTIO;
		plan->hosts[node].on_hang = ON_HANG_ERROR;
		plan->hosts[node].stop_ns = 120 * NS_PER_S;
		plan->hosts[node].start_ns = 300 * NS_PER_S;
	}
	SET_TEXT(m->path[0], "buffered");
	SET_TEXT(m->workload[0], "handoff");
	SET_TEXT(m->fault[0], "none");
	m->n_path = m->n_workload = m->n_fault = 1;
	for (axis = 0; axis < DISK_AXES; axis++)
		m->n_disk[axis] = 1; /* DISK_DEFAULT */
	m->repeat = 1;
}
