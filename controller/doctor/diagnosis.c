/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diagnosis.c - see diagnosis.h. */
#include "doctor/diagnosis.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"

const char *const level_names[LEVELS] = {"ok", "warn", "fail"};

void diagnosis_add(struct diagnosis *diagnosis, const char *subject, const char *check,
		   enum level level, const char *format, ...)
{
	struct symptom *symptom, *grown;
	char said[1024], *remedy;
	va_list args;

	if (diagnosis->n == diagnosis->cap) {
		grown = realloc(diagnosis->symptoms,
				(2 * diagnosis->cap + 16) * sizeof(*diagnosis->symptoms));
		if (!grown) {
			diagnosis->failed = true;
			return;
		}
		diagnosis->symptoms = grown;
		diagnosis->cap = 2 * diagnosis->cap + 16;
	}
	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
	remedy = strchr(said, '\n');
	if (remedy)
		*remedy++ = '\0';
	symptom = &diagnosis->symptoms[diagnosis->n++];
	symptom->level = level;
	printable(subject, strlen(subject), symptom->subject, sizeof(symptom->subject));
	printable(check, strlen(check), symptom->check, sizeof(symptom->check));
	printable(said, strlen(said), symptom->text, sizeof(symptom->text));
	printable(remedy ? remedy : "", remedy ? strlen(remedy) : 0, symptom->remedy,
		  sizeof(symptom->remedy));
}

enum level diagnosis_level(const struct diagnosis *diagnosis)
{
	enum level worst = diagnosis->n && !diagnosis->failed ? LEVEL_OK : LEVEL_FAIL;
	size_t i;

	for (i = 0; i < diagnosis->n; i++) {
		if (diagnosis->symptoms[i].level > worst)
			worst = diagnosis->symptoms[i].level;
	}
	return worst;
}

void diagnosis_text(FILE *file, const struct diagnosis *diagnosis, bool colour)
{
	static const char *const colours[LEVELS] = {"\033[32m", "\033[33m", "\033[31m"};
	size_t i;

	for (i = 0; i < diagnosis->n; i++) {
		const struct symptom *s = &diagnosis->symptoms[i];

		if (!i || strcmp(s->subject, s[-1].subject))
			fprintf(file, "%s%s\n", i ? "\n" : "", s->subject);
		fprintf(file, "  %s%-4s%s  %-12s %s\n", colour ? colours[s->level] : "",
			level_names[s->level], colour ? "\033[0m" : "", s->check, s->text);
		if (s->remedy[0])
			fprintf(file, "        %-12s -> %s\n", "", s->remedy);
	}
}

int diagnosis_json(FILE *file, const struct diagnosis *diagnosis, struct error *err)
{
	json_t *lines = json_array(), *root;
	char *text = NULL;
	size_t i;

	for (i = 0; i < diagnosis->n; i++) {
		const struct symptom *s = &diagnosis->symptoms[i];

		json_array_append_new(
			lines,
			json_pack("{s:s, s:s, s:s, s:s, s:o}", "subject", s->subject, "check",
				  s->check, "level", level_names[s->level], "text", s->text,
				  "remedy", s->remedy[0] ? json_string(s->remedy) : json_null()));
	}
	root = json_pack("{s:i, s:s, s:o}", "schema", 1, "level",
			 level_names[diagnosis_level(diagnosis)], "checks", lines);
	if (root && json_array_size(lines) == diagnosis->n)
		text = json_dumps(root, JSON_INDENT(1));
	json_decref(root);
	if (!text)
		return error_set(err, ERROR_WORLD, "out of memory");
	fprintf(file, "%s\n", text);
	free(text);
	return 0;
}

void diagnosis_done(struct diagnosis *diagnosis)
{
	free(diagnosis->symptoms);
	memset(diagnosis, 0, sizeof(*diagnosis));
}
