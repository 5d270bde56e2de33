/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_agent.c - bench-agent AGENT FOLDER JSON: the agent's speed against fio's, on files of the
 * same size in the same folder, same block size, depth and way of I/O, both making and verifying
 * what they write (fio: verify=crc32c). Adds its numbers to those in JSON:
 *
 *   agent.vs_fio.PATH.SIZE         operations a second, ours / fio's: as many reads as writes, each
 *                                  block written once and then read once, in ascending order
 *   agent.vs_fio.tmpfs.PATH.SIZE   the same on ext4 over a loop device over tmpfs, where no disk
 *                                  hides what the programs cost
 *
 * bench-agent SOCKET FOLDER JSON SSH_CONFIG: the same in a guest, as lab.vs_fio.PATH.SIZE. SOCKET
 * is the host's end of the agent's port; fio is started through ssh, as the host `guest-a` of
 * SSH_CONFIG, and says itself how long it took. A guest is emulated, so its files are small.
 *
 * The agent is a process, spoken to as a controller does, and its records are fetched: what a run
 * costs is in it. Both sides take turns, who begins as well, so that a neighbour on the machine
 * costs both; the median of the ratios counts, and the least and the greatest are told. Both are
 * kept on one processor: where the kernel would wake them, beside its own threads or not, is a
 * fifth of a short operation, and no doing of theirs. What cannot be measured here (no fio, no
 * O_DIRECT in that folder, no root) is left out, and said why.
 */
#include <jansson.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/interrupt.h"
#include "host/process.h"
#include "site/agent_link.h"
#include "tests/bench/tmpfs_loop.h"

#define RUNS 7U
#define THE_CPU 0
#define ANSWER_NS (120 * NS_PER_S)

static const char the_cpu[] = "0";

