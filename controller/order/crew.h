/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crew.h - a few threads that work off jobs, their owner lending a hand. */
#ifndef ORDER_CREW_H
#define ORDER_CREW_H

#include "common/error.h"

#define CREW_MAX 64U

struct crew;

/* size: threads in all, the caller's own among them; 0: as many as there are cores. NULL when
 * they cannot be started. */
struct crew *crew_new(unsigned size, struct error *err);
unsigned crew_size(const struct crew *crew);

/* Have work(context) done by whoever is free. At most 1024 jobs between two crew_finish. */
void crew_add(struct crew *crew, void (*work)(void *context), void *context);

/* Take part until all jobs are done. */
void crew_finish(struct crew *crew);

void crew_free(struct crew *crew);

#endif
