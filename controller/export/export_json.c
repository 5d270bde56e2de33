/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export_json.c - the JSON that tools built on porcupine read.
 *
 * porcupine itself has no file format; those who store its operations let Go's encoder write the
 * struct, an object a line, and read it back with the same names (etcd-io/etcd
 * tests/robustness/report/client.go). Input and Output belong to the model. The one used most is
 * that of MIT's distributed systems course (models/kv.go: KvInput with Op 0 = get, 1 = put, and
 * Key and Value as text; KvOutput with Value), a register per key that starts at "". So here:
 *   {"ClientId":0,"Input":{"Op":1,"Key":"17","Value":"a:0:1"},"Call":1000,"Output":{"Value":""},
 *    "Return":2500,"Metadata":"FILE:LINE"}
 * Times are numbers, since Go reads them as int64. The initial value is "". A write of unknown
 * outcome returns after all else, as in porcupine's own reader of Jepsen's logs
 * (anishathalye/porcupine porcupine_test.go). A failed write is left out.
 */
#include "export/export.h"

#include <inttypes.h>
#include <jansson.h>

#include "history/history_text.h"
#include "check/units.h"

static json_t *operation(const struct export *export, uint32_t i)
{
	const struct export_op *op = &export->ops[i];
	bool read = export->history->ops[op->op].kind == OP_READ;
	char buffer[VALUE_TEXT_MAX], key[24], source[EXPORT_SOURCE_MAX];
	const char *text = "";
	struct value value;

	units_value(export->history, op->op, op->unit, &value);
	if (value.kind != VALUE_TAG || value.write_id != WRITE_ID_INITIAL)
		text = value_format(&value, buffer);
	snprintf(key, sizeof(key), "%" PRIu64, op->unit);
	return json_pack("{s:I, s:{s:i, s:s, s:s}, s:I, s:{s:s}, s:I, s:s}", "ClientId",
			 (json_int_t)op->process, "Input", "Op", read ? 0 : 1, "Key", key, "Value",
			 read ? "" : text, "Call", (json_int_t)op->call, "Output", "Value",
			 read ? text : "", "Return", (json_int_t)op->ret, "Metadata",
			 export_source(export, i, source));
}

int export_porcupine(FILE *file, const struct export *export, struct error *err)
{
	size_t i;

	for (i = 0; i < export->n_events; i++) {
		const struct export_event *event = &export->events[i];
		json_t *json;
		int failed;

		if (event->is_return || export->ops[event->op].outcome == EXPORT_FAIL)
			continue;
		json = operation(export, event->op);
		if (!json)
			return error_set(err, ERROR_WORLD, "out of memory");
		failed = json_dumpf(json, file, JSON_COMPACT) < 0 || fputc('\n', file) == EOF;
		json_decref(json);
		if (failed)
			return error_set_errno(err, ERROR_WORLD, "cannot write the export");
	}
	return 0;
}
