/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interrupt.c - see interrupt.h. The only process-wide state there is: signals have no other. */
#include "host/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t signal_came;
static bool held;

static void on_signal(int number)
{
	signal_came = number;
}

void interrupt_install(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

bool interrupted(void)
{
	return signal_came && !held;
}

bool interrupt_hold(bool on)
{
	bool was = held;

	held = on;
	return was;
}

int interrupt_error(struct error *err)
{
	return error_set(err, ERROR_INTERRUPTED, "interrupted by a signal");
}
