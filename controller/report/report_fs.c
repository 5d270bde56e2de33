/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_fs.c - report_fs.h: in words, and as JSON. */
#include "report/report_fs.h"

#include <inttypes.h>
#include <string.h>

#include "common/parse.h"

static void print_said(FILE *out, enum fs_kind kind, const struct fs_said *said)
{
	char line[EVENT_TEXT_MAX + 1];

	fprintf(out, "    %s: %" PRIu64, fs_kind_names[kind], said->count);
	if (said->node_known)
		fprintf(out, ", first on node %c", 'a' + said->node);
	if (said->first_known)
		fprintf(out, ", %.3f s %s %s", said->first_s < 0 ? -said->first_s : said->first_s,
			said->first_s < 0 ? "before" : "after",
			said->since_mount ? "its mount" : "its first operation");
	fputs(fs_kind_is_damage(kind) ? ".\n" : " (no accusation).\n", out);
	if (said->line[0])
		fprintf(out, "      %s\n",
			printable(said->line, strlen(said->line), line, sizeof(line)));
}

void report_fs_text(FILE *out, const struct fs_evidence *fs)
{
	unsigned k;

	if (fs->churned)
		fprintf(out,
			"  Churned: %" PRIu64
			" operations of metadata, which nobody judges but the "
			"file system.\n",
			fs->churned);
	switch (fs->state) {
	case FS_SILENT:
		return;
	case FS_NOTED:
		fputs("  The file system's own voice, without a word of damage:\n", out);
		break;
	case FS_UNCLEAR:
		fprintf(out, "  The file system is damaged, which accuses nobody: %s.\n", fs->why);
		break;
	default:
		fputs("  The file system is DAMAGED, by its own voice; it is evidence beside the "
		      "reads:\n",
		      out);
	}
	for (k = 0; k < FS_KINDS; k++) {
		if (fs->said[k].count)
			print_said(out, (enum fs_kind)k, &fs->said[k]);
	}
}

bool report_fs_has_line(const struct fs_evidence *fs)
{
	unsigned k;

	for (k = 0; k < FS_KINDS; k++) {
		if (fs->said[k].count && fs->said[k].node_known)
			return true;
	}
	return false;
}

static json_t *text_or_null(const char *from)
{
	char clean[EVENT_TEXT_MAX + 1];

	return *from ? json_string(printable(from, strlen(from), clean, sizeof(clean)))
		     : json_null();
}

static json_t *said_json(const struct fs_said *said)
{
	static const char *const nodes[NODES] = {"a", "b"};
	const char *since = fs_since_names[said->since_mount];

	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o}", "count",
			 json_sprintf("%" PRIu64, said->count), "accuses", said->accuses, "node",
			 said->node_known ? json_string(nodes[said->node]) : json_null(), "first_s",
			 said->first_known ? json_real(said->first_s) : json_null(), "since",
			 said->first_known ? json_string(since) : json_null(), "line",
			 text_or_null(said->line));
}

json_t *file_system_json(const struct fs_evidence *fs)
{
	json_t *kinds = json_object();
	unsigned k;

	for (k = 0; k < FS_KINDS; k++) {
		if (fs->said[k].count &&
		    json_object_set_new(kinds, fs_kind_names[k], said_json(&fs->said[k])) < 0) {
			json_decref(kinds);
			return NULL;
		}
	}
	return json_pack("{s:s, s:o, s:o, s:o}", "verdict", fs_state_names[fs->state], "why",
			 text_or_null(fs->why), "churned", json_sprintf("%" PRIu64, fs->churned),
			 "kinds", kinds);
}
