/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * op.h - the vocabulary of a history: operations, outcomes, values, events.
 *
 * An *operation* is invoked and completes, by one lane of one node, stamped with that node's own
 * clock. Its outcome is ok, fail (certain: it was never submitted) or unknown (it may or may not
 * have happened, now or later). What a unit held is a *value*, which names the write it came
 * from: written values are unique, and that is what makes checking cheap.
 */
#ifndef COMMON_OP_H
#define COMMON_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECTOR_SIZE 512U
#define UNIT_MIN 512U
#define UNIT_MAX 65536U
#define SECTORS_MAX (UNIT_MAX / SECTOR_SIZE)

#define NODES 2 /* a and b */

/* A time that is not known: no completion. */
#define TIME_NONE UINT64_MAX

enum op_kind { OP_READ, OP_WRITE, OP_FLUSH, OP_KINDS };
extern const char *const op_kind_names[OP_KINDS]; /* r w f */

enum op_outcome { OUTCOME_OK, OUTCOME_FAIL, OUTCOME_UNKNOWN, OUTCOMES };
extern const char *const op_outcome_names[OUTCOMES]; /* ok fail unknown */

enum value_kind {
	VALUE_NONE,	   /* flush; a read without a result */
	VALUE_TAG,	   /* write_id says which write; WRITE_ID_INITIAL is the prefill */
	VALUE_ZERO,	   /* all bytes zero */
	VALUE_CORRUPT,	   /* no valid tag, not zero */
	VALUE_FOREIGN,	   /* a valid tag of another run or volume */
	VALUE_MISDIRECTED, /* a valid tag of this run, written for another place */
	VALUE_TORN,	   /* not all sectors alike: see parts */
	VALUE_KINDS
};
extern const char *const value_kind_names[VALUE_KINDS]; /* - tag zero corrupt foreign at torn */

/*
 * A write's name: node:1 | epoch:11 | lane:12 | sequence:40, from the top bit down. Sequence 0 of
 * node a, lane 0, epoch 0 is the prefill. Sequences of a lane start at 1 and rise.
 */
#define WRITE_ID_INITIAL 0ULL
#define EPOCH_MAX 0x7ffU
#define LANE_MAX 0xfffU
#define SEQUENCE_MAX ((1ULL << 40) - 1)

static inline uint64_t write_id(unsigned node, unsigned epoch, unsigned lane, uint64_t sequence)
{
	return (uint64_t)(node & 1) << 63 | (uint64_t)(epoch & EPOCH_MAX) << 52 |
	       (uint64_t)(lane & LANE_MAX) << 40 | (sequence & SEQUENCE_MAX);
}

static inline unsigned write_id_node(uint64_t id)
{
	return (unsigned)(id >> 63);
}

static inline unsigned write_id_epoch(uint64_t id)
{
	return (unsigned)(id >> 52) & EPOCH_MAX;
}

static inline unsigned write_id_lane(uint64_t id)
{
	return (unsigned)(id >> 40) & LANE_MAX;
}

static inline uint64_t write_id_sequence(uint64_t id)
{
	return id & SEQUENCE_MAX;
}

/* Some consecutive sectors of a unit that hold the same thing. */
struct part {
	enum value_kind kind; /* not NONE, not TORN */
	uint16_t sectors;
	uint64_t write_id; /* of TAG and MISDIRECTED */
};

struct value {
	enum value_kind kind;
	uint64_t write_id; /* of TAG and MISDIRECTED */
	uint64_t at_unit;  /* MISDIRECTED: the unit it was written for */
	unsigned n_parts;  /* TORN: 2 .. SECTORS_MAX, in sector order */
	struct part parts[SECTORS_MAX];
};

/* The worst thing among the parts: damage, another place's, another run's, zeroes; VALUE_TORN when
 * all of them name writes of this unit. */
enum value_kind worst_part(const struct value *value);

struct op {
	uint8_t node; /* 0 = a, 1 = b */
	uint16_t lane;
	enum op_kind kind;
	enum op_outcome outcome;
	uint64_t unit;	   /* first unit */
	uint16_t count;	   /* units, >= 1; a flush has unit 0 and count 1 */
	uint64_t invoke;   /* ns, the node's own clock */
	uint64_t complete; /* ns, or TIME_NONE */
	uint64_t after; /* that many completions of the other node precede invoke; 0 = none known */
	uint64_t peer; /* a write: highest sequence of the other node its lane had seen; 0 = none */
	struct value value;
};

/* What happened beside the operations. The name is the first word of the text form. */
enum event_kind {
	EVENT_NOTE,
	EVENT_ROUND,  /* a new independent episode begins (text: its number) */
	EVENT_KERNEL, /* a line of the guest's kernel log */
	EVENT_CRASH,
	EVENT_RECOVER,
	EVENT_FENCE,
	EVENT_FAULT,
	EVENT_HEAL,
	EVENT_DROP_CACHE,
	EVENT_DISCARD,
	EVENT_KINDS
};
extern const char *const event_kind_names[EVENT_KINDS];

#define EVENT_TEXT_MAX 255

/* What an agent notes when the kernel's ring ran over its reader. */
#define EVENT_LINES_LOST "kernel log lines were lost"

/* How it notes how many operations of metadata its lanes have churned: a number follows. */
#define EVENT_CHURNED "churned: "

/* How it notes what its target lies on: "TYPE MAJOR:MINOR NAME" follows (agent/fs_name.c writes it,
 * rundir/fs_voice.h reads it). */
#define EVENT_FILE_SYSTEM "file system: "

struct event {
	uint8_t node;
	enum event_kind kind;
	uint64_t time; /* ns, the node's own clock */
	char text[EVENT_TEXT_MAX + 1];
};

/*
 * One clock ping: the controller sent at c0 and had the answer at c3 (its clock), the node
 * received at n1 and answered at n2 (the node's clock). Nothing is assumed of symmetry:
 * all that is certain is c0 <= n1 - theta and n2 - theta <= c3.
 *
 * A clock sample is the same between the nodes: a asked (c0, c3; node 0), b answered (n1, n2). Its
 * times are up to SAMPLE_TIME_MAX.
 */
struct ping {
	uint8_t node;
	uint64_t c0, n1, n2, c3;
};

#define SAMPLE_TIME_MAX ((uint64_t)INT64_MAX)

#endif
