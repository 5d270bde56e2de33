/* SPDX-License-Identifier: GPL-2.0-or-later */
/* content_tear.h - the rules about a unit whose sectors differ. */
#ifndef CHECK_CONTENT_TEAR_H
#define CHECK_CONTENT_TEAR_H

#include "check/judge.h"

/* Whether some write of the unit at hand may have overlapped this read. */
bool tear_permitted(const struct judge *judge, uint32_t read);

#endif
