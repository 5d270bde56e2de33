/* SPDX-License-Identifier: GPL-2.0-or-later */
/* locate.c - see locate.h. */
#include "site/locate.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first of the places, relative to the program's folder, where the file is. */
static char *beside_program(const char *const *places, const char *what, struct error *err)
{
	char self[PATH_MAX], path[2 * PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0) {
		error_set_errno(err, ERROR_WORLD, "/proc/self/exe");
		return NULL;
	}
	self[n] = 0;
	*strrchr(self, '/') = 0;
	for (; *places; places++) {
		snprintf(path, sizeof(path), "%s/%s", self, *places);
		if (!access(path, X_OK))
			return realpath(path, NULL);
	}
	error_set(err, ERROR_WORLD,
		  "%s is not where it was built or installed (beside %s); run make", what, self);
	return NULL;
}

char *locate_agent(struct error *err)
{
	static const char *const places[] = {"stalemate-agent", NULL};

	return beside_program(places, "stalemate-agent", err);
}

char *locate_image_script(struct error *err)
{
	static const char *const places[] = {"../agent/image/build.sh",
					     "../share/stalemate/image/build.sh", NULL};

	return beside_program(places, "the guest image's script", err);
}
