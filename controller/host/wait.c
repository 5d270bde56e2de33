/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wait.c - see wait.h. */
#include "host/wait.h"

#include "common/clock.h"
#include "host/interrupt.h"

int wait_for(const char *what, uint64_t timeout_ns, int (*ready)(void *context, struct error *err),
	     void *context, struct error *err)
{
	uint64_t deadline = clock_ns() + timeout_ns, pause = NS_PER_MS;
	int got;

	for (;;) {
		got = ready(context, err);
		if (got)
			return got < 0 ? -1 : 0;
		if (interrupted())
			return interrupt_error(err);
		if (clock_ns() > deadline)
			return error_set(err, ERROR_WORLD, "waited %.0f s in vain for %s",
					 (double)timeout_ns / NS_PER_S, what);
		clock_sleep(pause);
		if (pause < 50 * NS_PER_MS)
			pause *= 2;
	}
}
