/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io_uring.c - one ring for all files of a target, through the page cache or with O_DIRECT.
 *
 * Each operation is one request to the kernel; the flush of a `sync` write is a second one, linked
 * to it: the kernel begins it when the write is whole, and cancels it when the write failed or fell
 * short. A request is over when all of its entries are answered, whatever came of it: until then
 * the kernel may still write to its buffer. Should the ring itself fail, it is used no more, and
 * what is under way has no answer.
 *
 * What was submitted goes to the kernel when all answers that are there have been taken, in the
 * same call that waits for the next; earlier only if it is so much that the disk would wait longer
 * for us to verify and stamp than another call takes.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/io.h"
#include "common/clock.h"

#define UNSENT_MAX (32U << 10) /* bytes; verified and stamped in some 4 us, a call takes 1 to 2 */

struct ring {
	struct io_uring uring;
	bool broken;   /* what it was asked for may be in it still */
	size_t unsent; /* bytes of what the kernel was not told yet */
	unsigned depth, n;
	struct io_request *under_way[IO_DEPTH_MAX];
};

struct ring_file {
	struct ring *ring;
	int fd;
};

static int check_operations(struct io_uring *uring, struct error *err)
{
	static const int wanted[] = {IORING_OP_READ, IORING_OP_WRITE, IORING_OP_FSYNC};
	struct io_uring_probe *probe = io_uring_get_probe_ring(uring);
	int result = probe ? 0 : -1;
	size_t i;

	for (i = 0; probe && i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (!io_uring_opcode_supported(probe, wanted[i]))
			result = -1;
	}
	io_uring_free_probe(probe);
	if (result < 0)
		error_set(err, ERROR_WORLD,
			  "this kernel's io_uring cannot read, write and fsync (Linux 5.6)");
	return result;
}

/* One thread submits and reaps, and what completes meanwhile need not interrupt it (Linux 6.1). */
#define QUICK (IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN)

static void *ring_begin(unsigned depth, struct error *err)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int failed;

	if (!ring) {
		error_set(err, ERROR_WORLD, "no memory for an io_uring");
		return NULL;
	}
	ring->depth = depth;
	failed = io_uring_queue_init(2 * depth, &ring->uring, QUICK);
	if (failed == -EINVAL) /* the kernel is older */
		failed = io_uring_queue_init(2 * depth, &ring->uring, 0);
	if (failed) {
		errno = -failed;
		error_set_errno(
			err, ERROR_WORLD,
			"this kernel gives us no io_uring (sysctl kernel.io_uring_disabled?)");
		free(ring);
		return NULL;
	}
	if (!check_operations(&ring->uring, err))
		return ring;
	io_uring_queue_exit(&ring->uring);
	free(ring);
	return NULL;
}

static void ring_end(void *session)
{
	struct ring *ring = session;

	io_uring_queue_exit(&ring->uring);
	free(ring);
}

static void *ring_open(void *session, int fd, struct error *err)
{
	struct ring_file *file = malloc(sizeof(*file));

	if (file)
		*file = (struct ring_file){session, fd};
	else
		error_set(err, ERROR_WORLD, "no memory for an open file");
	return file;
}

static void ring_close(void *file)
{
	close(((struct ring_file *)file)->fd);
	free(file);
}

/* The request's entries in the queue. With the answer to each comes back which request it is of,
 * and in the lowest bit whether it is the flush. A request of no bytes is a flush alone. */
static void prepare(struct ring *ring, struct io_request *request)
{
	const struct ring_file *file = request->file;
	uint64_t name = (uintptr_t)request;
	struct io_uring_sqe *sqe;

	if (request->size) {
		sqe = io_uring_get_sqe(&ring->uring);
		if (request->write)
			io_uring_prep_write(sqe, file->fd, request->buf, (unsigned)request->size,
					    request->at);
		else
			io_uring_prep_read(sqe, file->fd, request->buf, (unsigned)request->size,
					   request->at);
		io_uring_sqe_set_flags(sqe, request->flush ? IOSQE_IO_LINK : 0);
		io_uring_sqe_set_data64(sqe, name);
		request->awaited++;
	}
	if (request->flush) {
		sqe = io_uring_get_sqe(&ring->uring);
		io_uring_prep_fsync(sqe, file->fd, 0);
		io_uring_sqe_set_data64(sqe, name | 1);
		request->awaited++;
	}
}

