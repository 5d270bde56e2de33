/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_site.c - what the keys of [site] and the hosts must be to each other. */
#include <string.h>

#include "common/claim.h"
#include "plan/libvirt_uri.h"
#include "plan/plan_internal.h"
#include "plan/ssh_address.h"

/* The line to blame for a key's value: its own, or the section's, or the file. */
static unsigned blame(const struct plan_parser *parser, enum section section, const char *key)
{
	unsigned line = plan_key_line(parser, section, key);

	return line ? line : parser->section_line[section];
}

/* What of a lab's raw volume is no target: its last block, where the claim is. */
static int check_raw_room(struct plan_parser *parser)
{
	const struct plan *plan = &parser->plan;

	if (plan->volume_size % CLAIM_BLOCK)
		return plan_fail(parser, blame(parser, SECTION_SITE, "volume-size"),
				 "volume-size: must be a multiple of %d bytes", CLAIM_BLOCK);
	if (plan->size > plan->volume_size - CLAIM_BLOCK)
		return plan_fail(parser, blame(parser, SECTION_SITE, "size"),
				 "size: does not fit the volume (volume-size), whose last %d bytes "
				 "are our claim",
				 CLAIM_BLOCK);
	return 0;
}

/* The room of a lab's volume: two GFS2 journals and what the file system keeps for itself. */
static int check_room(struct plan_parser *parser)
{
	const uint64_t kept = (2 * 8 + 8) * MIB;
	const struct plan *plan = &parser->plan;

	if (plan->volume == VOLUME_RAW)
		return check_raw_room(parser);
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

static enum section section_of(unsigned node)
{
	return node ? SECTION_HOST_B : SECTION_HOST_A;
}

/* Whether a libvirt URI names a host: qemu+ssh://alpha/system does, qemu:///system does not. */
static bool names_host(const char *uri)
{
	const char *authority = strstr(uri, "://");

	return authority && authority[3] && authority[3] != '/';
}

/* What is needed there, whoever's guest it is. */
static int check_host(struct plan_parser *parser, unsigned node)
{
	const struct plan_host *host = &parser->plan.hosts[node];
	enum section section = section_of(node);
	const char *objection = libvirt_uri_objection(host->libvirt);

	if (objection)
		return plan_fail(parser, plan_key_line(parser, section, "libvirt"), "libvirt: %s",
				 objection);
	/* or what is meant for that host would be done to this machine */
	if (ssh_address_is_local(host->ssh) && names_host(host->libvirt))
		return plan_fail(parser, plan_key_line(parser, section, "libvirt"),
				 "libvirt: is on another host, so [%s] needs 'ssh' to it too, not "
				 "this machine: not all can be done through libvirt",
				 section_names[section]);
	if (!host->resource[0] && !strncmp(host->device, "/dev/drbd", 9))
		return plan_fail(parser, plan_key_line(parser, section, "device"),
				 "device: is DRBD's, so [%s] needs 'resource', what DRBD calls it "
				 "(r0; `drbdadm status` lists them): without it nobody would know "
				 "whether DRBD was fit during a test",
				 section_names[section]);
	return 0;
}

/* What a guest of the user's needs, and what one of ours does. */
static int check_guest(struct plan_parser *parser, unsigned node)
{
	static const char *const theirs[] = {"disk", "agent", "guest-ssh", "on-hang",
					     "stop-timeout"};
	const struct plan_host *host = &parser->plan.hosts[node];
	enum section section = section_of(node);
	unsigned line = parser->section_line[section];
	size_t i;

	if (plan_host_is_auto(host)) {
		for (i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++) {
			if (plan_key_line(parser, section, theirs[i]))
				return plan_fail(parser, plan_key_line(parser, section, theirs[i]),
						 "%s: not with domain = auto, whose guest is ours",
						 theirs[i]);
		}
		return 0;
	}
	if (!plan_key_line(parser, section, "disk"))
		return plan_fail(parser, line, "[%s] needs 'disk'", section_names[section]);
	if (plan_key_line(parser, section, "address"))
		return plan_fail(
			parser, plan_key_line(parser, section, "address"),
			"address: only with domain = auto; your guest has its own network");
	if (host->agent == AGENT_SSH && !host->guest_ssh[0])
		return plan_fail(parser, line,
				 "[%s]: agent = ssh needs 'guest-ssh', the guest's "
				 "address",
				 section_names[section]);
	if (host->agent != AGENT_SSH && host->guest_ssh[0])
		return plan_fail(parser, plan_key_line(parser, section, "guest-ssh"),
				 "guest-ssh: only with agent = ssh");
	return 0;
}

/* What the two say of each other. */
static int check_pair(struct plan_parser *parser)
{
	const struct plan *plan = &parser->plan;
	const struct plan_host *a = &plan->hosts[0], *b = &plan->hosts[1];
	bool together = !strcmp(a->libvirt, b->libvirt);
	unsigned line = parser->section_line[SECTION_HOST_B], node;
	bool watched = a->resource[0]; /* host a's DRBD */
	enum section with = section_of(!watched), without = section_of(watched);

	if (plan_host_is_auto(a) != plan_host_is_auto(b))
		return plan_fail(parser, line,
				 "domain = auto must be on both hosts or on neither: our guests "
				 "form a cluster of their own");
	if (!plan_host_is_auto(a) && together && !strcmp(a->domain, b->domain))
		return plan_fail(
			parser, line,
			"[host b] names the same domain as [host a]; two guests are needed");
	if (watched != (b->resource[0] != 0))
		return plan_fail(
			parser, parser->section_line[without],
			"[%s] needs 'resource' as well, since [%s] has one (line %u): DRBD "
			"is watched on both hosts or on neither",
			section_names[without], section_names[with],
			plan_key_line(parser, with, "resource"));
	for (node = 0; plan_host_is_auto(a) && !together && node < NODES; node++) {
		if (!plan->hosts[node].address[0])
			return plan_fail(parser, parser->section_line[section_of(node)],
					 "[%s] needs 'address', the host's own, through which the "
					 "other host's guest reaches this one's",
					 section_names[section_of(node)]);
	}
	return 0;
}

static int check_hosts(struct plan_parser *parser)
{
	static const char *const required[] = {"device", "domain"};
	struct plan *plan = &parser->plan;
	unsigned node, i;

	for (node = 0; node < NODES; node++) {
		enum section section = section_of(node);
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
		for (i = 0; plan->kind == SITE_HOSTS && i < 2; i++) {
			if (!plan_key_line(parser, section, required[i]))
				return plan_fail(parser, line, "[%s] needs '%s'",
						 section_names[section], required[i]);
		}
		if (plan->kind == SITE_HOSTS &&
		    (check_host(parser, node) < 0 || check_guest(parser, node) < 0))
			return -1;
	}
	return plan->kind == SITE_HOSTS ? check_pair(parser) : 0;
}

/* Else the guest's own block cache would answer, and the host would be accused of it. */
static int check_raw_paths(struct plan_parser *parser)
{
	const struct matrix *m = &parser->matrix;
	unsigned line = plan_key_line(parser, SECTION_MATRIX, "path");
	struct io_name io[IO_ROLES];
	size_t i;

	for (i = 0; i < m->n_path; i++) {
		io_names_parse(m->path[i], io, NULL); /* it was parsed when it was read */
		if (!io_kind_is_direct(io[IO_WRITER].kind) ||
		    !io_kind_is_direct(io[IO_READER].kind))
			return plan_fail(
				parser, line ? line : blame(parser, SECTION_SITE, "volume"),
				"volume = raw needs 'path = direct' (or direct-nosync, "
				"uring-direct), not %s%s: the guest's own block cache is no part "
				"of the test",
				m->path[i], line ? "" : " (the default)");
	}
	return 0;
}

static int check_volume(struct plan_parser *parser)
{
	struct plan *plan = &parser->plan;
	unsigned line = blame(parser, SECTION_SITE, "volume");
	unsigned block_line = plan_key_line(parser, SECTION_SITE, "block-size");
	bool built = plan->kind == SITE_LAB || plan_host_is_auto(&plan->hosts[0]);
	bool has_target = plan_key_line(parser, SECTION_SITE, "target") != 0;
	static const char *const ours[] = {"bus", "format"};
	size_t i;

	for (i = 0; !built && i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (plan_key_line(parser, SECTION_MATRIX, ours[i]))
			return plan_fail(parser, plan_key_line(parser, SECTION_MATRIX, ours[i]),
					 "%s: only with guests of ours: your guest mounts the disk "
					 "that its definition has; define it so, and test it with "
					 "a plan of its own",
					 ours[i]);
	}
	if (!built && plan_key_line(parser, SECTION_SITE, "guests"))
		return plan_fail(
			parser, plan_key_line(parser, SECTION_SITE, "guests"),
			"guests: only with guests of ours; yours are shut down and started "
			"for each cell anyway");
	if (built && plan->kind == SITE_HOSTS && plan->volume == VOLUME_OCFS2)
		return plan_fail(parser, line,
				 "volume: not 'ocfs2' with domain = auto: its cluster needs a "
				 "second disk that both hosts share, for the heartbeat; use guests "
				 "that have it mounted, or kind = lab");
	if (block_line && (!built || plan->volume == VOLUME_RAW))
		return plan_fail(parser, block_line,
				 "block-size: only of a file system of ours (kind = lab, or "
				 "domain = auto with volume = gfs2)");
	if (plan->volume != VOLUME_RAW)
		return 0;
	if (!has_target)
		plan->target[0] = 0;
	if (!built && !has_target)
		return plan_fail(parser, line,
				 "volume = raw needs 'target', the device's name in "
				 "the guests, such as /dev/vdb");
	if (built && has_target)
		return plan_fail(parser, plan_key_line(parser, SECTION_SITE, "target"),
				 "target: not with volume = raw in guests of ours, which find the "
				 "disk themselves");
	if (!built && strncmp(plan->target, "/dev/", 5))
		return plan_fail(parser, plan_key_line(parser, SECTION_SITE, "target"),
				 "target: with volume = raw, the device's name in the guests, such "
				 "as /dev/vdb, not '%s'",
				 plan->target);
	return check_raw_paths(parser);
}

/* Were we killed meanwhile, a guest of the user's would stand still for good. */
static int check_faults(struct plan_parser *parser)
{
	const struct plan *plan = &parser->plan;
	const struct matrix *m = &parser->matrix;
	size_t i;

	if (plan->kind == SITE_LAB || plan_host_is_auto(&plan->hosts[0]))
		return 0;
	for (i = 0; i < m->n_fault; i++) {
		if (fault_find(m->fault[i], NULL)->kind == FAULT_GUEST_PAUSE)
			return plan_fail(parser, plan_key_line(parser, SECTION_MATRIX, "fault"),
					 "fault: %s only with guests of ours (domain = auto)",
					 m->fault[i]);
	}
	return 0;
}

int plan_check_site(struct plan_parser *parser)
{
	if (check_size(parser) < 0 || check_hosts(parser) < 0 || check_volume(parser) < 0)
		return -1;
	return check_faults(parser);
}
