/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export_edn.c - the EDN history that Jepsen and Knossos read.
 *
 * A map a line, in the order of time (a call and a return at the same time: the call first):
 *   {:process 0, :type :invoke, :f :write, :value [17 "a:0:1"], :time 1000, :index 2, :source ..}
 * Facts, from public sources: the keys, the four types and that a process whose operation ended
 * :info never calls again (jepsen-io/knossos README.md, src/knossos/history.clj); [key value]
 * tuples (jepsen-io/jepsen src/jepsen/independent.clj). Its checkers go by the order of the lines.
 *
 * Knossos' registers (src/knossos/model.clj) start at nil, and take a read of nil for one whose
 * result is not known, so that nil is never refused. So the prefill is a write like any other,
 * by a process of its own before all else, and nobody ever reads nil.
 */
#include "export/export.h"

#include <inttypes.h>

#include "history/history_text.h"
#include "check/units.h"

#define INITIAL "initial" /* as value_format has it */

/* A line without its end. */
static void print(FILE *file, uint32_t process, const char *type, const char *f,
		  const uint64_t *unit, const char *value, int64_t time, size_t index)
{
	fprintf(file, "{:process %" PRIu32 ", :type %s, :f %s, :value ", process, type, f);
	if (unit)
		fprintf(file, "[%" PRIu64 " ", *unit);
	if (value)
		fprintf(file, "\"%s\"", value);
	else
		fputs("nil", file);
	fprintf(file, "%s, :time %" PRId64 ", :index %zu", unit ? "]" : "", time, index);
}

static void print_source(FILE *file, const struct export *export, uint32_t op)
{
	char source[EXPORT_SOURCE_MAX];
	const char *p;

	fputs(", :source \"", file);
	for (p = export_source(export, op, source); *p; p++) {
		if (*p == '"' || *p == '\\')
			fputc('\\', file);
		fputc(*p, file);
	}
	fputs("\"}\n", file);
}

static size_t print_prefill(FILE *file, const struct export *export, bool plain)
{
	int64_t time = export->events[0].time - 1;
	size_t index = 0, i;

	for (i = 0; i < export->n_ops; i++) {
		const uint64_t *unit = &export->ops[i].unit;

		if (export->ops[i].outcome == EXPORT_FAIL)
			break; /* they come last */
		if (i && *unit == export->ops[i - 1].unit)
			continue;
		unit = plain ? NULL : unit;
		print(file, export->n_processes, ":invoke", ":write", unit, INITIAL, time, index++);
		fputs("}\n", file);
		print(file, export->n_processes, ":ok", ":write", unit, INITIAL, time, index++);
		fputs("}\n", file);
	}
	return index;
}

void export_edn(FILE *file, const struct export *export, bool plain)
{
	static const char *const returns[] = {
		[EXPORT_OK] = ":ok", [EXPORT_FAIL] = ":fail", [EXPORT_INFO] = ":info"};
	size_t index = print_prefill(file, export, plain), i;
	char text[VALUE_TEXT_MAX];
	struct value value;

	for (i = 0; i < export->n_events; i++) {
		const struct export_event *event = &export->events[i];
		const struct export_op *op = &export->ops[event->op];
		bool read = export->history->ops[op->op].kind == OP_READ;

		units_value(export->history, op->op, op->unit, &value);
		print(file, op->process, event->is_return ? returns[op->outcome] : ":invoke",
		      read ? ":read" : ":write", plain ? NULL : &op->unit,
		      read && !event->is_return ? NULL : value_format(&value, text), event->time,
		      index++);
		print_source(file, export, event->op);
	}
}
