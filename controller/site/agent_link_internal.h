/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent_link_internal.h - what the files of the link share; nobody else includes it.
 *
 *   agent_link.c      the conversation: requests, their ends, pings
 *   agent_link_ops.c  which operations were commanded, and what is known of them
 */
#ifndef SITE_AGENT_LINK_INTERNAL_H
#define SITE_AGENT_LINK_INTERNAL_H

#include "common/channel.h"
#include "site/agent_link.h"

struct agent_link {
	int fd;
	uint8_t node;
	struct agent_sink sink;
	uint64_t completions, last_time;
	uint32_t request;	       /* sequence of the request that is under way; 0 = none */
	const struct message_run *run; /* its operations, if it is a RUN */
	uint32_t heard;		       /* how many of them */
	bool is_heard[MESSAGE_OPS_MAX];
	uint32_t from[LANE_MAX + 1];	   /* of each lane in it: all before this one were heard */
	const struct message_lanes *lanes; /* what runs free, if it is LANES */
	uint32_t steps[LANES_MAX];	   /* how many of each lane's were heard */
	uint64_t told, after[LANES_MAX];   /* the greatest `after` told, and heard of each lane */
	bool ended;			   /* it has, but for the answer to a ping */
	uint64_t ping;			   /* when one was sent whose answer is to come; 0 = none */
	uint64_t before_last; /* completions heard that were certainly earlier than last_time */
	uint64_t begun;	      /* the last completion when they were commanded */
	uint64_t lane_time[LANE_MAX + 1]; /* each lane's last completion */
	char kernel[128], build[128];
	struct channel channel;
};

/* "agent of node a: ..." Returns -1. */
int agent_link_blame(const struct agent_link *link, struct error *err);

/* "agent of node a: it sent ..." Returns -1. */
int agent_link_wrong(const struct agent_link *link, const char *what, struct error *err);

int agent_link_to_sink(struct agent_link *link, const struct record *record, struct error *err);

/* Send the payload of a request that stands at the channel's. */
int agent_link_begin(struct agent_link *link, enum message_type type, size_t size,
		     struct error *err);

/* Whether the record is the very operation that was commanded next on its lane; and take it. */
bool agent_link_is_commanded(const struct agent_link *link, const struct op *op);
void agent_link_hear(struct agent_link *link, const struct op *op);

/* What was commanded and never heard of may have happened, now or later. */
void agent_link_record_unknown(struct agent_link *link);

#endif
