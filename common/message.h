/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.h - what controller and agent say to each other: the payloads of frames.
 *
 * Every request of the controller is answered by zero or more RECORDS frames and then exactly one
 * of: HELLO_OK, PONG, DONE, FAILED. Requests other than PING are served one after another by the
 * agent's lane; a PING is answered at once, even while the lane is busy, and HEARD is taken at
 * once. Kernel log lines arrive as RECORDS (EVENT records) at any time.
 */
#ifndef COMMON_MESSAGE_H
#define COMMON_MESSAGE_H

#include "common/error.h"
#include "common/frame.h"
#include "common/io_name.h"
#include "common/lane_program.h"
#include "common/op.h"

enum message_type {
	/* controller to agent */
	MESSAGE_HELLO = 1,   /* no payload: the frame's version and nonce are the content */
	MESSAGE_PING,	     /* u64 c0 */
	MESSAGE_MOUNT,	     /* struct message_mount */
	MESSAGE_UNMOUNT,     /* string: directory */
	MESSAGE_OPEN,	     /* struct message_open */
	MESSAGE_RUN,	     /* struct message_run */
	MESSAGE_CLOSE,	     /* nothing */
	MESSAGE_AWAIT_MOUNT, /* struct message_await */
	MESSAGE_LANES,	     /* struct message_lanes */
	MESSAGE_HEARD,	     /* struct message_heard: not answered */
	/* agent to controller */
	MESSAGE_HELLO_OK = 64, /* struct message_hello_ok */
	MESSAGE_PONG,	       /* u64 c0, n1, n2 */
	MESSAGE_RECORDS,       /* whole records (record.h) */
	MESSAGE_DONE,	       /* u32: sequence of the request's frame */
	MESSAGE_FAILED,	       /* struct message_failed */
};

#define MESSAGE_TEXT_MAX 1024 /* any string, terminator included */

struct message_mount {
	char serial[MESSAGE_TEXT_MAX]; /* the disk is the one with this serial; waited for */
	char directory[MESSAGE_TEXT_MAX];
	char fstype[MESSAGE_TEXT_MAX];
	char options[MESSAGE_TEXT_MAX];
	uint32_t timeout_ms; /* for the disk to appear */
};

/* Wait until the volume is mounted; by whom is not asked. */
struct message_await {
	char directory[MESSAGE_TEXT_MAX]; /* that is to lie on it; absolute, links are not followed
					   */
	char fstype[MESSAGE_TEXT_MAX];
	uint32_t timeout_ms;
};

#define MESSAGE_IO_MAX IO_NAMES_MAX

struct message_open {
	char path[MESSAGE_TEXT_MAX];   /* the target: a directory of ours, or a device */
	char serial[MESSAGE_TEXT_MAX]; /* a device without a path: the disk with this serial */
	char io[MESSAGE_IO_MAX];       /* the I/O paths (io_name.h): "dsync", "mmap/direct" */
	uint32_t timeout_ms;	       /* for the disk to appear */
	uint64_t size;		       /* bytes, a multiple of files * unit */
	uint32_t unit;
	uint32_t files;
	uint32_t volume;
	uint8_t run[16];
	uint8_t node;
	uint8_t create; /* make, mark, preallocate and prefill it; else it must be there and ours */
	uint8_t device; /* it is a block device, claimed by its owner; only past the page cache */
};

enum message_op_flag {
	MESSAGE_OP_SYNC = 1,   /* a write: flushed before it counts as complete */
	MESSAGE_OP_UPDATE = 2, /* reads and the write after them: one update under a lock */
	MESSAGE_OP_LOG = 4,    /* of the log beside the file: a write appends, a read looks in it */
	MESSAGE_OP_NAME = 8,   /* of the slot beside the file: its entry's name is what it holds */
	MESSAGE_OP_CREATE = 16,	  /* a name that is written by a new file in place of a rename */
	MESSAGE_OP_LINK = 32,	  /* a name that is written by a link */
	MESSAGE_OP_TRUNCATE = 16, /* the same bit, of a tail: it is cut first */
	MESSAGE_OP_TAIL = 64,	  /* of the file beside, whose end is what is written and read */
	MESSAGE_OP_FLAGS = 127,
};

