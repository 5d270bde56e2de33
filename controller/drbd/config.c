/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.c - see config.h.
 *
 * The form is one of sections: words and "strings" up to a ';' (a setting) or up to a '{' (a
 * section that ends at its '}'); '#' to the end of the line is a comment. We walk it with the path
 * of sections that are open, and look at settings only in sections whose name we know: what is new
 * in a newer DRBD passes by. A setting of a connection takes the place of the resource's, and that
 * of the common one.
 */
#include "drbd/config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"

#define DEPTH_MAX 16
#define WORDS_MAX 4 /* those that are kept of a setting */
#define WORD_MAX 256

/* How near to the connection a section is. */
enum nearness { OUTSIDE, COMMON, RESOURCE, CONNECTION };

static const struct setting {
	const char *section, *name;
	size_t at;
} settings[] = {
	{"net", "protocol", offsetof(struct drbd_config, protocol)},
	{"net", "allow-two-primaries", offsetof(struct drbd_config, allow_two_primaries)},
	{"net", "fencing", offsetof(struct drbd_config, fencing)},
	{"disk", "fencing", offsetof(struct drbd_config, fencing)},
	{"net", "after-sb-0pri", offsetof(struct drbd_config, after_sb[0])},
	{"net", "after-sb-1pri", offsetof(struct drbd_config, after_sb[1])},
	{"net", "after-sb-2pri", offsetof(struct drbd_config, after_sb[2])},
	{"net", "ping-timeout", offsetof(struct drbd_config, ping_timeout)},
	{"net", "data-integrity-alg", offsetof(struct drbd_config, data_integrity_alg)},
	{"net", "verify-alg", offsetof(struct drbd_config, verify_alg)},
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

struct reader {
	const char *at, *end, *resource;
	unsigned line;
	char words[WORDS_MAX][WORD_MAX];
	size_t n_words;
	struct {
		char name[32];
		enum nearness nearness;
	} open[DEPTH_MAX];
	size_t depth;
	bool found;
	unsigned n_connections;
	struct {
		enum nearness by;
		unsigned n; /* connections that say it */
		char inside[DRBD_WORD];
	} set[SETTINGS];
	struct drbd_config *config;
};

static int bad(const struct reader *reader, struct error *err, const char *what)
{
	return error_set(err, ERROR_WORLD, "line %u: %s", reader->line, what);
}

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end) {
		if (*reader->at == '#') {
			while (reader->at < reader->end && *reader->at != '\n')
				reader->at++;
			continue;
		}
		if (!isspace((unsigned char)*reader->at))
			return;
		reader->line += *reader->at++ == '\n';
	}
}

/* A word or a string, into room of WORD_MAX bytes. */
static int read_word(struct reader *reader, char *room, struct error *err)
{
	bool quoted = *reader->at == '"';
	char raw[WORD_MAX];
	size_t n = 0;
	char c;

	reader->at += quoted;
	for (; reader->at < reader->end; reader->at++) {
		c = *reader->at;
		if (quoted ? c == '"' : isspace((unsigned char)c) || strchr("{};\"#", c))
			break;
		if (quoted && c == '\\' && reader->end - reader->at > 1)
			c = *++reader->at;
		reader->line += c == '\n';
		if (n == WORD_MAX - 1)
			return bad(reader, err, "a word of more than 255 bytes");
		raw[n++] = c;
	}
	if (quoted && reader->at++ == reader->end)
		return bad(reader, err, "a string that does not end");
	printable(raw, n, room, WORD_MAX);
	return 0;
}

static enum nearness nearness(const struct reader *reader)
{
	return reader->depth ? reader->open[reader->depth - 1].nearness : OUTSIDE;
}

static bool is(const struct reader *reader, size_t i, const char *word)
{
	return i < reader->n_words && !strcmp(reader->words[i], word);
}

