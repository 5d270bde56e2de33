/* SPDX-License-Identifier: GPL-2.0-or-later */
/* examples.h - examples of a verdict that were read or joined, with the roles they own. */
#ifndef CHECK_EXAMPLES_H
#define CHECK_EXAMPLES_H

#include "check/verdict.h"

#define ROLE_MAX 128 /* bytes of a witness' role, with the terminator */

/* n (1 .. EXAMPLES_MAX) examples, all zero, for verdict.examples: one block that verdict_done
 * frees. NULL when memory is short. */
struct violation *examples_new(size_t n);

/* Give a witness of examples[i] (of the n of examples_new) a role: a copy, cut to fit. */
void examples_set_role(struct violation *examples, size_t n, size_t i, unsigned witness,
		       const char *role);

#endif
