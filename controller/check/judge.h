/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - one unit after another through the checks; what they share.
 *
 * For each unit: content.c looks at each value alone and says which reads name a write; exposure.c
 * says which reads could have shown a stale value; register.c judges the order. They add to one
 * list of findings. Where there are any, models.c says which promises that breaks.
 */
#ifndef CHECK_JUDGE_H
#define CHECK_JUDGE_H

#include "history/history.h"
#include "order/order.h"
#include "order/rounds.h"
#include "check/units.h"
#include "check/verdict.h"

/* A violation in the making: operations by number. */
struct finding {
	enum anomaly anomaly;
	uint64_t unit;
	uint32_t read; /* that shows it */
	uint8_t node;  /* of the read */
	uint8_t n_witnesses;
	uint32_t witnesses[WITNESS_MAX];
	const char *roles[WITNESS_MAX];
	bool order;	 /* found by the order checks, not by the content check */
	uint64_t value;	 /* order: the write id that was read; content: a hash of the value */
	uint32_t missed; /* order: the newer write */
	bool by_message;
	int64_t margin_ns;
	uint64_t generations;
	bool staleness_known;
	uint64_t staleness_ns;
	uint64_t repeats;
	bool healed;
};

enum reading_state {
	READING_VALID,	  /* names a write, or the initial value */
	READING_BAD,	  /* the content check has reported it */
	READING_UNJUDGED, /* a permitted tear, or a write the history may lack */
};

/* A read of the unit at hand. */
struct reading {
	uint32_t op;
	enum reading_state state;
	enum anomaly anomaly; /* READING_BAD: its class */
	uint32_t write;	      /* whose value it returned; NO_OP = the initial value */
	uint32_t exposed;     /* the other node's write it could have missed; NO_OP = none */
	uint32_t primed;      /* its node's access before that write */
};

/* The unit at hand. All arrays are in the order of order.feed. */
struct unit_view {
	uint64_t unit;
	struct reading *readings;
	size_t n_readings, cap_readings;
	uint32_t *writes; /* not failed; those without completion come last */
	size_t n_writes, cap_writes;
	/* Per node: its successful writes, ascending by index. */
	uint32_t *ok_writes[NODES], *ok_index[NODES];
	size_t n_ok[NODES], cap_ok[NODES], cap_ok_index[NODES];
};

struct judge {
	const struct history *history;
	const struct order *order;
	const struct units *units;
	const struct rounds *rounds; /* NULL: none */
	struct round_marks marks;
	struct unit_view view;
	struct finding *findings;
	size_t n_findings, cap_findings;
	size_t first_of_unit; /* findings of the unit at hand begin here */
	uint64_t torn_permitted;
	struct exposures exposures[NODES]; /* by the node that read */
	struct register_scratch *scratch;
	unsigned broke; /* the models that are certainly broken, as bits (models.h) */
	struct models *models;
};

/* Judge all units. rounds may be NULL. Release with judge_release. Fails only for want of memory.
 */
int judge_all(const struct history *history, const struct order *order, const struct units *units,
	      const struct rounds *rounds, struct judge *ret, struct error *err);
void judge_release(struct judge *judge);

/* The checks of one unit, in this order. */
int content_judge(struct judge *judge, struct error *err);
int exposure_judge(struct judge *judge, struct error *err);
int register_judge(struct judge *judge, struct error *err);
/* The first step of register_judge: the unit's clusters, no read in them yet. */
int register_prepare(struct judge *judge, struct error *err);
void register_done(struct judge *judge);

/* Append an empty finding about this read; NULL for want of memory. */
struct finding *judge_add(struct judge *judge, enum anomaly anomaly, uint32_t read,
			  struct error *err);

/* Add an operation to a finding's witness unless it is there, or NO_OP, or there is no room. */
void finding_witness(struct finding *finding, uint32_t op, const char *role);

/* The latest finding of the unit at hand by this node (or ANY_NODE) about this value, of the order
 * checks or of the content check, among the last few; NULL if none. */
#define ANY_NODE NODES
struct finding *judge_same(struct judge *judge, unsigned node, uint64_t value, bool order);

#endif