static int open_section(struct reader *reader, struct error *err)
{
	enum nearness near = nearness(reader);
	bool ours = is(reader, 0, "resource") && is(reader, 1, reader->resource);

	if (reader->depth == DEPTH_MAX)
		return bad(reader, err, "sections within sections, too many");
	if (!reader->n_words)
		return bad(reader, err, "a section without a name");
	if (!reader->depth)
		near = is(reader, 0, "common") ? COMMON : ours ? RESOURCE : OUTSIDE;
	else if (near == RESOURCE && is(reader, 0, "connection")) {
		near = CONNECTION;
		reader->n_connections++;
	}
	if (is(reader, 0, "skip"))
		near = OUTSIDE;
	reader->found |= !reader->depth && near == RESOURCE;
	if (near == RESOURCE && is(reader, 0, "_this_host"))
		reader->config->kernel = true;
	snprintf(reader->open[reader->depth].name, sizeof(reader->open[0].name), "%.31s",
		 reader->words[0]);
	reader->open[reader->depth++].nearness = near;
	reader->n_words = 0;
	return 0;
}

/* The first connection wins over the others, and all of them over what is further out. */
static int take(struct reader *reader, size_t i, const char *value, struct error *err)
{
	char *room = (char *)reader->config + settings[i].at;
	enum nearness near = nearness(reader);
	size_t size = strlen(value) + 1;

	if (size > DRBD_WORD)
		return bad(reader, err, "a value that is too long");
	if (near == CONNECTION) {
		if (reader->set[i].n++)
			reader->config->differ |= strcmp(reader->set[i].inside, value) != 0;
		else
			memcpy(reader->set[i].inside, value, size);
	} else if (near >= reader->set[i].by) {
		reader->set[i].by = near;
		memcpy(room, value, size);
	}
	return 0;
}

static void settle(struct reader *reader)
{
	size_t i;

	for (i = 0; i < SETTINGS; i++) {
		char *room = (char *)reader->config + settings[i].at;

		if (!reader->set[i].n)
			continue;
		if (reader->set[i].n < reader->n_connections)
			reader->config->differ |= strcmp(reader->set[i].inside, room) != 0;
		memcpy(room, reader->set[i].inside, DRBD_WORD);
	}
}

static int end_setting(struct reader *reader, struct error *err)
{
	const char *section = reader->depth ? reader->open[reader->depth - 1].name : "";
	/* A flag without a value is set (8.3's way, which 8.4 still reads). */
	const char *value = reader->n_words > 1 ? reader->words[1] : "yes";
	size_t i, n = reader->n_words;

	reader->n_words = 0;
	if (!n || nearness(reader) == OUTSIDE)
		return 0;
	if (!strcmp(section, "handlers") && !strcmp(reader->words[0], "fence-peer"))
		reader->config->fence_peer = true;
	for (i = 0; i < SETTINGS; i++) {
		if (!strcmp(settings[i].section, section) &&
		    !strcmp(settings[i].name, reader->words[0]))
			return take(reader, i, value, err);
	}
	return 0;
}

static int read_one(struct reader *reader, struct error *err)
{
	char rest[WORD_MAX];

	switch (*reader->at) {
	case '\0':
		return bad(reader, err, "a NUL byte");
	case '{':
		reader->at++;
		return open_section(reader, err);
	case ';':
		reader->at++;
		return end_setting(reader, err);
	case '}':
		if (!reader->depth || reader->n_words)
			return bad(reader, err, "a '}' out of place");
		reader->at++;
		reader->depth--;
		return 0;
	default:
		if (reader->n_words == WORDS_MAX)
			return read_word(reader, rest, err);
		return read_word(reader, reader->words[reader->n_words++], err);
	}
}

int drbd_config_parse(const char *source, const char *text, size_t len, const char *resource,
		      struct drbd_config *ret, struct error *err)
{
	struct drbd_config config = {.protocol = "C",
				     .allow_two_primaries = "no",
				     .fencing = "dont-care",
				     .after_sb = {"disconnect", "disconnect", "disconnect"},
				     .ping_timeout = "5"};
	struct reader reader = {
		.at = text, .end = text + len, .resource = resource, .line = 1, .config = &config};

	for (skip_blanks(&reader); reader.at < reader.end; skip_blanks(&reader)) {
		if (read_one(&reader, err) < 0)
			return error_prefix(err, "%s", source);
	}
	if (reader.depth || reader.n_words) {
		bad(&reader, err, "the end is missing: what was said so far is not all");
		return error_prefix(err, "%s", source);
	}
	if (!reader.found)
		return error_set(err, ERROR_WORLD, "%s: line %u: no resource '%.128s' in it",
				 source, reader.line, resource);
	settle(&reader);
	*ret = config;
	return 0;
}