static void ring_submit(void *session, struct io_request *request)
{
	struct ring *ring = session;

	assert(ring->n < ring->depth);
	request->result = 0;
	request->awaited = 0;
	ring->under_way[ring->n++] = request;
	ring->unsent += request->size;
	if (!ring->broken)
		prepare(ring, request);
}

static void take_answer(struct io_request *request, bool flush, int answer)
{
	size_t wanted = flush ? 0 : request->size;

	request->complete = clock_ns();
	request->awaited--;
	/* a flush that was cancelled was so by its write, which says more, before or after */
	if (flush && request->result < 0)
		return;
	if (answer < 0)
		errno = -answer;
	if (io_result(answer < 0 ? -1 : answer, wanted,
		      flush	       ? "fsync"
		      : request->write ? "write"
				       : "read",
		      &request->err) < 0)
		request->result = -1;
}

/* It is no longer under way. */
static struct io_request *forget(struct ring *ring, struct io_request *request)
{
	unsigned i = 0;

	while (ring->under_way[i] != request)
		i++;
	ring->under_way[i] = ring->under_way[--ring->n];
	return request;
}

/* Hand the kernel what it has not got, and wait for `wanted` answers. */
static void enter(struct ring *ring, unsigned wanted)
{
	int result = io_uring_submit_and_wait(&ring->uring, wanted);

	if (result < 0 && result != -EINTR && result != -EAGAIN && result != -EBUSY)
		ring->broken = true;
	ring->unsent = 0;
}

/* One whose answer never comes. */
static struct io_request *lost(struct ring *ring)
{
	struct io_request *request = ring->under_way[0];

	request->complete = clock_ns();
	if (!request->result) {
		errno = EIO;
		request->result =
			error_set_errno(&request->err, ERROR_WORLD, "the io_uring does not answer");
	}
	return forget(ring, request);
}

static struct io_request *ring_reap(void *session)
{
	struct ring *ring = session;
	struct io_request *request;
	struct io_uring_cqe *cqe;
	uint64_t name;

	assert(ring->n);
	while (!ring->broken) {
		if (ring->unsent >= UNSENT_MAX)
			enter(ring, 0);
		if (io_uring_peek_cqe(&ring->uring, &cqe)) {
			enter(ring, 1);
			continue;
		}
		name = io_uring_cqe_get_data64(cqe);
		request = (struct io_request *)(uintptr_t)(name & ~1ULL);
		take_answer(request, name & 1, cqe->res);
		io_uring_cqe_seen(&ring->uring, cqe);
		if (!request->awaited)
			return forget(ring, request);
	}
	return lost(ring);
}

/* Alone: nothing else is under way. */
static int do_one(struct io_request *request, struct error *err)
{
	struct ring *ring = ((struct ring_file *)request->file)->ring;

	ring_submit(ring, request);
	ring_reap(ring);
	if (request->result < 0)
		error_set(err, request->err.kind, "%s", request->err.text);
	return request->result;
}

static int ring_read(void *file, void *buf, size_t size, uint64_t at, struct error *err)
{
	struct io_request request = {.file = file, .buf = buf, .size = size, .at = at};

	return do_one(&request, err);
}

static int ring_write(void *file, const void *buf, size_t size, uint64_t at, struct error *err)
{
	struct io_request request = {
		.file = file, .buf = (void *)buf, .size = size, .at = at, .write = true};

	return do_one(&request, err);
}

static int ring_flush(void *file, struct error *err)
{
	struct io_request request = {.file = file, .flush = true};

	return do_one(&request, err);
}

#define RING \
	.sync = IO_SYNC_FLUSH, .begin = ring_begin, .end = ring_end, .open = ring_open, \
	.read = ring_read, .write = ring_write, .flush = ring_flush, .close = ring_close, \
	.submit = ring_submit, .reap = ring_reap

const struct io_path io_uring = {.name = "uring", RING};
const struct io_path io_uring_direct = {.name = "uring-direct", .open_flags = O_DIRECT, RING};
