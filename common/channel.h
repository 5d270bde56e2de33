/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel.h - frames over a file descriptor: one end of a controller-agent connection.
 *
 * Both programs use it: the agent over its virtio port, standard input and output or a unix
 * socket, the controller over a socket (to a local agent, or to the pump of a libvirt stream).
 * The descriptors may be blocking or not; waiting is done by poll(2) with a deadline. (A blocking
 * descriptor that is no socket may hold a send longer than its deadline.)
 */
#ifndef COMMON_CHANNEL_H
#define COMMON_CHANNEL_H

#include "common/frame.h"

struct channel {
	int in, out; /* not owned */
	uint64_t nonce;
	uint32_t sent, received; /* sequences, of the last frame */
	bool established;	 /* a HELLO has set the nonce: no more resynchronising */
	bool server;		 /* the agent: a frame with sequence 1 may begin a new connection */
	bool eof, failed;      /* reading came to the end of file, or failed: nothing can follow */
	size_t used, consumed; /* of buf */
	uint8_t buf[2 * FRAME_SIZE_MAX];
	uint8_t out_buf[FRAME_SIZE_MAX];
};

/* out may be the same descriptor as in. */
void channel_init(struct channel *channel, int in, int out);

/* Where to put the payload of the next frame to send: FRAME_PAYLOAD_MAX bytes. */
uint8_t *channel_payload(struct channel *channel);

/*
 * Send the payload of `size` bytes that stands at channel_payload(). deadline_ns: clock_ns() value.
 * *ret_sequence (may be NULL) gets the frame's sequence. Returns -1 with *err (ERROR_WORLD) when
 * the other side does not take it before the deadline, or hangs up.
 */
int channel_send(struct channel *channel, uint16_t type, size_t size, uint64_t deadline_ns,
		 uint32_t *ret_sequence, struct error *err);

/*
 * Receive the next frame; its payload is valid until the next call. Returns 1 with *ret set, 0 at
 * the deadline or when poll was interrupted by a signal, -1 with *err on a broken connection or bad
 * frame (`eof` or `failed` tell when nothing can follow; else a server may clear `established` and
 * go on receiving: it resynchronises). Once established, nonce and sequence are checked. A server
 * gets a frame with sequence 1, even behind a frame that was cut short, with `established`
 * cleared: it is a HELLO or nothing. End of file: on a virtio port read
 * returns 0 while no controller is connected, which is no error: set eof_is_idle in that case.
 */
int channel_receive(struct channel *channel, uint64_t deadline_ns, bool eof_is_idle,
		    struct frame *ret, struct error *err);

#endif
