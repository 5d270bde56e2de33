/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * outlet.h - the way out: all threads of the agent send their frames through it.
 *
 * One mutex makes frames whole and orders them. Each connection (each HELLO) has a number; work
 * begun for one cannot answer into a later one: its frames are dropped here. When the controller
 * stops reading, senders wait in write(2), the next ones for the mutex, and so do answers to
 * pings, which could not get past either; they go on when it reads again.
 */
#ifndef AGENT_OUTLET_H
#define AGENT_OUTLET_H

#include <pthread.h>
#include <stdbool.h>

#include "common/channel.h"
#include "common/record.h"

struct outlet {
	pthread_mutex_t lock;
	struct channel *channel; /* its sending half */
	uint64_t connection;	 /* number of the latest, from 1 */
	bool open;		 /* it still is */
	uint8_t node;		 /* of the last OPEN: whose events they are */
};

/* channel is not owned and must outlive the outlet. */
void outlet_init(struct outlet *outlet, struct channel *channel);
void outlet_done(struct outlet *outlet);

/* A new connection with that nonce begins, any earlier one is over. Returns its number. */
uint64_t outlet_connect(struct outlet *outlet, uint64_t nonce);

/* The connection is over: nothing is sent until the next. */
void outlet_disconnect(struct outlet *outlet);

void outlet_set_node(struct outlet *outlet, uint8_t node);

/*
 * Send a frame, dropped if `connection` (0 = any) is over. A failure to send ends the connection;
 * it is not reported, as whoever reads the other half finds out as well.
 */
void outlet_send(struct outlet *outlet, uint64_t connection, uint16_t type, const uint8_t *payload,
		 size_t size);

/* Send a PONG with n2 taken as late as can be: with the mutex held. */
void outlet_pong(struct outlet *outlet, uint64_t c0, uint64_t n1);

/* Send an event of this node, with the time now; the text is made printable and cut to size. */
void outlet_event(struct outlet *outlet, uint64_t connection, enum event_kind kind,
		  const char *text);

/* Send FAILED for the request of that sequence. */
void outlet_failed(struct outlet *outlet, uint64_t connection, uint32_t request,
		   const struct error *why);

#endif
