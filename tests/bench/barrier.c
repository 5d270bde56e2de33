/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * barrier.c - the other way to test what `stalemate` tests, to be measured against: a barrier for
 * every write, as ocfs2-test's multi_directio_test has it. For two nodes that share FILE:
 *
 *   barrier FILE BLOCKS SECONDS read PORT           the other node: prints what it found
 *   barrier FILE BLOCKS SECONDS write ADDRESS PORT  makes the content, then a block at a time
 *
 * FILE is there, of BLOCKS blocks of 4 KiB at least. The writer writes past its page cache and
 * flushes; then it says which block has which generation now, and waits. The reader has read the
 * file into its page cache before; it reads all of it again and compares every byte with what it
 * was told, and answers. So there is one write at any time and nothing is ever concurrent: what
 * differs is wrong, but whether it is old, lost or damaged is not asked.
 *
 * exit: 0 nothing differs within SECONDS, 1 something does, 2 usage, 3 it could not be tested
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parse.h"

#define BLOCK 4096
#define BLOCKS_MAX 65536
#define CONNECT_NS (20 * NS_PER_S)

/* What the writer says after each write; block BLOCKS: the end. */
struct step {
	uint64_t block, generation;
};

struct test {
	int fd, peer;
	uint64_t blocks, limit_ns, start, reads;
	uint64_t *generations; /* of each block, the last that was heard of */
	uint8_t *block, *wanted;
};

static void make_block(uint8_t *ret, uint64_t block, uint64_t generation)
{
	const struct step head = {block, generation};

	memset(ret, 'A' + (int)(generation % 26), BLOCK);
	memcpy(ret, &head, sizeof(head));
}

static double seconds(const struct test *t)
{
	return (double)(clock_ns() - t->start) / NS_PER_S;
}

static int tell(struct test *t, const struct step *step, struct error *err)
{
	if (send(t->peer, step, sizeof(*step), MSG_NOSIGNAL) != sizeof(*step))
		return error_set_errno(err, ERROR_WORLD, "the other node cannot be told");
	return 0;
}

static int hear(struct test *t, struct step *ret, struct error *err)
{
	ssize_t n = recv(t->peer, ret, sizeof(*ret), MSG_WAITALL);

	if (n != sizeof(*ret))
		return error_set(err, ERROR_WORLD, "the other node has gone");
	if (ret->block > t->blocks)
		return error_set(err, ERROR_WORLD, "the other node names block %" PRIu64,
				 ret->block);
	return 0;
}

static int write_block(struct test *t, uint64_t block, struct error *err)
{
	make_block(t->block, block, t->generations[block]);
	if (pwrite(t->fd, t->block, BLOCK, (off_t)(block * BLOCK)) != BLOCK)
		return error_set_errno(err, ERROR_WORLD, "write of block %" PRIu64, block);
	return 0;
}

/* Returns 1 if a block of the file differs, which is printed; 0 if none does; else -1. */
static int compare_file(struct test *t, struct error *err)
{
	struct step found;
	uint64_t i;

	for (i = 0; i < t->blocks; i++) {
		memset(t->block, 0xff, BLOCK);
		if (pread(t->fd, t->block, BLOCK, (off_t)(i * BLOCK)) != BLOCK)
			return error_set_errno(err, ERROR_WORLD, "read of block %" PRIu64, i);
		t->reads++;
		make_block(t->wanted, i, t->generations[i]);
		if (!memcmp(t->block, t->wanted, BLOCK))
			continue;
		memcpy(&found, t->block, sizeof(found));
		printf("%.3f s, %" PRIu64 " reads: block %" PRIu64 " differs: written %" PRIu64
		       ":%" PRIu64 "%c, read %" PRIu64 ":%" PRIu64 "%c\n",
		       seconds(t), t->reads, i, i, t->generations[i], t->wanted[BLOCK - 1],
		       found.block, found.generation,
		       t->block[BLOCK - 1] >= 'A' && t->block[BLOCK - 1] <= 'Z'
			       ? t->block[BLOCK - 1]
			       : '?');
		return 1;
	}
	return 0;
}

/* Steps until the writer has no more, or something differs. Result as compare_file's. */
static int read_side(struct test *t, struct error *err)
{
	struct step step;
	int differs;

	for (;;) {
		if (hear(t, &step, err) < 0)
			return -1;
		if (step.block == t->blocks) {
			printf("%.3f s, %" PRIu64 " reads: nothing differs\n", seconds(t),
			       t->reads);
			return 0;
		}
		t->generations[step.block] = step.generation;
		differs = compare_file(t, err);
		if (differs < 0)
			return -1;
		if (differs)
			step.block = t->blocks;
		if (tell(t, &step, err) < 0 || differs)
			return differs ? 1 : -1;
	}
}

