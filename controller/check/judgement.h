/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judgement.h - from histories to the counted part of a verdict. */
#ifndef CHECK_JUDGEMENT_H
#define CHECK_JUDGEMENT_H

#include "check/check.h"
#include "history/tape.h"

/*
 * Judge what is on the tapes and fill all of *verdict but facts, kind and reason; facts must be
 * there already (mount times, fault, fsck, confidence). On failure (ERROR_USER for what the history
 * has wrong) nothing is owned.
 */
int judgement_make(struct tapes *tapes, const struct check_options *options,
		   struct verdict *verdict, struct error *err);

#endif
