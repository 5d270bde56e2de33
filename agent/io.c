/* SPDX-License-Identifier: GPL-2.0-or-later */
/* io.c - the table of I/O paths, and what they share. */
#include "agent/io.h"

#include <string.h>

const struct io_path *const io_paths[] = {&io_sync, NULL};

const struct io_path *io_find(const char *name, struct error *err)
{
	size_t i;

	for (i = 0; io_paths[i]; i++) {
		if (!strcmp(io_paths[i]->name, name))
			return io_paths[i];
	}
	error_set(err, ERROR_USER, "no I/O path is named '%.40s'", name);
	return NULL;
}

int io_result(ssize_t done, size_t size, const char *what, struct error *err)
{
	if (done < 0)
		return error_set_errno(err, ERROR_WORLD, "%s failed", what);
	if ((size_t)done != size)
		return error_set(err, ERROR_WORLD, "%s of only %zd of %zu bytes", what, done, size);
	return 0;
}
