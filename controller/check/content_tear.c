/* SPDX-License-Identifier: GPL-2.0-or-later */
/* content_tear.c - see content_tear.h; the reasons are in content.c. */
#include "check/content_tear.h"

enum value_kind worst_part(const struct value *value)
{
	static const enum value_kind worst_first[] = {VALUE_CORRUPT, VALUE_MISDIRECTED,
						      VALUE_FOREIGN, VALUE_ZERO};
	size_t k;
	unsigned i;

	for (k = 0; k < sizeof(worst_first) / sizeof(worst_first[0]); k++) {
		for (i = 0; i < value->n_parts; i++) {
			if (value->parts[i].kind == worst_first[k])
				return worst_first[k];
		}
	}
	return VALUE_TORN;
}

bool tear_permitted(const struct judge *judge, uint32_t read)
{
	const struct history *history = judge->history;
	const struct unit_view *view = &judge->view;
	size_t i;

	for (i = 0; i < view->n_writes; i++) {
		uint32_t write = view->writes[i];
		bool over = history->ops[write].outcome == OUTCOME_OK &&
			    order_before(history, judge->order, write, read);

		if (!over && !order_before(history, judge->order, read, write))
			return true;
	}
	return false;
}
