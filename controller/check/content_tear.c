/* SPDX-License-Identifier: GPL-2.0-or-later */
/* content_tear.c - see content_tear.h; the reasons are in content.c. */
#include "check/content_tear.h"

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
