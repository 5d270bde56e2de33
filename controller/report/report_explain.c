/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_explain.c - from symptom to cause: a violation with the operations that prove it.
 *
 * Each operation stands there as its line of the text history, so that it can be found (its
 * source is named), copied into a file, and judged again by hand.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "history/history_text.h"
#include "common/parse.h"
#include "report/report_fs.h"
#include "report/report_internal.h"
#include "report/report_words.h"

#define SHOWN_VERBOSE 10
#define LINE_SHOWN 240 /* of a history line; all of it when verbose */

static void print_clean(FILE *out, const char *before, const char *text, size_t max)
{
	char clean[FACTS_TEXT_MAX];
	size_t len = strnlen(text, max);

	fprintf(out, "%s%s\n", before, printable(text, len, clean, sizeof(clean)));
}

/* line: room for one history line. */
static void print_witness(FILE *out, const struct cell_facts *facts, const struct witness *w,
			  unsigned number, char *line, bool verbose)
{
	const char *from = words_source(facts, w);
	char source[sizeof(w->source)];

	printable(from, strlen(from), source, sizeof(source));
	fprintf(out, "    %u. %s (%s)\n", number, w->role, source);
	op_format(&w->op, line);
	if (!verbose && strlen(line) > LINE_SHOWN)
		fprintf(out, "       %.*s... (--verbose shows all)\n", LINE_SHOWN, line);
	else
		fprintf(out, "       %s\n", line);
}

static void print_age(FILE *out, const struct violation *v, char node)
{
	char age[WORDS_MAX];

	if (v->generations)
		fprintf(out, "    The value was %" PRIu64 " write%s behind.\n", v->generations,
			v->generations == 1 ? "" : "s");
	if (v->staleness_known)
		fprintf(out, "    The newer write had completed %s before the read began.\n",
			words_duration(v->staleness_ns, age));
	/* Whether it healed is looked for in one unit's own reads only. */
	if (v->healed)
		fprintf(out, "    Later node %c did read a newer value", node);
	else if (v->anomaly < ANOMALY_CAUSAL_VIOLATION)
		fprintf(out, "    Node %c never read a newer value afterwards", node);
	else
		fputs("    It is proven across units", out);
	if (v->repeats)
		fprintf(out, "; %" PRIu64 " more read%s showed the same fault", v->repeats,
			v->repeats == 1 ? "" : "s");
	fputs(".\n", out);
}

static bool is_order(enum anomaly anomaly)
{
	return anomaly >= ANOMALY_STALE_READ;
}

static void print_certainty(FILE *out, const struct violation *v)
{
	char margin[WORDS_MAX];

	if (v->by_message)
		fputs("    Certain by message: no comparison of two clocks is needed.\n", out);
	else if (v->margin_ns > 0)
		fprintf(out,
			"    Certain by clock: %s beyond the bound on the clocks' difference.\n",
			words_duration((uint64_t)v->margin_ns, margin));
}

static void print_violation(FILE *out, const struct verdict *verdict, const struct violation *v,
			    char *line, bool verbose)
{
	char place[WORDS_MAX], node = v->node ? 'b' : 'a';
	unsigned i;

	words_place(&verdict->facts, v->unit, place);
	fprintf(out, "  %s: node %c %s.\n", anomaly_names[v->anomaly], node,
		words_anomaly(v->anomaly));
	fprintf(out, "    Unit %" PRIu64 "%s%s%s. The operations that prove it:\n", v->unit,
		place[0] ? " (" : "", place, place[0] ? ")" : "");
	for (i = 0; i < v->n_witnesses; i++)
		print_witness(out, &verdict->facts, &v->witnesses[i], i + 1, line, verbose);
	if (is_order(v->anomaly))
		print_age(out, v, node);
	if (is_order(v->anomaly) || v->anomaly == ANOMALY_FUTURE_READ)
		print_certainty(out, v);
}

static void print_classes(FILE *out, const struct verdict *v, size_t shown)
{
	const char *comma = " ";
	unsigned c;

	fprintf(out, "  In all:");
	for (c = 0; c < ANOMALIES; c++) {
		if (!v->classes[c])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", comma, v->classes[c], anomaly_names[c]);
		comma = ", ";
	}
	if (v->n_violations > shown)
		fprintf(out, "; %zu shown%s", shown,
			shown < SHOWN_VERBOSE && v->n_examples > shown ? ", --verbose shows more"
								       : "");
	fputs(".\n", out);
}

/* "  held: regular, safe; broke: linearizable; undecided: causal." Nothing if none was looked at.
 */
static void print_models(FILE *out, const struct verdict *v)
{
	static const enum model_state states[] = {MODEL_HELD, MODEL_BROKE, MODEL_UNDECIDED};
	const char *before = "  ";
	unsigned s, m;

	for (m = 0; m < MODELS && v->models[m] == MODEL_UNDECIDED;)
		m++;
	if (m == MODELS)
		return;
	for (s = 0; s < MODEL_STATES; s++) {
		const char *comma = "";

		for (m = 0; m < MODELS; m++) {
			if (v->models[m] != states[s])
				continue;
			if (!*comma)
				fprintf(out, "%s%s: ", before, model_state_names[states[s]]);
			fprintf(out, "%s%s", comma, model_names[m]);
			comma = ", ";
			before = "; ";
		}
	}
	fputs(".\n", out);
}