/* One operation of a RUN. */
struct message_op {
	uint8_t kind;  /* enum op_kind */
	uint8_t flags; /* MESSAGE_OP_... */
	uint16_t count;
	uint16_t lane;
	uint64_t unit;
	uint64_t sequence; /* a write: its sequence */
	uint64_t after;	   /* to be copied into the record */
	uint64_t peer;	   /* to be copied into tag and record */
};

/* Not of the data file itself. */
#define MESSAGE_OP_BESIDE (MESSAGE_OP_LOG | MESSAGE_OP_NAME | MESSAGE_OP_TAIL)

#define MESSAGE_OPS_MAX 1024
#define MESSAGE_LOG_MAX (1U << 20) /* bytes; a log must be smaller */

struct message_run {
	uint32_t n;
	uint64_t delay_ns; /* before the first */
	struct message_op ops[MESSAGE_OPS_MAX];
};

/* Free-running lanes: the node's own of the set are begun, and run until each has ended. */
struct message_lanes {
	uint64_t delay_ns; /* before the first */
	struct lane_set set;
};

/* While lanes run: what the controller has heard so far. */
struct message_heard {
	uint64_t completions; /* of the other node: `after` of operations from now on */
	uint32_t n;
	uint32_t steps[LANES_MAX]; /* of each lane of this node, how many */
};

struct message_hello_ok {
	char build[MESSAGE_TEXT_MAX];  /* version of the agent */
	char kernel[MESSAGE_TEXT_MAX]; /* release of the guest's kernel */
};

struct message_failed {
	uint32_t request; /* sequence of the request's frame */
	uint8_t kind;	  /* enum error_kind */
	char text[MESSAGE_TEXT_MAX];
};

/*
 * Encoders write a payload to ret (FRAME_PAYLOAD_MAX bytes) and return its size. Decoders read one
 * and return 0, or -1 with *err (ERROR_WORLD) when it is too short, too long, holds a string
 * without end or a number out of range; *ret is undefined then.
 */
size_t message_encode_u32(uint32_t value, uint8_t *ret);
size_t message_encode_ping(uint64_t c0, uint8_t *ret);
size_t message_encode_pong(uint64_t c0, uint64_t n1, uint64_t n2, uint8_t *ret);
size_t message_encode_string(const char *text, uint8_t *ret);
size_t message_encode_mount(const struct message_mount *mount, uint8_t *ret);
size_t message_encode_await(const struct message_await *await, uint8_t *ret);
size_t message_encode_open(const struct message_open *open, uint8_t *ret);
size_t message_encode_run(const struct message_run *run, uint8_t *ret);
size_t message_encode_lanes(const struct message_lanes *lanes, uint8_t *ret);
size_t message_encode_heard(const struct message_heard *heard, uint8_t *ret);
size_t message_encode_hello_ok(const struct message_hello_ok *hello, uint8_t *ret);
size_t message_encode_failed(const struct message_failed *failed, uint8_t *ret);

int message_decode_u32(const struct frame *frame, uint32_t *ret, struct error *err);
int message_decode_ping(const struct frame *frame, uint64_t *c0, struct error *err);
int message_decode_pong(const struct frame *frame, uint64_t *c0, uint64_t *n1, uint64_t *n2,
			struct error *err);
int message_decode_string(const struct frame *frame, char ret[MESSAGE_TEXT_MAX], struct error *err);
int message_decode_mount(const struct frame *frame, struct message_mount *ret, struct error *err);
int message_decode_await(const struct frame *frame, struct message_await *ret, struct error *err);
int message_decode_open(const struct frame *frame, struct message_open *ret, struct error *err);
int message_decode_run(const struct frame *frame, struct message_run *ret, struct error *err);
int message_decode_lanes(const struct frame *frame, struct message_lanes *ret, struct error *err);
int message_decode_heard(const struct frame *frame, struct message_heard *ret, struct error *err);
int message_decode_hello_ok(const struct frame *frame, struct message_hello_ok *ret,
			    struct error *err);
int message_decode_failed(const struct frame *frame, struct message_failed *ret, struct error *err);

#endif
