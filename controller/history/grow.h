/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grow.h - room for one more element in an array that doubles. */
#ifndef HISTORY_GROW_H
#define HISTORY_GROW_H

#include <stddef.h>

#include "common/error.h"

/* *array has *capacity elements of `size` bytes, n of them used: make sure of one more. On failure
 * (ERROR_WORLD) nothing has changed. */
int grow(void **array, size_t *capacity, size_t n, size_t size, struct error *err);

/* Make sure of room for n elements in all; what the array held is lost when it has to grow. */
int reserve(void **array, size_t *capacity, size_t n, size_t size, struct error *err);

/* Room for exactly n elements; what the array held stays. */
int resize(void **array, size_t n, size_t size, struct error *err);

#endif
