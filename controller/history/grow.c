/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grow.c - see grow.h. */
#include "history/grow.h"

#include <stdint.h>
#include <stdlib.h>

int grow(void **array, size_t *capacity, size_t n, size_t size, struct error *err)
{
	size_t more = *capacity ? *capacity * 2 : 64;
	void *bigger;

	if (n < *capacity)
		return 0;
	bigger = reallocarray(*array, more, size);
	if (!bigger)
		return error_set(err, ERROR_WORLD, "out of memory for %zu elements of %zu bytes",
				 more, size);
	*array = bigger;
	*capacity = more;
	return 0;
}

int reserve(void **array, size_t *capacity, size_t n, size_t size, struct error *err)
{
	size_t more = *capacity ? *capacity : 64;

	if (n <= *capacity)
		return 0;
	while (more < n)
		more *= 2;
	free(*array);
	*capacity = 0;
	*array = calloc(more, size);
	if (!*array)
		return error_set(err, ERROR_WORLD, "out of memory for %zu elements of %zu bytes",
				 more, size);
	*capacity = more;
	return 0;
}

int resize(void **array, size_t n, size_t size, struct error *err)
{
	void *larger = n <= SIZE_MAX / size ? realloc(*array, n * size) : NULL;

	if (!larger)
		return error_set(err, ERROR_WORLD, "out of memory for %zu elements", n);
	*array = larger;
	return 0;
}
