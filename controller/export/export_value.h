/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export_value.h - which reads can be shown to a checker that knows registers only. */
#ifndef EXPORT_EXPORT_VALUE_H
#define EXPORT_EXPORT_VALUE_H

#include "history/history.h"
#include "order/order.h"
#include "check/units.h"

/* Whether what a read returned of touches[at]'s unit, which is touches[first, last), proves
 * something: false if our own checks leave it undecided. */
bool export_decided(const struct history *history, const struct order *order,
		    const struct units *units, size_t first, size_t last, size_t at);

#endif
