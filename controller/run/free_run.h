/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * free_run.h - both nodes' free-running lanes, from their beginning to the end of the last.
 *
 * No step waits for another node. What each node's agent is told, again and again, is how many
 * operations of the other have been heard of: so an operation does follow some of the other node's
 * certainly, by message, some milliseconds behind.
 */
#ifndef RUN_FREE_RUN_H
#define RUN_FREE_RUN_H

#include "run/recorder.h"
#include "site/agent_link.h"

/* Carry out LANES on both agents. On failure what may have been done stands in the histories as
 * unknown. */
int free_run_carry_out(struct agent_link *const agents[NODES], struct recorder *recorder,
		       const struct message_lanes *lanes, struct error *err);

#endif