static const struct {
	const char *path, *engine; /* ours, fio's */
	bool direct;
	unsigned depth;
} ways[] = {
	{"nosync", "psync", false, 1},
	{"direct-nosync", "psync", true, 1},
	{"uring:8", "io_uring", false, 8},
	{"uring-direct:8", "io_uring", true, 8},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static const char *const names[] = {"buffered", "direct", "uring", "uring-direct"};
static const unsigned sizes[] = {4096, 65536};

static const char *agent_path, *folder, *ssh_config; /* ssh_config: of a guest, else NULL */

/* A disk is slower than its host's memory, and an emulated guest slower than that. */
static uint64_t file_size(unsigned way, unsigned size)
{
	if (ssh_config)
		return (size == 4096 && ways[way].direct ? 4ULL : 16ULL) << 20;
	return (ways[way].direct && size == 4096 ? 64ULL : 256ULL) << 20;
}

/* The socket of a guest's port, or a process here. -1: said why. */
static int connect_agent(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", agent_path);
	if (fd < 0 || !connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	perror(agent_path);
	close(fd);
	return -1;
}

static int spawn_agent(pid_t *ret_pid)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	*ret_pid = fork();
	if (!*ret_pid) {
		dup2(ends[1], STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		execlp("taskset", "taskset", "--cpu-list", the_cpu, agent_path, "--stdio",
		       (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	return ends[0];
}

static struct agent_link *start_agent(pid_t *ret_pid)
{
	struct error err;
	struct agent_link *link;
	int fd = ssh_config ? connect_agent() : spawn_agent(ret_pid);

	if (fd < 0)
		return NULL;
	link = agent_link_new(fd, 0, 20 * NS_PER_S, &err);
	if (!link)
		fprintf(stderr, "agent: %s\n", err.text);
	return link;
}

static int open_target(struct agent_link *link, unsigned way, unsigned size, struct error *err)
{
	struct message_open open = {.size = file_size(way, size),
				    .unit = size,
				    .files = 1,
				    .volume = 1,
				    .run = {7},
				    .create = true};

	snprintf(open.path, sizeof(open.path), "%s/target", folder);
	snprintf(open.io, sizeof(open.io), "%s", ways[way].path);
	if (agent_begin_open(link, &open, err) < 0)
		return -1;
	return agent_finish(link, ANSWER_NS, err);
}

/* All units once; the sequences of the lanes' writes go on from *sequence. */
static int pass(struct agent_link *link, enum op_kind kind, unsigned depth, uint64_t units,
		uint64_t *sequence, struct error *err)
{
	static struct message_run run;
	uint64_t unit = 0;

	while (unit < units) {
		for (run.n = 0; run.n < MESSAGE_OPS_MAX && unit < units; run.n++, unit++)
			run.ops[run.n] =
				(struct message_op){.kind = (uint8_t)kind,
						    .count = 1,
						    .lane = (uint16_t)(unit % depth),
						    .unit = unit,
						    .sequence = kind == OP_WRITE ? ++*sequence : 0};
		if (agent_begin_run(link, &run, err) < 0 || agent_finish(link, ANSWER_NS, err) < 0)
			return -1;
	}
	return 0;
}

/* Operations a second of the agent; negative: not measured, and said why. */
static double measure_agent(unsigned way, unsigned size)
{
	uint64_t units = file_size(way, size) / size, sequence = 0, start;
	struct agent_link *link;
	double result = -1;
	struct error err;
	pid_t pid = 0;

	link = start_agent(&pid);
	if (link && !open_target(link, way, size, &err)) {
		start = clock_ns();
		if (!pass(link, OP_WRITE, ways[way].depth, units, &sequence, &err) &&
		    !pass(link, OP_READ, ways[way].depth, units, &sequence, &err))
			result = 2 * (double)units * NS_PER_S / (double)(clock_ns() - start);
	}
	if (link && result < 0)
		fprintf(stderr, "agent, %s: %s\n", ways[way].path, err.text);
	agent_link_free(link);
	if (pid > 0) {
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
	}
	return result;
}

static double blocks_of(unsigned way, unsigned size)
{
	uint64_t blocks = file_size(way, size) / size;

	return (double)blocks;
}

/* Run a program where the files are; argv: first the places for what makes it run there. */
#define THERE "", "", "", ""
static int run_there(const char *argv[], struct process_result *ret, struct error *err)
{
	const char *const in_guest[] = {"ssh", "-F", ssh_config, "guest-a"};
	const char *const here[] = {"taskset", "--cpu-list", the_cpu};

	memcpy(argv, in_guest, sizeof(in_guest));
	if (!ssh_config)
		memcpy(++argv, here, sizeof(here));
	return process_run(argv, ANSWER_NS, NULL, ret, err);
}

/* Seconds that fio takes for all blocks; negative as above. */
static double fio(unsigned way, unsigned size, bool is_write)
{
	char filename[4096], bytes[32], block[32], engine[32], depth[32];
	const char *argv[] = {THERE,
			      "fio",
			      "--name=bench",
			      "--output-format=json",
			      "--verify=crc32c",
			      "--verify_fatal=1",
			      "--do_verify=0",
			      "--verify_state_save=0",
			      "--fallocate=none",
			      "--invalidate=0", /* nor do we drop what is cached */
			      is_write ? "--rw=write" : "--rw=read",
			      ways[way].direct ? "--direct=1" : "--direct=0",
			      filename,
			      bytes,
			      block,
			      engine,
			      depth,
			      NULL};
	struct process_result result;
	struct error err;
	double iops = 0;
	json_t *root, *job;

	snprintf(filename, sizeof(filename), "--filename=%s/fio", folder);
	snprintf(bytes, sizeof(bytes), "--size=%llu", (unsigned long long)file_size(way, size));
	snprintf(block, sizeof(block), "--bs=%u", size);
	snprintf(engine, sizeof(engine), "--ioengine=%s", ways[way].engine);
	snprintf(depth, sizeof(depth), "--iodepth=%u", ways[way].depth);
	if (run_there(argv, &result, &err) < 0 || result.status) {
		fprintf(stderr, "fio, %s: failed\n", ways[way].path);
		return -1;
	}
	root = json_loads(result.out, 0, NULL);
	job = json_array_get(json_object_get(root, "jobs"), 0);
	iops = json_number_value(
		json_object_get(json_object_get(job, is_write ? "write" : "read"), "iops"));
	json_decref(root);
	process_result_done(&result);
	return iops > 0 ? blocks_of(way, size) / iops : -1;
}

static double measure_fio(unsigned way, unsigned size)
{
	double writing = fio(way, size, true);
	double reading = writing < 0 ? -1 : fio(way, size, false);

	return reading < 0 ? -1 : 2 * blocks_of(way, size) / (writing + reading);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct spread {
	double least, median, most;
};

/* One pair; negative: not measured. */
static double ratio_of(unsigned way, unsigned size, bool ours_first)
{
	double ours = ours_first ? measure_agent(way, size) : 0, theirs;

	if (ours < 0)
		return -1;
	theirs = measure_fio(way, size);
	if (theirs > 0 && !ours_first)
		ours = measure_agent(way, size);
	return theirs <= 0 || ours < 0 ? -1 : ours / theirs;
}

/* The ratios of RUNS pairs; -1: not measured. */
static int compare(unsigned way, unsigned size, struct spread *ret)
{
	double ratios[RUNS];
	unsigned i;

	measure_fio(way, size); /* its file is there from now on, as the agent's is when opened */
	for (i = 0; i < RUNS; i++) {
		ratios[i] = interrupted() ? -1 : ratio_of(way, size, i % 2);
		if (ratios[i] < 0)
			return -1;
	}
	qsort(ratios, RUNS, sizeof(ratios[0]), by_value);
	*ret = (struct spread){ratios[0], ratios[RUNS / 2], ratios[RUNS - 1]};
	return 0;
}

/* place: "" or "tmpfs." */
static void measure_all(const char *place, json_t *numbers)
{
	struct spread ratio;
	char name[64];
	unsigned way, i;

	for (way = 0; way < WAYS; way++) {
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && !interrupted(); i++) {
			snprintf(name, sizeof(name), "%s.vs_fio.%s%s.%uk",
				 ssh_config ? "lab" : "agent", place, names[way], sizes[i] / 1024);
			if (compare(way, sizes[i], &ratio) < 0) {
				printf("%-36s %10s\n", name, "not measured");
				continue;
			}
			printf("%-36s %10.2f of fio's rate (%u pairs: %.2f to %.2f)\n", name,
			       ratio.median, RUNS, ratio.least, ratio.most);
			json_object_set_new(numbers, name, json_real(ratio.median));
		}
	}
}

/* mkdir or rm; the folder is none of somebody's, for it is removed at the end. */
static int folder_there(const char *program, const char *option)
{
	const char *argv[] = {THERE, program, option, folder, NULL};
	struct process_result result;
	struct error err = {0};

	if (!run_there(argv, &result, &err) && !process_result_ok(&result, program, &err))
		return 0;
	fprintf(stderr, "%s\n", err.text);
	return -1;
}

/* -1: something of it is left, and said. */
static int measure_tmpfs(const char *base, json_t *numbers)
{
	char mnt[4096];
	struct error err;

	snprintf(mnt, sizeof(mnt), "%s/mnt", base);
	folder = mnt;
	if (tmpfs_loop_up(base, &err) < 0)
		printf("%-36s %10s: %s\n", "agent.vs_fio.tmpfs.*", "skipped", err.text);
	else
		measure_all("tmpfs.", numbers);
	folder = base;
	if (!tmpfs_loop_down(base, &err))
		return 0;
	fprintf(stderr, "bench-agent: %s\n", err.text);
	return -1;
}

/* We are the controller, which is not where the agent is. */
static void leave_the_cpu(void)
{
	cpu_set_t others;

	if (sched_getaffinity(0, sizeof(others), &others) < 0)
		return;
	CPU_CLR(THE_CPU, &others);
	if (CPU_COUNT(&others))
		sched_setaffinity(0, sizeof(others), &others);
}

int main(int argc, char **argv)
{
	json_t *numbers;
	int result = 0;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: bench-agent AGENT FOLDER JSON\n"
				"       bench-agent SOCKET FOLDER JSON SSH_CONFIG\n");
		return 2;
	}
	agent_path = argv[1];
	folder = argv[2];
	ssh_config = argv[4];
	if (folder_there("mkdir", "-m700") < 0)
		return 3;
	leave_the_cpu();
	interrupt_install();
	setvbuf(stdout, NULL, _IOLBF, 0);
	numbers = json_load_file(argv[3], 0, NULL);
	if (!numbers)
		numbers = json_object();
	measure_all("", numbers);
	if (!ssh_config && !interrupted() && measure_tmpfs(argv[2], numbers) < 0)
		result = 3; /* the folder stays, for what is left lies in it */
	else if (json_dump_file(numbers, argv[3], JSON_INDENT(2) | JSON_SORT_KEYS))
		result = 3;
	if (interrupted())
		result = 130;
	json_decref(numbers);
	interrupt_hold(true);
	if (result != 3)
		folder_there("rm", "-rf");
	return result;
}
