/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_history.c - `stalemate history`: binary histories to text and back, and to other checkers.
 *
 * The two forms are exact twins: what is dumped and imported again is the same, byte for byte. An
 * export is for others' eyes and cannot be read back.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "export/export.h"
#include "history/history.h"
#include "history/history_text.h"
#include "command.h"
#include "common/parse.h"
#include "rundir/history_file.h"

static int usage_error(const char *what, const char *which)
{
	fprintf(stderr, "stalemate history: %s%s; `stalemate history --help` explains\n", what,
		which);
	return 2;
}

static int dump(char **paths, size_t n)
{
	struct history history;
	struct error err;
	int status = 0;

	if (!n)
		return usage_error("histories to dump are expected", "");
	if (history_read((const char *const *)paths, n, false, &history, &err) < 0)
		return command_fail(&err);
	if (*history.warning)
		fprintf(stderr, "stalemate: warning: %s\n", history.warning);
	history_text_print(stdout, &history);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "stalemate: cannot write the history: %s\n", strerror(errno));
		status = 3;
	}
	history_done(&history);
	return status;
}

static int write_binary(const struct history *history, const char *output, struct error *err)
{
	struct history_writer *writer = history_create(output, &history->header, err);
	struct history_cursor cursor = {0};
	struct record record;

	if (!writer)
		return -1;
	while (history_next(history, &cursor, &record)) {
		if (history_append(writer, &record, err) < 0)
			goto out;
	}
	if (history_sync(writer, err) < 0)
		goto out;
	if (history_close(writer, err) < 0) {
		unlink(output);
		return -1;
	}
	return 0;
out:
	history_close(writer, NULL);
	unlink(output);
	return -1;
}

static int import(char **paths, size_t n, const char *output)
{
	struct history history;
	struct error err;
	int result;

	if (n != 1)
		return usage_error("one history to import is expected", "");
	if (!output)
		return usage_error("-o FILE is missing: where the binary history goes", "");
	if (history_read((const char *const *)paths, n, false, &history, &err) < 0)
		return command_fail(&err);
	if (*history.warning)
		fprintf(stderr, "stalemate: warning: %s\n", history.warning);
	result = write_binary(&history, output, &err);
	history_done(&history);
	return result < 0 ? command_fail(&err) : 0;
}

struct options {
	const char *output;
	bool has_format, has_unit;
	unsigned format; /* index of formats */
	uint64_t unit;
};

static const char *const formats[] = {"edn", "porcupine"};

static int write_export(const struct export *export, const struct options *options, FILE *file,
			struct error *err)
{
	if (options->format == 0)
		export_edn(file, export, options->has_unit);
	else if (export_porcupine(file, export, err) < 0)
		return -1;
	if (fflush(file) || ferror(file))
		return error_set_errno(err, ERROR_WORLD, "cannot write the export");
	return 0;
}

/* To stdout, or to a file that must not exist and is not left behind half. */
static int put_export(const struct export *export, const struct options *options, struct error *err)
{
	FILE *file;
	int result;

	if (!options->output)
		return write_export(export, options, stdout, err);
	file = fopen(options->output, "wxe");
	if (!file)
		return error_set_errno(err, ERROR_WORLD, "cannot create %s", options->output);
	result = write_export(export, options, file, err);
	if (fclose(file) && !result)
		result = error_set_errno(err, ERROR_WORLD, "cannot write %s", options->output);
	if (result < 0)
		unlink(options->output);
	return result;
}

static int export(char **paths, size_t n, const struct options *options)
{
	struct history history;
	struct export export;
	char warning[512];
	struct error err;
	int result;

	if (!n)
		return usage_error("histories to export are expected", "");
	if (!options->has_format)
		return usage_error("--format edn or --format porcupine is missing", "");
	if (history_read((const char *const *)paths, n, false, &history, &err) < 0)
		return command_fail(&err);
	if (*history.warning)
		fprintf(stderr, "stalemate: warning: %s\n", history.warning);
	result = export_build(&history, options->has_unit ? &options->unit : NULL, &export, &err);
	if (!result) {
		if (*export.clock_warning)
			fprintf(stderr, "stalemate: warning: %s\n", export.clock_warning);
		if (*export_warning(&export, warning, sizeof(warning)))
			fprintf(stderr, "stalemate: warning: %s\n", warning);
		result = put_export(&export, options, &err);
		export_done(&export);
	}
	history_done(&history);
	return result < 0 ? command_fail(&err) : 0;
}

static int parse_options(int argc, char **argv, struct options *ret)
{
	static const struct option options[] = {{"output", required_argument, NULL, 'o'},
						{"format", required_argument, NULL, 'f'},
						{"unit", required_argument, NULL, 'u'},
						{0}};
	struct error err;
	int option;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, ":o:", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			ret->output = optarg;
			break;
		case 'f':
			if (parse_name(optarg, formats, sizeof(formats) / sizeof(formats[0]),
				       "--format", &ret->format, &err) < 0)
				return command_fail(&err);
			ret->has_format = true;
			break;
		case 'u':
			if (parse_u64(optarg, UINT64_MAX, "--unit", &ret->unit, &err) < 0)
				return command_fail(&err);
			ret->has_unit = true;
			break;
		case ':':
			return usage_error("a value is missing after ", argv[optind - 1]);
		default:
			return usage_error("unknown option ", argv[optind - 1]);
		}
	}
	return 0;
}

static int run(int argc, char **argv)
{
	struct options options = {0};
	const char *command;
	char **paths;
	size_t n;
	int status = parse_options(argc, argv, &options);

	if (status)
		return status;
	if (optind == argc)
		return usage_error("dump, import or export is expected", "");
	command = argv[optind];
	paths = argv + optind + 1;
	n = (size_t)(argc - optind - 1);
	if (!strcmp(command, "export"))
		return export(paths, n, &options);
	if (strcmp(command, "import") && strcmp(command, "dump"))
		return usage_error("dump, import or export is expected, not ", command);
	if (options.has_format || options.has_unit)
		return usage_error("--format and --unit belong to export, not to ", command);
	if (!strcmp(command, "import"))
		return import(paths, n, options.output);
	if (options.output)
		return usage_error("dump writes to stdout; -o belongs to import and export", "");
	return dump(paths, n);
}

const struct command command_history = {
	.name = "history",
	.summary = "histories from binary to text and back, and to other checkers",
	.usage = "usage: stalemate history dump HISTORY...\n"
		 "       stalemate history import HISTORY -o FILE\n"
		 "       stalemate history export --format edn|porcupine [--unit N] HISTORY...\n"
		 "                                [-o FILE]\n"
		 "\n"
		 "dump prints histories of one target as one text; import writes one as a binary\n"
		 "file. Both read either form. export writes what checkers for one clock read, so\n"
		 "that others can judge too (docs/history-format.md has all forms). It claims no\n"
		 "order that is not certain; a warning counts what one clock cannot say.\n"
		 "\n"
		 "  -o, --output FILE  where import and export write; it must not exist\n"
		 "      --format edn   export to Jepsen's and Knossos' history\n"
		 "      --format porcupine  export to a JSON object a line, for porcupine\n"
		 "      --unit N       export this unit alone, as one register\n"
		 "\n"
		 "Exit status: 0 done, 2 usage or a damaged history, 3 it could not be written.\n",
	.run = run,
};
