/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_log.c - see kernel_log.h.
 *
 * A line is DRBD's when it has DRBD's mark: "block drbd0: " (a device of 8.4), "drbd r0: " or "drbd
 * r0 peer: " (a resource, a connection), "drbd r0/0 drbd0: " or "drbd r0/0 drbd0 peer: " (a device
 * of 9). Only what follows the mark is looked at. A change of state is printed the same way by
 * both: "conn( Connected -> NetworkFailure )", several of them in a line; the most telling one
 * counts.
 */
#include "drbd/kernel_log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"

/* Longer ones are cut: the kernel cuts its own at about 1000. */
#define LINE_MAX_SEEN 2048

const char *const drbd_log_names[DRBD_LOG_KINDS] = {
	[DRBD_LOG_SPLIT_BRAIN] = "split brain",
	[DRBD_LOG_SPLIT_SOLVED] = "split brain, solved at the cost of one host's data",
	[DRBD_LOG_FENCED] = "the other host was fenced",
	[DRBD_LOG_LOST] = "connection lost",
	[DRBD_LOG_BACK] = "the connection came up, so it was not there",
	[DRBD_LOG_SUSPENDED] = "I/O suspended",
	[DRBD_LOG_ROLE] = "no longer Primary",
	[DRBD_LOG_RESYNC] = "resync",
	[DRBD_LOG_DISK] = "a disk is no longer UpToDate",
	[DRBD_LOG_IO_ERROR] = "I/O error of the disk below",
	[DRBD_LOG_CONCURRENT_WRITES] = "concurrent writes of both hosts to one block",
	[DRBD_LOG_OUT_OF_SYNC] = "the replicas differ",
	[DRBD_LOG_DIGEST_FAILED] = "data arrived otherwise than it was sent",
	[DRBD_LOG_DIGEST_SENDER] = "a buffer was changed while it was being sent",
	[DRBD_LOG_VERIFY] = "online verify",
};

static const struct phrase {
	const char *text;
	enum drbd_log_kind kind;
} phrases[] = {
	{"Split-Brain detected but unresolved", DRBD_LOG_SPLIT_BRAIN},
	{"automatically solved", DRBD_LOG_SPLIT_SOLVED},
	{"manually solved", DRBD_LOG_SPLIT_SOLVED},
	{"Split-Brain detected", DRBD_LOG_SPLIT_BRAIN},
	{"drbdadm fence-peer", DRBD_LOG_FENCED},
	{"PingAck did not arrive in time", DRBD_LOG_LOST},
	{"Began resync as", DRBD_LOG_RESYNC},
	{"Resync done", DRBD_LOG_RESYNC},
	{" IO error sector ", DRBD_LOG_IO_ERROR},
	{"Concurrent writes detected", DRBD_LOG_CONCURRENT_WRITES},
	{"Online verify found ", DRBD_LOG_OUT_OF_SYNC},
	{"Out of sync: start=", DRBD_LOG_OUT_OF_SYNC},
	{"Digest integrity check FAILED", DRBD_LOG_DIGEST_FAILED},
	{"Digest mismatch, buffer modified by upper layers", DRBD_LOG_DIGEST_SENDER},
	{"Starting Online Verify", DRBD_LOG_VERIFY},
	{"Online verify done", DRBD_LOG_VERIFY},
	{"Skipped verify", DRBD_LOG_VERIFY},
};

/* "conn( A -> B )": A and B, cut to their room. */
struct change {
	char from[32], to[32];
};

static bool changed(const char *text, const char *what, struct change *ret)
{
	char start[16];
	const char *at;

	snprintf(start, sizeof(start), "%s( ", what);
	at = strstr(text, start);
	return at && sscanf(at + strlen(start), "%31s -> %31s )", ret->from, ret->to) == 2;
}

/* Of conn( and repl(: states in which everything is replicated. */
static bool is_up(const char *state)
{
	return !strcmp(state, "Connected") || !strcmp(state, "Established") ||
	       !strcmp(state, "VerifyS") || !strcmp(state, "VerifyT");
}

static bool is_down(const char *state)
{
	static const char *const down[] = {
		"StandAlone", "Disconnecting",	"Unconnected",	 "Timeout",	 "BrokenPipe",
		"TearDown",   "NetworkFailure", "ProtocolError", "WFConnection", "Connecting",
		"Off"};
	size_t i;

	for (i = 0; i < sizeof(down) / sizeof(down[0]); i++) {
		if (!strcmp(state, down[i]))
			return true;
	}
	return false;
}

static enum drbd_log_kind of_connection(const struct change *change)
{
	if (is_up(change->from) && is_up(change->to))
		return DRBD_LOG_VERIFY;
	if (is_down(change->to))
		return DRBD_LOG_LOST;
	if (is_down(change->from) || !strcmp(change->from, "WFReportParams"))
		return DRBD_LOG_BACK;
	return DRBD_LOG_RESYNC;
}

static enum drbd_log_kind of_changes(const char *text)
{
	enum drbd_log_kind kind = DRBD_LOG_KINDS, other;
	struct change change;

	if (changed(text, "conn", &change))
		kind = of_connection(&change);
	if (changed(text, "repl", &change)) {
		other = of_connection(&change);
		kind = other < kind ? other : kind;
	}
	if (kind <= DRBD_LOG_BACK)
		return kind;
	if ((changed(text, "susp", &change) || changed(text, "susp-io", &change)) &&
	    strcmp(change.to, "0") && strcmp(change.to, "no"))
		return DRBD_LOG_SUSPENDED;
	if ((changed(text, "role", &change) && !strcmp(change.from, "Primary")) ||
	    (changed(text, "peer", &change) && !strcmp(change.from, "Primary")))
		return DRBD_LOG_ROLE;
	if (kind == DRBD_LOG_RESYNC)
		return kind;
	if ((changed(text, "disk", &change) && !strcmp(change.from, "UpToDate")) ||
	    (changed(text, "pdsk", &change) && !strcmp(change.from, "UpToDate")))
		return DRBD_LOG_DISK;
	return kind;
}

