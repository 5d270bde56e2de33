/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent_install.h - our agent in a guest that has none: in a folder of its own, of a name that
 * nobody could foresee, which is removed again.
 */
#ifndef SITE_AGENT_INSTALL_H
#define SITE_AGENT_INSTALL_H

#include "common/error.h"

/* What is needed of a guest, whichever way it is reached. */
struct agent_installer {
	int (*run)(void *context, const char *const argv[], int *ret_status, struct error *err);
	int (*put)(void *context, const char *local, const char *remote, struct error *err);
	void *context;
};

struct agent_install {
	char folder[64], program[96]; /* "" when nothing is there */
};

/*
 * Copy it to the first place in the guest where programs may run (some mount /run or /tmp noexec),
 * and see that it does. On failure nothing is left there, as far as the guest answers.
 */
int agent_install(const struct agent_installer *installer, struct agent_install *ret,
		  struct error *err);

/* Remove it; what fails, stays. */
void agent_uninstall(const struct agent_installer *installer, struct agent_install *install);

#endif
