/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io_uring.c - one ring for all files of a target, through the page cache or with O_DIRECT.
 *
 * Each operation is one request to the kernel; the flush of a `sync` write is a second one, linked
 * to it: the kernel begins it when the write is whole, and cancels it when the write failed or fell
 * short. A batch is over when every request that the kernel has taken is answered, whatever came of
 * it: until then it may still write to the buffers. Should the ring itself fail, it is used no
 * more.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/io.h"
#include "common/clock.h"

struct ring {
	struct io_uring uring;
	bool broken; /* what it was asked for may be in it still */
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

static void *ring_begin(unsigned depth, struct error *err)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int failed;

	if (!ring) {
		error_set(err, ERROR_WORLD, "no memory for an io_uring");
		return NULL;
	}
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

/* The request's entries in the queue: its number, and whether it is the flush, come back with the
 * answers. Returns how many. A request of no bytes is a flush alone. */
static unsigned prepare(struct ring *ring, const struct io_request *request, unsigned number)
{
	const struct ring_file *file = request->file;
	struct io_uring_sqe *sqe;
	unsigned n = 0;

	if (request->size) {
		sqe = io_uring_get_sqe(&ring->uring);
		if (request->write)
			io_uring_prep_write(sqe, file->fd, request->buf, (unsigned)request->size,
					    request->at);
		else
			io_uring_prep_read(sqe, file->fd, request->buf, (unsigned)request->size,
					   request->at);
		io_uring_sqe_set_flags(sqe, request->flush ? IOSQE_IO_LINK : 0);
		io_uring_sqe_set_data64(sqe, 2ULL * number);
		n++;
	}
	if (request->flush) {
		sqe = io_uring_get_sqe(&ring->uring);
		io_uring_prep_fsync(sqe, file->fd, 0);
		io_uring_sqe_set_data64(sqe, 2ULL * number + 1);
		n++;
	}
	return n;
}

/* Hand the kernel n entries; returns how many it took. */
static unsigned submit(struct ring *ring, unsigned n)
{
	unsigned taken = 0;
	int result;

	while (taken < n) {
		result = io_uring_submit(&ring->uring);
		if (result > 0)
			taken += (unsigned)result;
		else if (result != -EINTR && result != -EAGAIN)
			break;
	}
	return taken;
}

static void take_answer(struct io_request *request, bool flush, int answer)
{
	size_t wanted = flush ? 0 : request->size;

	request->complete = clock_ns();
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

/* Wait for as many answers; each takes one from its request in `open`. */
static void reap(struct ring *ring, struct io_request *requests, unsigned n, unsigned *open)
{
	struct io_uring_cqe *cqe;
	uint64_t which;
	int failed;

	while (n) {
		failed = io_uring_wait_cqe(&ring->uring, &cqe);
		if (failed == -EINTR)
			continue;
		if (failed) {
			ring->broken = true;
			return;
		}
		which = io_uring_cqe_get_data64(cqe);
		take_answer(&requests[which / 2], which % 2, cqe->res);
		open[which / 2]--;
		io_uring_cqe_seen(&ring->uring, cqe);
		n--;
	}
}

static void ring_batch(void *session, struct io_request *requests, unsigned n)
{
	unsigned open[IO_DEPTH_MAX], entries = 0, taken = 0, i;
	struct ring *ring = session;

	for (i = 0; i < n; i++) {
		requests[i].result = 0;
		open[i] = ring->broken ? 1 : prepare(ring, &requests[i], i);
		entries += open[i];
	}
	if (!ring->broken) {
		taken = submit(ring, entries);
		reap(ring, requests, taken, open);
		ring->broken |= taken < entries;
	}
	for (i = 0; i < n; i++) {
		if (!open[i])
			continue;
		requests[i].complete = clock_ns();
		if (requests[i].result < 0)
			continue;
		errno = EIO;
		requests[i].result = error_set_errno(&requests[i].err, ERROR_WORLD,
						     "the io_uring does not answer");
	}
}

static int do_one(struct io_request *request, struct error *err)
{
	ring_batch(((struct ring_file *)request->file)->ring, request, 1);
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
	.batch = ring_batch

const struct io_path io_uring = {.name = "uring", RING};
const struct io_path io_uring_direct = {.name = "uring-direct", .open_flags = O_DIRECT, RING};
