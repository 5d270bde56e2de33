/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_history.c - `stalemate history`: binary histories to text and back.
 *
 * The two forms are exact twins: what is dumped and imported again is the same, byte for byte.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check/history.h"
#include "check/history_text.h"
#include "command.h"
#include "rundir/history_file.h"

static int usage_error(const char *what, const char *which)
{
	fprintf(stderr, "stalemate history: %s%s; `stalemate history --help` explains\n", what,
		which);
	return 2;
}

static int fail(const struct error *err)
{
	fprintf(stderr, "stalemate: %s\n", err->text);
	return error_exit_status(err);
}

static int dump(char **paths, size_t n)
{
	struct history history;
	struct error err;
	int status = 0;

	if (!n)
		return usage_error("histories to dump are expected", "");
	if (history_read((const char *const *)paths, n, false, &history, &err) < 0)
		return fail(&err);
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
		return fail(&err);
	if (*history.warning)
		fprintf(stderr, "stalemate: warning: %s\n", history.warning);
	result = write_binary(&history, output, &err);
	history_done(&history);
	return result < 0 ? fail(&err) : 0;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {{"output", required_argument, NULL, 'o'}, {0}};
	const char *output = NULL;
	char **paths;
	size_t n;
	int option;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, ":o:", options, NULL)) != -1) {
		if (option == ':')
			return usage_error("a value is missing after ", argv[optind - 1]);
		if (option == '?')
			return usage_error("unknown option ", argv[optind - 1]);
		output = optarg;
	}
	if (optind == argc)
		return usage_error("dump or import is expected", "");
	paths = argv + optind + 1;
	n = (size_t)(argc - optind - 1);
	if (!strcmp(argv[optind], "import"))
		return import(paths, n, output);
	if (strcmp(argv[optind], "dump"))
		return usage_error("dump or import is expected, not ", argv[optind]);
	if (output)
		return usage_error("dump writes to stdout; -o belongs to import", "");
	return dump(paths, n);
}

const struct command command_history = {
	.name = "history",
	.summary = "histories from binary to text and back",
	.usage = "usage: stalemate history dump HISTORY...\n"
		 "       stalemate history import HISTORY -o FILE\n"
		 "\n"
		 "dump prints histories of one target as one text; import writes one as a binary\n"
		 "file, which must not exist. Both read either form (docs/history-format.md).\n"
		 "\n"
		 "  -o, --output FILE  where the binary history goes\n"
		 "\n"
		 "Exit status: 0 done, 2 usage or a damaged history, 3 it could not be written.\n",
	.run = run,
};
