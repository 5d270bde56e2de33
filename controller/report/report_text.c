/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_text.c - the report for people: table, explanations, a closing sentence.
 *
 * The closing sentence never says more than is known: not that a mode is safe, but how many
 * reads could have shown a fault, how many did, and what that bounds.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "check/check.h"
#include "common/parse.h"
#include "report/report_internal.h"
#include "report/report_sides.h"
#include "report/report_words.h"

enum verdict_kind report_overall(const struct verdict *verdicts, size_t n)
{
	static const unsigned rank[VERDICTS] = {[VERDICT_INCONCLUSIVE] = 1,
						[VERDICT_REFUSED] = 2,
						[VERDICT_INVALID] = 3,
						[VERDICT_ERROR] = 4,
						[VERDICT_VIOLATED] = 5};
	enum verdict_kind worst = n ? VERDICT_CONSISTENT : VERDICT_ERROR;
	size_t i;

	for (i = 0; i < n; i++) {
		if (rank[verdicts[i].kind] > rank[worst])
			worst = verdicts[i].kind;
	}
	return worst;
}

size_t report_as_expected(const struct verdict *verdicts, size_t n)
{
	size_t i, good = 0;

	for (i = 0; i < n; i++)
		good += check_exit_status(&verdicts[i]) == 0;
	return good;
}

/* "0 stale of 256 exposures in 8 rounds: < 1.17 % at 95 % (per round: < 31.3 %)" */
static void print_bound(FILE *out, const struct verdict *v)
{
	char rate[WORDS_MAX];

	fprintf(out, "%" PRIu64 " stale of %" PRIu64 " exposure%s", v->stale_exposures,
		v->exposures, v->exposures == 1 ? "" : "s");
	if (v->rounds)
		fprintf(out, " in %" PRIu64 " round%s", v->rounds, v->rounds == 1 ? "" : "s");
	if (v->rate_known)
		fprintf(out, ": %s at %g %%", words_rate(v, rate), v->facts.confidence * 100);
	else
		fputs("; no bound follows", out);
	if (v->round_rate_known)
		fprintf(out, " (per round: %s)", words_round_rate(v, rate));
}

/* The consistent cell that proves least. */
static const struct verdict *weakest(const struct verdict *v, size_t n)
{
	const struct verdict *worst = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i].kind != VERDICT_CONSISTENT)
			continue;
		if (!worst || !v[i].rate_known ||
		    (worst->rate_known && v[i].rate_upper > worst->rate_upper))
			worst = &v[i];
	}
	return worst;
}

static void print_closing(FILE *out, const struct verdict *v, size_t n)
{
	const struct verdict *worst = weakest(v, n);
	size_t i, unexpected = 0, consistent = 0, good = report_as_expected(v, n);

	for (i = 0; i < n; i++) {
		unexpected += check_exit_status(&v[i]) == 1;
		consistent += v[i].kind == VERDICT_CONSISTENT;
	}
	fprintf(out, "\n%zu of %zu cell%s as expected", good, n, n == 1 ? "" : "s");
	if (unexpected)
		fprintf(out, ", %zu UNEXPECTED", unexpected);
	if (n - good - unexpected)
		fprintf(out, ", %zu undecided", n - good - unexpected);
	fputs(".\n", out);
	if (!worst)
		return;
	fputs(consistent == 1 ? "The consistent cell:\n  "
			      : "The consistent cells, the weakest of them:\n  ",
	      out);
	print_bound(out, worst);
	fputs(".\n", out);
}

static int report_cells(FILE *out, const struct verdict *v, size_t n,
			const struct report_options *options)
{
	char title[sizeof(v->facts.id)];
	size_t i;

	if (report_table(out, v, n, options) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		printable(v[i].facts.id, strlen(v[i].facts.id), title, sizeof(title));
		if (report_explain(out, &v[i], title, options) < 0)
			return -1;
	}
	report_sides(out, v, n, options->width);
	print_closing(out, v, n);
	return 0;
}

static int report_bare(FILE *out, const struct verdict *v, const struct report_options *options)
{
	char clean[256];

	if (options->subject)
		fprintf(out, "%s: ",
			printable(options->subject, strlen(options->subject), clean,
				  sizeof(clean)));
	fprintf(out, "%s\n", verdict_kind_names[v->kind]);
	fprintf(out,
		"  %" PRIu64 " operations judged (reads: %" PRIu64 ", writes: %" PRIu64
		", outcome unknown: %" PRIu64 ").\n  ",
		v->ops, v->reads, v->writes, v->unknown);
	print_bound(out, v);
	fputs(".\n", out);
	return report_explain(out, v, NULL, options);
}

int report_text(FILE *out, const struct verdict *verdicts, size_t n,
		const struct report_options *given)
{
	struct report_options options = {0};

	if (given)
		options = *given;
	if (!options.width)
		options.width = 100;
	if (!n)
		fprintf(out, "No cell was judged.\n");
	else if (n == 1 && !verdicts[0].facts.id[0] && report_bare(out, verdicts, &options) < 0)
		return -1;
	else if (verdicts[0].facts.id[0] && report_cells(out, verdicts, n, &options) < 0)
		return -1;
	return fflush(out) || ferror(out) ? -1 : 0;
}
