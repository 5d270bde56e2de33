/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.h - the clock operations are stamped with, and a sleep for pollers. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

#define NS_PER_MS 1000000ULL
#define NS_PER_S 1000000000ULL

/* CLOCK_MONOTONIC_RAW in ns: never stepped nor slewed by NTP. */
uint64_t clock_ns(void);

/* Sleep that long; a signal ends it early. */
void clock_sleep(uint64_t ns);

#endif
