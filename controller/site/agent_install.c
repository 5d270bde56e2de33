/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_install.c - see agent_install.h. */
#include "site/agent_install.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "host/interrupt.h"
#include "site/locate.h"

/* In memory first: gone with the next boot even if we are killed. */
static const char *const places[] = {"/run", "/dev/shm", "/var/tmp", "/root"};
#define PLACES (sizeof(places) / sizeof(places[0]))

static int run_ok(const struct agent_installer *i, const char *const argv[], struct error *err)
{
	int status;

	if (i->run(i->context, argv, &status, err) < 0)
		return -1;
	return status ? error_set(err, ERROR_WORLD, "%s in the guest ends with %d", argv[0], status)
		      : 0;
}

void agent_uninstall(const struct agent_installer *i, struct agent_install *install)
{
	const char *const file_argv[] = {"rm", "-f", install->program, NULL};
	const char *const folder_argv[] = {"rmdir", install->folder, NULL};
	int status;

	if (!install->folder[0])
		return;
	if (i->run(i->context, file_argv, &status, NULL) >= 0)
		i->run(i->context, folder_argv, &status, NULL);
	install->folder[0] = install->program[0] = 0;
}

static int install_at(const struct agent_installer *i, const char *local, const char *place,
		      uint64_t token, struct agent_install *ret, struct error *err)
{
	const char *const make_argv[] = {"mkdir", "-m", "700", ret->folder, NULL};
	const char *const mode_argv[] = {"chmod", "700", ret->program, NULL};
	const char *const try_argv[] = {ret->program, "--version", NULL};

	snprintf(ret->folder, sizeof(ret->folder), "%s/stalemate-%016" PRIx64, place, token);
	snprintf(ret->program, sizeof(ret->program), "%s/stalemate-agent", ret->folder);
	if (run_ok(i, make_argv, err) < 0) {
		ret->folder[0] = 0; /* not ours */
		return -1;
	}
	if (!i->put(i->context, local, ret->program, err) && !run_ok(i, mode_argv, err) &&
	    !run_ok(i, try_argv, err))
		return 0;
	agent_uninstall(i, ret);
	return -1;
}

int agent_install(const struct agent_installer *i, struct agent_install *ret, struct error *err)
{
	char *local = locate_agent(err);
	int result = -1;
	uint64_t token;
	size_t at;

	if (!local)
		return -1;
	if (getrandom(&token, sizeof(token), 0) != sizeof(token))
		error_set_errno(err, ERROR_WORLD, "getrandom");
	else
		for (at = 0; result < 0 && at < PLACES && !interrupted(); at++)
			result = install_at(i, local, places[at], token, ret, err);
	if (result < 0 && interrupted())
		interrupt_error(err);
	else if (result < 0)
		error_prefix(err, "the agent cannot be put into the guest (for x86-64, below /run, "
				  "/dev/shm, /var/tmp or /root)");
	free(local);
	return result;
}
