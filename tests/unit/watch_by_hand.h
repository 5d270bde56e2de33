/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch_by_hand.h - records for a watch, as lines of the text form: "a 0 w 17 10 20 ok a:0:1". */
#ifndef TESTS_UNIT_WATCH_BY_HAND_H
#define TESTS_UNIT_WATCH_BY_HAND_H

#include "passes/watch.h"

/* Each node has so many lanes. Release with watch_free. */
struct watch *begin(unsigned lanes);

/* Hand it the record that the line says; returns what watch_take returns. */
int take_op(struct watch *watch, const char *text, struct watch_finding *ret);

/* This record shows nothing, and can be followed. */
void takes(struct watch *watch, const char *text);

/* This record shows a violation, described so. */
void shows(struct watch *watch, const char *text, const char *wanted);

#endif
