/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * examples.c - see examples.h.
 *
 * The judge's roles are static text; those that come from a file are not. Room for them lies behind
 * the array, in the same block, so that whoever frees the examples frees them too.
 */
#include "check/examples.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct violation *examples_new(size_t n)
{
	assert(n && n <= EXAMPLES_MAX);
	return calloc(n, sizeof(struct violation) + (size_t)WITNESS_MAX * ROLE_MAX);
}

void examples_set_role(struct violation *examples, size_t n, size_t i, unsigned witness,
		       const char *role)
{
	char *room = (char *)(examples + n) + (i * WITNESS_MAX + witness) * ROLE_MAX;

	assert(i < n && witness < WITNESS_MAX);
	snprintf(room, ROLE_MAX, "%s", role);
	examples[i].witnesses[witness].role = room;
}
