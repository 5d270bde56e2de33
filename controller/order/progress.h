/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h - how far a judgement that takes long has come. */
#ifndef ORDER_PROGRESS_H
#define ORDER_PROGRESS_H

#include <stdint.h>

struct judge_progress {
	/* share: 0 to 1 of what is being done. NULL: nobody asks. */
	void (*step)(void *context, const char *what, double share);
	void *context;
};

static inline void judge_progress_step(const struct judge_progress *progress, const char *what,
				       uint64_t done, uint64_t all)
{
	if (progress->step)
		progress->step(progress->context, what, all ? (double)done / (double)all : 1);
}

#endif
