/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_rundir.c - the folders of a run, made and read. */
#include "tests/test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rundir/rundir.h"

static char base[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	(void)state;
	snprintf(base, sizeof(base), "/tmp/test-rundir-XXXXXX");
	return mkdtemp(base) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *in_base(const char *name)
{
	static char path[2][512];
	static unsigned turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", base, name);
	return path[turn];
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* Guards against: parents not made; a run that is written over another. */
static void test_create(void **state)
{
	struct error err;
	char message[256];
	FILE *file;

	(void)state;
	assert_int_equal(rundir_create(in_base("x/y/run"), &err), 0);
	assert_true(is_folder(in_base("x/y/run/domains")));
	assert_true(is_folder(in_base("x/y/run/consoles")));
	assert_true(is_folder(in_base("x/y/run/canary")));
	assert_true(is_folder(in_base("x/y/run/cells")));
	assert_true(rundir_is_run(in_base("x/y/run")));
	assert_false(rundir_is_run(in_base("x")));

	assert_int_equal(rundir_create(in_base("x/y/run"), &err), -1);
	assert_int_equal(err.kind, ERROR_USER);
	snprintf(message, sizeof(message),
		 "%s is not empty; give a new folder for the run, or remove it",
		 in_base("x/y/run"));
	assert_string_equal(err.text, message);

	mkdir(in_base("empty"), 0700);
	assert_int_equal(rundir_create(in_base("empty/"), &err), 0);

	file = fopen(in_base("file"), "w");
	fclose(file);
	assert_int_equal(rundir_create(in_base("file"), &err), -1);
	assert_int_equal(err.kind, ERROR_USER);
	assert_int_equal(rundir_create(in_base("file/run"), &err), -1);
	assert_int_equal(rundir_create("", &err), -1);
	assert_int_equal(err.kind, ERROR_USER);
}

/* Guards against: cells in readdir's order, and things that are no cells among them. */
static void test_cells(void **state)
{
	struct error err;
	char **cells;
	FILE *file;

	(void)state;
	assert_int_equal(rundir_create(in_base("run"), &err), 0);
	cells = rundir_cells(in_base("run"), &err);
	assert_non_null(cells);
	assert_null(cells[0]);
	rundir_free_cells(cells);
	assert_int_equal(rundir_create_cell(in_base("run"), "10-unsafe", &err), 0);
	assert_int_equal(rundir_create_cell(in_base("run"), "02-none", &err), 0);
	assert_int_equal(rundir_create_cell(in_base("run"), "01-none", &err), 0);
	assert_true(is_folder(in_base("run/cells/01-none")));
	mkdir(in_base("run/cells/\x1b[2J"), 0700);
	mkdir(in_base("run/cells/.hidden"), 0700);
	assert_int_equal(symlink("01-none", in_base("run/cells/03-link")), 0);
	file = fopen(in_base("run/cells/04-file"), "w");
	fclose(file);
	cells = rundir_cells(in_base("run"), &err);
	assert_non_null(cells);
	assert_string_equal(cells[0], "01-none");
	assert_string_equal(cells[1], "02-none");
	assert_string_equal(cells[2], "10-unsafe");
	assert_null(cells[3]);
	rundir_free_cells(cells);
	rundir_free_cells(NULL);
}

/* Guards against: "not found" said of a folder that exists but is no run. */
static void test_not_a_run(void **state)
{
	struct error err;
	char message[256];

	(void)state;
	assert_null(rundir_cells(base, &err));
	assert_int_equal(err.kind, ERROR_USER);
	snprintf(message, sizeof(message), "%s is not a run directory: it has no folder 'cells'",
		 base);
	assert_string_equal(err.text, message);
	assert_null(rundir_cells(in_base("nothing"), &err));
	assert_int_equal(err.kind, ERROR_USER);
	snprintf(message, sizeof(message), "%s: No such file or directory", in_base("nothing"));
	assert_string_equal(err.text, message);
}

/* Guards against: runs that do not sort by time; "last" left at the run before. */
static void test_names(void **state)
{
	char *name = rundir_default_name("demo", 1795506300), target[64] = "";
	struct error err;

	(void)state;
	assert_string_equal(name, "runs/20261124T074500Z-demo");
	free(name);
	mkdir(in_base("runs"), 0700);
	mkdir(in_base("elsewhere"), 0700);
	assert_int_equal(rundir_set_last(in_base("runs/one"), &err), 0);
	assert_int_equal(rundir_set_last(in_base("runs/two/"), &err), 0);
	assert_int_equal(readlink(in_base("runs/last"), target, sizeof(target) - 1), 3);
	assert_string_equal(target, "two");
	assert_int_equal(rundir_set_last(in_base("elsewhere/one"), &err), 0);
	assert_int_equal(access(in_base("elsewhere/last"), F_OK), -1);
	assert_int_equal(rundir_set_last(in_base("runs/last"), &err), 0);
	assert_int_equal(rundir_set_last("one", &err), 0);
}

/* Guards against: half a file after a failure, a file that is read past its limit. */
static void test_files(void **state)
{
	struct error err;
	char message[256], *data, *path;
	size_t size = 0;

	(void)state;
	assert_int_equal(rundir_write_file(in_base("f"), "old", 3, &err), 0);
	assert_int_equal(rundir_write_file(in_base("f"), "n\0w", 3, &err), 0);
	data = rundir_read_file(in_base("f"), 3, &size, &err);
	assert_int_equal(size, 3);
	assert_memory_equal(data, "n\0w", 4);
	free(data);
	assert_null(rundir_read_file(in_base("f"), 2, &size, &err));
	snprintf(message, sizeof(message), "%s: larger than 2 bytes", in_base("f"));
	assert_string_equal(err.text, message);
	assert_int_equal(err.kind, ERROR_USER);
	assert_null(rundir_read_file("/dev/zero", 10, &size, &err));
	assert_string_equal(err.text, "/dev/zero: is not a regular file");
	data = malloc(100000);
	memset(data, 'x', 100000);
	assert_int_equal(rundir_write_file(in_base("f"), data, 100000, &err), 0);
	free(data);
	data = rundir_read_file(in_base("f"), 100000, &size, &err);
	assert_int_equal(size, 100000);
	assert_int_equal(strlen(data), 100000);
	free(data);
	/* a folder in the way: an error, and no temporary file is left */
	mkdir(in_base("folder"), 0700);
	assert_int_equal(rundir_write_file(in_base("folder"), "x", 1, &err), -1);
	assert_int_equal(err.kind, ERROR_WORLD);
	snprintf(message, sizeof(message), "folder.%d.new", (int)getpid());
	assert_int_equal(access(in_base(message), F_OK), -1);
	assert_int_equal(rundir_write_file(in_base("no/f"), "x", 1, &err), -1);
	assert_int_equal(err.kind, ERROR_WORLD);
	path = rundir_path("r", "c", "n");
	assert_string_equal(path, "r/cells/c/n");
	free(path);
	path = rundir_path("r", NULL, "n");
	assert_string_equal(path, "r/n");
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cells, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_a_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
