/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c - see output.h. */
#include "host/output.h"

#include <stdlib.h>
#include <string.h>

int output_init(struct output *ret, size_t max, bool keep_end, struct error *err)
{
	*ret = (struct output){.text = malloc(max + 1), .max = max, .keep_end = keep_end};
	if (!ret->text)
		return error_set(err, ERROR_WORLD, "out of memory");
	ret->text[0] = '\0';
	return 0;
}

void output_done(struct output *output)
{
	free(output->text);
	output->text = NULL;
}

size_t output_add(struct output *output, const char *bytes, size_t n)
{
	size_t room = output->max - output->used, dropped = 0;

	if (n > room && !output->keep_end)
		n = room;
	if (n > output->max) {
		bytes += n - output->max;
		n = output->max;
	}
	if (n > room) {
		dropped = n - room;
		output->used -= dropped;
		memmove(output->text, output->text + dropped, output->used);
	}
	memcpy(output->text + output->used, bytes, n);
	output->used += n;
	output->text[output->used] = '\0';
	return dropped;
}
