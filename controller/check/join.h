/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join.h - the verdicts of the shards of one cell, joined to the verdict of the whole. */
#ifndef CHECK_JOIN_H
#define CHECK_JOIN_H

#include "check/verdict.h"

/*
 * Join n verdicts of one cell (or of one bare history), in any order: all shards 1 .. k of the same
 * k, each once, of the same facts. Anything else is an ERROR_USER that says what is missing, there
 * twice or different; so are counts that do not fit 64 bits together. *ret owns copies of all that
 * it needs of the parts and is to be released with verdict_done; it is not set on failure.
 *
 * A shard must count an operation only if it is its own: an operation on several units belongs to
 * the shard of the first of them.
 */
int verdict_join(const struct verdict *parts, size_t n, struct verdict *ret, struct error *err);

#endif