static enum drbd_log_kind of_text(const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		if (strstr(text, phrases[i].text))
			return phrases[i].kind;
	}
	return of_changes(text);
}

static bool has_minor(const struct drbd_state *state, uint64_t minor)
{
	size_t i;

	for (i = 0; i < state->n_volumes; i++) {
		if (state->volumes[i].minor.told && state->volumes[i].minor.value == minor)
			return true;
	}
	return false;
}

/* What follows the mark; NULL: the line is not DRBD's, or not this resource's. */
static const char *after_mark(const char *line, const struct drbd_state *state)
{
	const char *block = strstr(line, "block drbd"), *resource = strstr(line, "drbd ");
	unsigned minor;
	size_t len;
	int used = 0;

	if (block && isdigit((unsigned char)block[10]) &&
	    sscanf(block + 10, "%9u: %n", &minor, &used) == 1 && used)
		return state && !has_minor(state, minor) ? NULL : block + 10 + used;
	if (!resource || (resource != line && !strchr(" \t", resource[-1])))
		return NULL;
	resource += 5;
	len = strcspn(resource, "/: ");
	if (state && (strlen(state->resource) != len || strncmp(state->resource, resource, len)))
		return NULL;
	resource = strstr(resource, ": ");
	return resource ? resource + 2 : NULL;
}

static void look_at_verify(const char *said, struct drbd_log *log)
{
	const char *found = strstr(said, "Online verify found ");
	const char *begun = strstr(said, "Starting Online Verify from sector ");
	unsigned long long n;
	unsigned kib;

	if (found && sscanf(found, "Online verify found %15llu %4uk", &n, &kib) == 2)
		log->out_of_sync += n * kib;
	if (begun && sscanf(begun, "Starting Online Verify from sector %18llu", &n) == 1) {
		log->verify_begun++;
		log->verify_resumed += n != 0;
	}
	log->verify_ended += strstr(said, "Online verify done") != NULL;
	log->verify_skipped += strstr(said, "Skipped verify") != NULL;
}

/* One line, into *log when it is not NULL. */
static enum drbd_log_kind look(const char *line, size_t len, const struct drbd_state *state,
			       struct drbd_log *log)
{
	char text[LINE_MAX_SEEN];
	const char *said;
	enum drbd_log_kind kind;

	printable(line, len, text, sizeof(text));
	said = after_mark(text, state);
	kind = said ? of_text(said) : DRBD_LOG_KINDS;
	if (kind == DRBD_LOG_KINDS || !log)
		return kind;
	if (!log->n[kind]++)
		printable(text, strlen(text), log->first[kind], sizeof(log->first[kind]));
	look_at_verify(said, log);
	return kind;
}

enum drbd_log_kind drbd_log_line(const char *line, size_t len)
{
	return look(line, len, NULL, NULL);
}

void drbd_log_read(const char *text, size_t len, const struct drbd_state *state,
		   struct drbd_log *log)
{
	const char *end = text + len, *newline;

	while (text < end) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline)
			newline = end;
		look(text, (size_t)(newline - text), state, log);
		text = newline + (newline < end);
	}
}

enum drbd_log_class drbd_log_class(enum drbd_log_kind kind, const struct drbd_log logs[2])
{
	unsigned i;

	if (kind < DRBD_LOG_CONCURRENT_WRITES)
		return DRBD_LOG_INVALID;
	if (kind == DRBD_LOG_CONCURRENT_WRITES || kind == DRBD_LOG_OUT_OF_SYNC)
		return DRBD_LOG_FINDING;
	if (kind == DRBD_LOG_DIGEST_FAILED) {
		for (i = 0; i < 2; i++) {
			if (logs[i].n[kind] > logs[!i].n[DRBD_LOG_DIGEST_SENDER])
				return DRBD_LOG_FINDING;
		}
	}
	return DRBD_LOG_INFORMATION;
}

bool drbd_log_fit(const struct drbd_log logs[2], struct drbd_why *why)
{
	unsigned kind, i;

	for (kind = 0; kind < DRBD_LOG_KINDS; kind++) {
		for (i = 0; i < 2; i++) {
			if (!logs[i].n[kind] ||
			    drbd_log_class((enum drbd_log_kind)kind, logs) != DRBD_LOG_INVALID)
				continue;
			return drbd_because(
				why,
				"host %c: %s: %s\n"
				"see what else the kernel's log of both hosts says at that time, "
				"bring the resource in order, and run the cell again",
				'a' + i, drbd_log_names[kind], logs[i].first[kind]);
		}
	}
	return true;
}

const char *drbd_log_since(const char *before, size_t n_before, const char *after, size_t n_after,
			   bool *ret_lost)
{
	const char *last, *at = after, *end = after + n_after, *newline;
	size_t len;

	*ret_lost = false;
	while (n_before && before[n_before - 1] == '\n')
		n_before--;
	if (!n_before)
		return after;
	last = memrchr(before, '\n', n_before);
	last = last ? last + 1 : before;
	len = (size_t)(before + n_before - last);
	while (at < end) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			newline = end;
		if ((size_t)(newline - at) == len && !memcmp(at, last, len))
			return newline + (newline < end);
		at = newline + (newline < end);
	}
	*ret_lost = true;
	return after;
}
