/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judgement.h - from histories to the counted part of a verdict. */
#ifndef CHECK_JUDGEMENT_H
#define CHECK_JUDGEMENT_H

#include "check/history.h"
#include "check/verdict.h"

/*
 * Judge a history and fill all of *verdict but facts, kind and reason; facts must be there already
 * (mount times, confidence). The history's header may name a clock, and then is changed for the
 * time of the call. On failure (ERROR_USER for what the history has wrong) nothing is owned.
 */
int judgement_make(struct history *history, struct verdict *verdict, struct error *err);

#endif
