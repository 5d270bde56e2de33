/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twin.h - a cell's binary histories as one text: what a person reads first. */
#ifndef CHECK_TWIN_H
#define CHECK_TWIN_H

#include "common/error.h"

/* Write RUN/cells/ID/history.txt from the cell's histories. */
int twin_write(const char *run, const char *cell, struct error *err);

#endif
