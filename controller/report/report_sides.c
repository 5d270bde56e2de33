/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_sides.c - the conclusion from cells with different modes on the two hosts, for people.
 *
 * Modes that share a fate are named together. A mode that no cell tested on a side is not named.
 */
#include "report/report_sides.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "report/report_words.h"

static void append(char ret[SIDES_TEXT_MAX], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void append(char ret[SIDES_TEXT_MAX], const char *format, ...)
{
	size_t used = strlen(ret);
	va_list args;

	va_start(args, format);
	vsnprintf(ret + used, SIDES_TEXT_MAX - used, format, args);
	va_end(args);
}

/* "none, unsafe" */
static void append_modes(char ret[SIDES_TEXT_MAX], unsigned modes)
{
	const char *comma = "";
	unsigned i;

	for (i = 0; i < SIDE_MODES; i++) {
		if (!(modes >> i & 1))
			continue;
		append(ret, "%s%s", comma, cache_mode_names[i]);
		comma = ", ";
	}
}

static const char *other_name(enum side side)
{
	return side_names[side == SIDE_READER ? SIDE_WRITER : SIDE_READER];
}

/* What became of a mode: the second half of "none, directsync ...". */
static void append_fate(char ret[SIDES_TEXT_MAX], enum side side, const struct side_mode *mode)
{
	int partners = __builtin_popcount(mode->tested);

	if (mode->blame == BLAME_BROKE && mode->stale == mode->tested && partners > 1) {
		append(ret, " broke it, stale whatever the %s's mode (%d tested)", other_name(side),
		       partners);
	} else if (mode->blame == BLAME_BROKE) {
		append(ret, " broke it, stale beside a %s with ", other_name(side));
		append_modes(ret, mode->stale);
	} else if (mode->blame == BLAME_CLEAN) {
		append(ret, " did not break it");
		if (!mode->stale)
			return;
		append(ret, ", stale only beside a %s with ", other_name(side));
		append_modes(ret, mode->stale);
	} else if (mode->blame == BLAME_OPEN) {
		append(ret, ": stale reads, but no cell tells whether this side's mode did it");
	} else {
		append(ret, ": not enough exposures");
	}
}

/* Modes of which the same is to be said. */
static bool same_fate(const struct side_mode *x, const struct side_mode *y)
{
	bool partners = x->blame == BLAME_BROKE || x->blame == BLAME_CLEAN;

	return x->blame == y->blame && (!partners || x->stale == y->stale) &&
	       (x->blame != BLAME_BROKE || x->tested == y->tested);
}

char *words_side(const struct sides *sides, enum side side, char ret[SIDES_TEXT_MAX])
{
	static const enum blame order[] = {BLAME_BROKE, BLAME_CLEAN, BLAME_OPEN, BLAME_FEW};
	const struct side_mode *modes = sides->modes[side];
	unsigned i, k, m, same, named = 0;

	ret[0] = 0;
	append(ret, "%c%s's side:", side_names[side][0] - 'a' + 'A', side_names[side] + 1);
	for (k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
		for (i = 0; i < SIDE_MODES; i++) {
			if (modes[i].blame != order[k] || named >> i & 1)
				continue;
			for (m = i, same = 0; m < SIDE_MODES; m++)
				same |= (unsigned)same_fate(&modes[i], &modes[m]) << m;
			append(ret, "%s ", named ? ";" : "");
			append_modes(ret, same);
			append_fate(ret, side, &modes[i]);
			named |= same;
		}
	}
	append(ret, ".");
	return ret;
}

static unsigned modes_with(const struct sides *sides, enum side side, enum blame blame, bool odd)
{
	unsigned i, ret = 0;

	for (i = 0; i < SIDE_MODES; i++)
		ret |= (unsigned)(sides->modes[side][i].blame == blame &&
				  sides->modes[side][i].odd == odd)
		       << i;
	return ret;
}

static void append_odd(char ret[SIDES_TEXT_MAX], unsigned modes, const char *what)
{
	if (!modes)
		return;
	append(ret, "%s ", ret[strlen(ret) - 1] == ':' ? "" : ";");
	append_modes(ret, modes);
	append(ret, " %s", what);
}

char *words_physics(const struct sides *sides, char ret[SIDES_TEXT_MAX])
{
	static const struct {
		enum cache_mode mode;
		const char *what;
	} holds[] = {
		{CACHE_WRITEBACK, "keeps a write in its page cache until a flush (writeback)"},
		{CACHE_UNSAFE, "keeps a write in its page cache in spite of a flush (unsafe)"},
	};
	unsigned readers = modes_with(sides, SIDE_READER, BLAME_BROKE, false);
	unsigned writers = modes_with(sides, SIDE_WRITER, BLAME_BROKE, false);
	unsigned i;

	ret[0] = 0;
	if (sides->physics == PHYSICS_UNDECIDED) {
		append(ret, "Too little to compare with what the modes should do.");
		return ret;
	}
	if (sides->physics == PHYSICS_CONTRADICTS) {
		append(ret, "Not what the modes should do:");
		append_odd(ret, modes_with(sides, SIDE_READER, BLAME_BROKE, true),
			   "on the reader's host keeps nothing of what was read, so the cause is "
			   "another");
		append_odd(ret, modes_with(sides, SIDE_WRITER, BLAME_BROKE, true),
			   "on the writer's host holds no write back, so the cause is another");
		append_odd(ret, modes_with(sides, SIDE_READER, BLAME_CLEAN, true),
			   "on the reader's host caches, and yet nothing stale came of it: it may "
			   "not have held what was read");
		append(ret, ".");
		return ret;
	}
	append(ret, "That is what the modes should do:");
	if (readers)
		append(ret, " the reader's host answers from its page cache, where the old block "
			    "still is");
	for (i = 0; i < sizeof(holds) / sizeof(holds[0]); i++) {
		if (writers >> holds[i].mode & 1)
			append(ret, "%s the writer's host %s",
			       ret[strlen(ret) - 1] == ':' ? "" : ";", holds[i].what);
	}
	if (!readers && !writers)
		append(ret, " none of those that were clean keeps old blocks for a reader");
	append(ret, ".");
	return ret;
}

/* Words of a sentence in lines of at most width columns, after the first indented deeper. */
static void print_wrapped(FILE *out, const char *text, unsigned width)
{
	size_t column = 0, len;

	while (*text) {
		len = strcspn(text, " ");
		if (!column) {
			fprintf(out, "  %.*s", (int)len, text);
			column = 2 + len;
		} else if (column + 1 + len > width) {
			fprintf(out, "\n    %.*s", (int)len, text);
			column = 4 + len;
		} else {
			fprintf(out, " %.*s", (int)len, text);
			column += 1 + len;
		}
		text += len + strspn(text + len, " ");
	}
	fputc('\n', out);
}

static char *pair_text(const struct sides *s, unsigned writer, unsigned reader, char ret[WORDS_MAX])
{
	const struct exposures *pair = &s->pairs[writer][reader];

	if (s->states[writer][reader] == PAIR_UNTESTED)
		snprintf(ret, WORDS_MAX, "-");
	else
		snprintf(ret, WORDS_MAX, "%" PRIu64 "/%" PRIu64, pair->stale, pair->all);
	return ret;
}

/* The modes that were tested on a side, as bits. */
static unsigned tested_on(const struct sides *s, enum side side)
{
	unsigned i, ret = 0;

	for (i = 0; i < SIDE_MODES; i++)
		ret |= (unsigned)(s->modes[side][i].blame != BLAME_UNTESTED) << i;
	return ret;
}

static void print_pairs(FILE *out, const struct sides *s)
{
	unsigned writers = tested_on(s, SIDE_WRITER), readers = tested_on(s, SIDE_READER), w, r;
	char text[WORDS_MAX];

	fprintf(out, "  %-15s", "writer \\ reader");
	for (r = 0; r < SIDE_MODES; r++) {
		if (readers >> r & 1)
			fprintf(out, "  %12s", cache_mode_names[r]);
	}
	fputc('\n', out);
	for (w = 0; w < SIDE_MODES; w++) {
		if (!(writers >> w & 1))
			continue;
		fprintf(out, "  %-15s", cache_mode_names[w]);
		for (r = 0; r < SIDE_MODES; r++) {
			if (readers >> r & 1)
				fprintf(out, "  %12s", pair_text(s, w, r, text));
		}
		fputc('\n', out);
	}
}

void report_sides(FILE *out, const struct verdict *verdicts, size_t n, unsigned width)
{
	char text[SIDES_TEXT_MAX];
	struct sides sides;

	if (!sides_of(verdicts, n, &sides))
		return;
	fputs("\nWhich side's mode broke it? Stale reads of exposures, by the modes in effect:\n",
	      out);
	print_pairs(out, &sides);
	print_wrapped(out, words_side(&sides, SIDE_READER, text), width);
	print_wrapped(out, words_side(&sides, SIDE_WRITER, text), width);
	print_wrapped(out, words_physics(&sides, text), width);
}
