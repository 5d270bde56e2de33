/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_site.c - what the keys of [site] and the hosts must be to each other. */
#include <string.h>

#include "plan/plan_internal.h"

/* The line to blame for a key's value: its own, or the section's, or the file. */
static unsigned blame(const struct plan_parser *parser, enum section section, const char *key)
{
	unsigned line = plan_key_line(parser, section, key);

	return line ? line : parser->section_line[section];
}

/* The room of a lab's volume: two GFS2 journals and what the file system keeps for itself. */
static int check_room(struct plan_parser *parser)
{
	const uint64_t kept = (2 * 8 + 8) * MIB;
	const struct plan *plan = &parser->plan;

	if (plan->volume_size <= kept)
		return plan_fail(parser, blame(parser, SECTION_SITE, "volume-size"),
				 "volume-size: too small; two GFS2 journals and the file system "
				 "need 24M, so it must be above that");
	if (plan->size > plan->volume_size - kept)
		return plan_fail(parser, blame(parser, SECTION_SITE, "size"),
				 "size: %lluM do not fit the volume; of %lluM (volume-size) %lluM "
				 "are left beside the journals",
				 (unsigned long long)((plan->size + MIB - 1) / MIB),
				 (unsigned long long)(plan->volume_size / MIB),
				 (unsigned long long)((plan->volume_size - kept) / MIB));
	return 0;
}

static int check_size(struct plan_parser *parser)
{
	const struct plan *plan = &parser->plan;
	uint64_t step = (uint64_t)plan->unit * PLAN_FILES;

	if (plan->size % step)
		return plan_fail(parser, blame(parser, SECTION_SITE, "size"),
				 "size: %llu is not a multiple of %llu (%d files of units of %u "
				 "bytes)",
				 (unsigned long long)plan->size, (unsigned long long)step,
				 PLAN_FILES, plan->unit);
	if (plan->kind == SITE_LAB)
		return check_room(parser);
	if (plan_key_line(parser, SECTION_SITE, "volume-size"))
		return plan_fail(
			parser, plan_key_line(parser, SECTION_SITE, "volume-size"),
			"volume-size: only for kind = lab; the hosts' volume has its size");
	return 0;
}

static int check_hosts(struct plan_parser *parser)
{
	static const char *const required[] = {"device", "domain", "disk"};
	struct plan *plan = &parser->plan;
	unsigned node, i;

	for (node = 0; node < NODES; node++) {
		enum section section = node ? SECTION_HOST_B : SECTION_HOST_A;
		unsigned line = parser->section_line[section];

		plan->hosts[node].given = line != 0;
		if (plan->kind == SITE_LAB && line)
			return plan_fail(parser, line,
					 "[%s] is only for kind = hosts; the lab makes its own",
					 section_names[section]);
		if (plan->kind == SITE_HOSTS && !line)
			return plan_fail(parser, plan_key_line(parser, SECTION_SITE, "kind"),
					 "kind = hosts needs a section [%s]",
					 section_names[section]);
		for (i = 0; plan->kind == SITE_HOSTS && i < 3; i++) {
			if (!plan_key_line(parser, section, required[i]))
				return plan_fail(parser, line, "[%s] needs '%s'",
						 section_names[section], required[i]);
		}
	}
	if (plan->kind == SITE_HOSTS && !strcmp(plan->hosts[0].libvirt, plan->hosts[1].libvirt) &&
	    !strcmp(plan->hosts[0].domain, plan->hosts[1].domain))
		return plan_fail(
			parser, parser->section_line[SECTION_HOST_B],
			"[host b] names the same domain as [host a]; two guests are needed");
	return 0;
}

int plan_check_site(struct plan_parser *parser)
{
	return check_size(parser) < 0 || check_hosts(parser) < 0 ? -1 : 0;
}
