/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agent_link.h - the controller's end of a conversation with one agent.
 *
 * Every request has a deadline; an agent that does not answer in time, or answers with something
 * that was not asked for, fails the request. What the agent sends is untrusted: records must be of
 * its node and be the very operations that were commanded: each lane's in order, and all in the
 * order in which they completed.
 */
#ifndef SITE_AGENT_LINK_H
#define SITE_AGENT_LINK_H

#include <stdint.h>

#include "common/message.h"
#include "common/record.h"

struct agent_link;

/* Where records go as they arrive: commanded operations, kernel lines, pings. */
struct agent_sink {
	int (*record)(void *context, const struct record *record, struct error *err);
	void *context;
};

/*
 * Greet the agent behind fd (owned by the link from then on, whatever is returned) as `node`,
 * again and again until it answers or timeout_ns has passed. NULL with *err.
 */
struct agent_link *agent_link_new(int fd, uint8_t node, uint64_t timeout_ns, struct error *err);
void agent_link_free(struct agent_link *link);

/* Release of the guest's kernel and version of the agent, as it said (printable). */
const char *agent_link_kernel(const struct agent_link *link);
const char *agent_link_build(const struct agent_link *link);

/* From now on records go there; sink may be NULL (dropped). The counters start anew. */
void agent_link_set_sink(struct agent_link *link, const struct agent_sink *sink);

/* Operations with a completion received since agent_link_set_sink. */
uint64_t agent_link_completions(const struct agent_link *link);

/* The same without those that completed when the last one did: so many are certainly among all
 * that completed before the next that is heard of. */
uint64_t agent_link_certain_completions(const struct agent_link *link);

/* The node's clock at the last completion received; 0 = none yet. */
uint64_t agent_link_last_time(const struct agent_link *link);

/* Measure the clock; the sample goes to the sink too. *ret may be NULL. */
int agent_ping(struct agent_link *link, uint64_t timeout_ns, struct ping *ret, struct error *err);

/* Requests in two halves, so that both nodes can work at once: begin, then finish each. */
int agent_begin_mount(struct agent_link *link, const struct message_mount *mount,
		      struct error *err);
int agent_begin_unmount(struct agent_link *link, const char *directory, struct error *err);
int agent_begin_await_mount(struct agent_link *link, const struct message_await *await,
			    struct error *err);
int agent_begin_open(struct agent_link *link, const struct message_open *open, struct error *err);
int agent_begin_close(struct agent_link *link, struct error *err);

/*
 * Command operations. Each one's record reaches the sink; if finishing fails, those not heard of
 * reach it as unknown (invoked no earlier than the last completion known of their lane, and of all
 * when they were commanded; never completed). `run` must stay as it is until then.
 */
int agent_begin_run(struct agent_link *link, const struct message_run *run, struct error *err);

/* Begin free-running lanes; agent_begin_run, but that what is recorded as unknown are their writes,
 * as far as they can have come. `lanes` must stay as it is. */
int agent_begin_lanes(struct agent_link *link, const struct message_lanes *lanes,
		      struct error *err);

/* Wait for the end of what was begun. */
int agent_finish(struct agent_link *link, uint64_t timeout_ns, struct error *err);

/* Or, to serve two links at once: take one message, if one comes in time. 1: what was begun has
 * ended, 0: not yet; -1 as agent_finish. */
int agent_poll(struct agent_link *link, uint64_t timeout_ns, struct error *err);

/* While lanes run. Tell the agent how many completions of the other node were heard of, and how far
 * its own lanes were; measure the clock, the sample goes to the sink (none while one is open). */
int agent_tell_heard(struct agent_link *link, uint64_t completions, struct error *err);
int agent_begin_ping(struct agent_link *link, struct error *err);

/* What was begun is not waited for any more: what of it is not known is recorded as unknown. */
void agent_give_up(struct agent_link *link);

#endif