static int print_violations(FILE *out, const struct verdict *v,
			    const struct report_options *options)
{
	size_t most = options->verbose ? SHOWN_VERBOSE : 1, i;
	size_t shown = v->n_examples < most ? v->n_examples : most;
	char *line = malloc(OP_TEXT_MAX);

	if (!line) {
		errno = ENOMEM;
		return -1;
	}
	for (i = 0; i < shown; i++)
		print_violation(out, v, &v->examples[i], line, options->verbose);
	print_classes(out, v, shown);
	print_models(out, v);
	free(line);
	return 0;
}

/* A verdict of its own. */
static void print_replicas(FILE *out, const struct verdict *v)
{
	const struct cell_facts *facts = &v->facts;
	char note[FACTS_TEXT_MAX];

	switch (cell_facts_replicas(facts)) {
	case REPLICAS_NOT_COMPARED:
		fputs("  Replicas: not compared", out);
		break;
	case REPLICAS_IDENTICAL:
		fputs("  Replicas: identical (verified)", out);
		break;
	case REPLICAS_DIFFER:
		fprintf(out,
			"  Replicas DIFFER%s: %" PRIu64
			" KiB out of sync, which the reads alone need not show",
			check_exit_status(v) ? ", UNEXPECTED" : "", facts->replicas_out_of_sync);
		break;
	default:
		return;
	}
	if (facts->replicas_note[0])
		fprintf(out, "; %s",
			printable(facts->replicas_note,
				  strnlen(facts->replicas_note, sizeof(facts->replicas_note)), note,
				  sizeof(note)));
	fputs(".\n", out);
}

/* "  WHAT: a 12, b 9." Nothing where neither is known. */
static void print_pair(FILE *out, const char *what, const bool known[NODES],
		       const uint64_t number[NODES])
{
	unsigned n;

	if (!known[0] && !known[1])
		return;
	fprintf(out, "  %s:", what);
	for (n = 0; n < NODES; n++) {
		fprintf(out, "%s %c ", n ? "," : "", 'a' + (int)n);
		if (known[n])
			fprintf(out, "%" PRIu64, number[n]);
		else
			fputs("not known", out);
	}
	fputs(".\n", out);
}

static void print_disks(FILE *out, const struct cell_facts *facts)
{
	print_pair(out, "Bytes of the volume in the hosts' page caches before the workload",
		   facts->cached_before_known, facts->cached_before);
	print_pair(out, "Flushes that the guests asked of the disk during the workload",
		   facts->flushes_known, facts->flushes);
}

static bool says_something(const struct verdict *v, bool verbose)
{
	const struct cell_facts *facts = &v->facts;

	if (verbose && (facts->flushes_known[0] || facts->flushes_known[1] ||
			facts->cached_before_known[0] || facts->cached_before_known[1]))
		return true;
	return v->n_violations || v->fs.state != FS_SILENT || words_reason(v)[0] || v->warning[0] ||
	       v->facts.kernel_first[0] || v->facts.fsck_first[0] || v->facts.replicas_note[0] ||
	       cell_facts_replicas(&v->facts) == REPLICAS_DIFFER || v->suspect ||
	       v->torn_permitted || v->undecided || v->shards;
}

int report_explain(FILE *out, const struct verdict *v, const char *title,
		   const struct report_options *options)
{
	if (!says_something(v, options->verbose))
		return 0;
	if (title)
		fprintf(out, "\n%s: %s%s\n", title, verdict_kind_names[v->kind], report_mark(v));
	if (v->n_violations && print_violations(out, v, options) < 0)
		return -1;
	if (v->shards)
		fprintf(out, "  Shard %u of %u: the units of the other shards were not judged.\n",
			v->shard, v->shards);
	if (words_reason(v)[0])
		print_clean(out, "  Reason: ", words_reason(v), FACTS_TEXT_MAX);
	if (v->warning[0])
		print_clean(out, "  Warning: ", v->warning, sizeof(v->warning));
	report_fs_text(out, &v->fs);
	/* what was heard and is not of the tested volume, or of a history that is not there */
	if (v->facts.kernel_first[0] && !report_fs_has_line(&v->fs))
		print_clean(out, "  Kernel of a guest: ", v->facts.kernel_first,
			    sizeof(v->facts.kernel_first));
	if (v->facts.fsck_first[0] && !v->fs.said[FS_FSCK].count)
		print_clean(out, "  fsck: ", v->facts.fsck_first, sizeof(v->facts.fsck_first));
	print_replicas(out, v);
	if (options->verbose)
		print_disks(out, &v->facts);
	if (v->suspect)
		fprintf(out,
			"  Suspect: %" PRIu64
			" read%s would be wrong if both clocks agreed exactly; "
			"not certain, so not counted.\n",
			v->suspect, v->suspect == 1 ? "" : "s");
	if (v->undecided)
		fprintf(out,
			"  Undecided: what %" PRIu64
			" read%s may prove across units was not followed, for want of room.\n",
			v->undecided, v->undecided == 1 ? "" : "s");
	if (v->torn_permitted)
		fprintf(out,
			"  Torn, as it may be: %" PRIu64
			" read%s overlapped the writes whose sectors "
			"they mixed.\n",
			v->torn_permitted, v->torn_permitted == 1 ? "" : "s");
	return 0;
}
