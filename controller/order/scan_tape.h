/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scan_tape.h - for scan.c: one tape, read from front to back. */
#ifndef ORDER_SCAN_TAPE_H
#define ORDER_SCAN_TAPE_H

#include "order/scan.h"

#define SCAN_CHUNK 4096U /* slots read at once */

/* One tape being read. */
struct tape_reading {
	struct tapes *tapes;
	unsigned node;
	struct scan part;      /* what this tape adds to the whole */
	uint64_t number, last; /* records so far; the last completion */
	bool in_order;
	bool cut; /* the tape ends with a record that was cut short: that is not said yet */
	int result;
	struct error err;
	struct record record;
	uint8_t buf[SCAN_CHUNK * RECORD_SIZE];
};

/* Read it: a struct tape_reading whose tapes and node are set, the rest 0. */
void tape_scan(void *reading);

/* Say of a tape that was cut that it was: a warning, or an error. */
int tape_note_cut(const struct tape_reading *r, struct error *err);

/* One more of those, which are not kept. */
int scan_add_event(struct scan *scan, const struct event *event, struct error *err);
int scan_add_ping(struct scan *scan, const struct ping *ping, struct error *err);
int scan_add_sample(struct scan *scan, const struct ping *from, struct error *err);

#endif