/* Writes one block, has it read; *ret_end: the reader has seen enough. */
static int write_step(struct test *t, uint64_t block, bool *ret_end, struct error *err)
{
	struct step step = {block, t->generations[block]};

	if (write_block(t, block, err) < 0)
		return -1;
	if (fsync(t->fd) < 0)
		return error_set_errno(err, ERROR_WORLD, "fsync");
	if (tell(t, &step, err) < 0 || hear(t, &step, err) < 0)
		return -1;
	*ret_end = step.block == t->blocks;
	return 0;
}

static int write_side(struct test *t, struct error *err)
{
	const struct step last = {.block = t->blocks};
	bool end = false;
	uint64_t i;

	for (i = 1; i < t->blocks; i++) {
		if (write_block(t, i, err) < 0)
			return -1;
	}
	if (write_step(t, 0, &end, err) < 0) /* the reader has the file in its cache after this */
		return -1;
	for (i = 0; !end; i = (i + 1) % t->blocks) {
		if (clock_ns() - t->start > t->limit_ns)
			return tell(t, &last, err);
		t->generations[i]++;
		if (write_step(t, i, &end, err) < 0)
			return -1;
	}
	return 1;
}

static int open_file(struct test *t, const char *path, bool is_writer, struct error *err)
{
	t->fd = open(path, is_writer ? O_RDWR | O_DIRECT | O_CLOEXEC : O_RDONLY | O_CLOEXEC);
	if (t->fd < 0)
		return error_set_errno(err, ERROR_WORLD, "%s", path);
	t->block = aligned_alloc(BLOCK, BLOCK);
	t->wanted = aligned_alloc(BLOCK, BLOCK);
	t->generations = calloc(t->blocks, sizeof(*t->generations));
	if (!t->block || !t->wanted || !t->generations)
		return error_set(err, ERROR_WORLD, "out of memory");
	return 0;
}

static int accept_peer(struct test *t, const struct sockaddr_in *address, struct error *err)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    !bind(fd, (const struct sockaddr *)address, sizeof(*address)) && !listen(fd, 1))
		t->peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (t->peer < 0)
		error_set_errno(err, ERROR_WORLD, "port %u", ntohs(address->sin_port));
	if (fd >= 0)
		close(fd);
	return t->peer < 0 ? -1 : 0;
}

/* The reader may come a little later. */
static int connect_peer(struct test *t, const struct sockaddr_in *address, struct error *err)
{
	const uint64_t end = clock_ns() + CONNECT_NS;

	for (;;) {
		t->peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (t->peer >= 0 &&
		    !connect(t->peer, (const struct sockaddr *)address, sizeof(*address)))
			return 0;
		if (clock_ns() > end)
			return error_set_errno(err, ERROR_WORLD, "the reader does not answer");
		if (t->peer >= 0)
			close(t->peer);
		clock_sleep(20 * NS_PER_MS);
	}
}

/* argv: FILE BLOCKS SECONDS, then where the two meet. */
static int run(struct test *t, const char *const argv[], const char *host, const char *port,
	       struct error *err)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	uint64_t limit, number;
	int result, on = 1;

	if (parse_u64(argv[1], BLOCKS_MAX, "BLOCKS", &t->blocks, err) < 0 ||
	    parse_u64(argv[2], 86400, "SECONDS", &limit, err) < 0 ||
	    parse_u64(port, UINT16_MAX, "PORT", &number, err) < 0)
		return -1;
	if (!t->blocks)
		return error_set(err, ERROR_USER, "BLOCKS: at least 1");
	if (inet_pton(AF_INET, host ? host : "0.0.0.0", &address.sin_addr) != 1)
		return error_set(err, ERROR_USER, "%s: not an IPv4 address", host);
	address.sin_port = htons((uint16_t)number);
	t->limit_ns = limit * NS_PER_S;
	if (open_file(t, argv[0], host, err) < 0)
		return -1;
	result = host ? connect_peer(t, &address, err) : accept_peer(t, &address, err);
	if (result < 0)
		return -1;
	setsockopt(t->peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	t->start = clock_ns();
	return host ? write_side(t, err) : read_side(t, err);
}

int main(int argc, char **argv)
{
	struct test test = {.fd = -1, .peer = -1};
	struct error err = {0};
	int result;

	if (!((argc == 6 && !strcmp(argv[4], "read")) ||
	      (argc == 7 && !strcmp(argv[4], "write")))) {
		fprintf(stderr, "usage: barrier FILE BLOCKS SECONDS read PORT\n"
				"       barrier FILE BLOCKS SECONDS write ADDRESS PORT\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	result = run(&test, (const char *const *)argv + 1, argc == 7 ? argv[5] : NULL,
		     argv[argc - 1], &err);
	if (result < 0)
		fprintf(stderr, "barrier: %s\n", err.text);
	free(test.block);
	free(test.wanted);
	free(test.generations);
	if (test.fd >= 0)
		close(test.fd);
	if (test.peer >= 0)
		close(test.peer);
	return result < 0 ? error_exit_status(&err) : result;
}
