/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_checker.c - the judge's speed and memory.
 *
 * Every measurement is a child of its own that judges files from their first byte to the verdict,
 * and that fails if the verdict is wrong. Operations per second are those of the processor time it
 * used (one thread), so that a neighbour on the machine costs little; only what is about threads
 * goes by the clock on the wall. Memory is the child's peak, its code and libraries included; per
 * unit it is what it has more than the same child on as many operations on one unit.
 *
 * Beside it, for scale: the same files read with nothing but each record's checksum verified
 * (scan), and hashed whole (hash). No judge of these files can be faster than that.
 *
 * A judge that looks at nothing is the fastest of all, so each pass has to find the stale
 * reads planted in a history of its own first, neither more nor less.
 */
#include "tests/bench/bench.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "check/check.h"
#include "common/parse.h"
#include "common/record.h"
#include "tests/bench/child.h"
#include "tests/bench/generate.h"

#define OPERATIONS 20000000
#define PLANTED_OPERATIONS 1000000
#define PLANTED 20
#define STALLED_TAIL 500000 /* ns */
#define THREAD_RUNS 3
#define CHUNK (16384 * RECORD_SIZE)
#define STREAM 1U
#define EXACT 2U

static const char *const pass_names[] = {"both", "stream", "exact"};

/* A history made for one measurement or more. */
struct made {
	char folder[3072], paths[NODES][4096];
	struct generate_options options;
	struct generate_result *result; /* shared with the child that makes it */
};

struct job {
	const struct made *made;
	unsigned passes, threads;
};

static int generate_child(const void *argument)
{
	const struct made *made = argument;
	struct error err;

	if (!generate_histories(made->folder, &made->options, made->result, &err))
		return 0;
	fprintf(stderr, "bench: %s\n", err.text);
	return -1;
}

static void forget(const struct made *made)
{
	unsigned node;

	for (node = 0; node < NODES; node++)
		unlink(made->paths[node]);
	rmdir(made->folder);
}

/* Histories as the options say, in a folder of this name. -1, and nothing is left, if not. */
static int make(const char *folder, const char *name, struct made *ret)
{
	double needed = (double)ret->options.operations * RECORD_SIZE * 1.1, space;
	struct child_usage usage;
	struct statvfs fs;
	unsigned node;

	snprintf(ret->folder, sizeof(ret->folder), "%s/%s", folder, name);
	for (node = 0; node < NODES; node++)
		snprintf(ret->paths[node], sizeof(ret->paths[node]), "%s/%c.history", ret->folder,
			 'a' + (int)node);
	forget(ret); /* what a bench left that was killed */
	if (mkdir(ret->folder, 0777) < 0 || statvfs(ret->folder, &fs) < 0) {
		fprintf(stderr, "bench: %s: %s\n", ret->folder, strerror(errno));
		return -1;
	}
	space = (double)fs.f_bavail * (double)fs.f_frsize;
	if (space < needed) {
		fprintf(stderr, "bench: %s: %.1f GB needed, %.1f GB free: left out\n", ret->folder,
			needed / 1e9, space / 1e9);
		forget(ret);
		return -1;
	}
	if (child_run(generate_child, ret, &usage) < 0) {
		forget(ret);
		return -1;
	}
	return 0;
}

static int judge_child(const void *argument)
{
	const struct job *job = argument;
	const char *paths[NODES] = {job->made->paths[0], job->made->paths[1]};
	struct check_options options = {.passes = job->passes, .threads = job->threads};
	struct verdict verdict;
	struct error err;
	int result = 0;

	if (check_files(paths, NODES, &options, &verdict, &err) < 0) {
		fprintf(stderr, "bench: %s\n", err.text);
		return -1;
	}
	if (verdict.ops != job->made->options.operations ||
	    verdict.n_violations != job->made->result->stale) {
		fprintf(stderr,
			"bench: %s: %s: %llu operations judged, %llu violations found, %llu "
			"planted\n",
			job->made->folder, pass_names[job->passes], (unsigned long long)verdict.ops,
			(unsigned long long)verdict.n_violations,
			(unsigned long long)job->made->result->stale);
		result = -1;
	}
	verdict_done(&verdict);
	return result;
}

/* Both files from front to back; scan: each record's checksum, else one hash over all. */
static int read_child(const struct job *job, bool scan)
{
	uint8_t *buf = malloc(CHUNK);
	uint64_t broken = 0, sum = 0;
	unsigned node;
	ssize_t n = 0, i;
	int fd;

	for (node = 0; buf && node < NODES; node++) {
		fd = open(job->made->paths[node], O_RDONLY | O_CLOEXEC);
		if (fd < 0 || lseek(fd, HISTORY_HEADER_SIZE, SEEK_SET) < 0)
			break;
		while ((n = read(fd, buf, CHUNK)) > 0) {
			if (!scan)
				sum ^= XXH3_64bits(buf, (size_t)n);
			for (i = 0; scan && i + RECORD_SIZE <= n; i += RECORD_SIZE)
				broken += !record_intact(buf + i);
		}
		close(fd);
	}
	free(buf);
	return node == NODES && !n && !broken && (scan || sum) ? 0 : -1;
}

static int scan_child(const void *argument)
{
	return read_child(argument, true);
}

static int hash_child(const void *argument)
{
	return read_child(argument, false);
}

static void report(const char *what, const char *name, double value, const char *unit)
{
	char full[128];

	snprintf(full, sizeof(full), "checker.%s.%s", what, name);
	bench_report(full, value, unit);
}

static double rate(const struct made *made, double seconds)
{
	return (double)made->options.operations / (seconds > 1e-6 ? seconds : 1e-6);
}

/* One pass on one history, by one thread: the peak, or -1. */
static double measure(const struct made *made, unsigned passes, const char *what, const char *goal)
{
	struct job job = {.made = made, .passes = passes, .threads = 1};
	struct child_usage usage;

	if (child_run(judge_child, &job, &usage) < 0) {
		report(what, "ops_per_s", -1, "");
		return -1;
	}
	report(what, "ops_per_s", rate(made, usage.cpu_s), goal);
	report(what, "peak_mib", usage.peak_mib, "MiB");
	return usage.peak_mib;
}

static void measure_reading(const struct made *made)
{
	struct job job = {.made = made};
	struct child_usage usage;

	if (!child_run(scan_child, &job, &usage))
		bench_report("checker.scan.ops_per_s", rate(made, usage.cpu_s),
			     "(read, checksums verified, not judged)");
	if (!child_run(hash_child, &job, &usage))
		bench_report("checker.hash.ops_per_s", rate(made, usage.cpu_s),
			     "(read, hashed whole)");
}

/* Operations that hang about: while one is under way, nothing that began since can be forgotten. */
static void measure_stalled(const char *folder, struct made *made)
{
	struct made stalled = *made;

	stalled.options.operations = made->options.operations / 10;
	stalled.options.tail = STALLED_TAIL;
	if (make(folder, "stalled", &stalled) < 0)
		return;
	measure(&stalled, STREAM, "stream.1.stalled", "(one in 1000 takes up to 0.5 ms)");
	measure(&stalled, EXACT, "exact.1.stalled", "");
	forget(&stalled);
}

static double lesser(double a, double b)
{
	return a < b ? a : b;
}

/* Two threads on one history, against two processes of one thread on one each, at once; of several
 * runs by turns the fastest of each, since a neighbour on the machine slows them at random. */
static void measure_threads(const char *folder, const struct made *made)
{
	struct made twin = *made;
	struct job one = {.made = made, .passes = STREAM, .threads = 1};
	struct job other = {.made = &twin, .passes = STREAM, .threads = 1};
	struct job two = {.made = made, .passes = STREAM, .threads = 2};
	double alone = INFINITY, both = INFINITY, threads = INFINITY;
	double cpu[2] = {INFINITY, INFINITY}; /* by one thread, by two */
	struct child_usage usage, usages[2];
	struct child children[2];
	unsigned i, failed = 0;

	if (make(folder, "twin", &twin) < 0)
		return;
	for (i = 0; i < THREAD_RUNS && !failed; i++) {
		failed |= child_run(judge_child, &one, &usage) < 0;
		alone = lesser(alone, failed ? alone : usage.wall_s);
		cpu[0] = lesser(cpu[0], failed ? cpu[0] : usage.cpu_s);
		failed |= child_run(judge_child, &two, &usage) < 0;
		threads = lesser(threads, failed ? threads : usage.wall_s);
		cpu[1] = lesser(cpu[1], failed ? cpu[1] : usage.cpu_s);
		child_start(&children[0], judge_child, &one);
		child_start(&children[1], judge_child, &other);
		failed |= child_wait(&children[0], &usages[0]) < 0;
		failed |= child_wait(&children[1], &usages[1]) < 0;
		if (!failed)
			both = lesser(both, (usages[0].wall_s + usages[1].wall_s) / 2);
	}
	forget(&twin);
	if (failed) {
		bench_report("checker.threads.ratio", -1, "");
		return;
	}
	/* each process did one history in that time, so both together twice as many */
	bench_report("checker.threads.ratio", both / (2 * threads),
		     "of two processes' rate  (goal 0.9)");
	bench_report("checker.threads.speedup", alone / threads, "by two threads");
	/* no neighbour changes much about this one */
	bench_report("checker.threads.cpu_ratio", cpu[1] / cpu[0],
		     "processor time, two threads to one");
}

/* Does each pass find what is planted? */
static bool is_awake(const char *folder, struct made *made)
{
	struct child_usage usage;
	struct job job = {.made = made, .threads = 1};
	bool awake = true;

	made->options.operations = PLANTED_OPERATIONS;
	made->options.units = 4096;
	made->options.stale = PLANTED;
	if (make(folder, "planted", made) < 0)
		return false;
	for (job.passes = STREAM; job.passes <= EXACT; job.passes++)
		awake &= child_run(judge_child, &job, &usage) == 0;
	awake &= made->result->stale == PLANTED;
	made->options.stale = 0;
	forget(made);
	return awake;
}

static int prepare(const char *folder, struct made *ret)
{
	generate_defaults(&ret->options);
	ret->result = mmap(NULL, sizeof(*ret->result), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ret->result == MAP_FAILED || (mkdir(folder, 0777) < 0 && errno != EEXIST)) {
		fprintf(stderr, "bench: %s: %s\n", folder, strerror(errno));
		return -1;
	}
	return 0;
}

void bench_checker(const char *folder)
{
	static const uint64_t units[] = {1, 8, 64, 4096, 1048576};
	static const char *const goals[] = {"(goal 1e6)", "", "", "(goal 5e6)", ""};
	const char *given = getenv("BENCH_OPS");
	uint64_t operations = OPERATIONS;
	struct made made = {0};
	double least = -1, peak;
	char name[64];
	size_t i;

	if (given && parse_u64(given, UINT32_MAX - 1, "BENCH_OPS", &operations, NULL) < 0)
		operations = OPERATIONS;
	if (prepare(folder, &made) < 0)
		return;
	if (!is_awake(folder, &made)) {
		bench_report("checker", -1, "");
		goto out;
	}
	made.options.operations = operations;
	for (i = 0; i < sizeof(units) / sizeof(units[0]) && !child_signal(); i++) {
		made.options.units = units[i];
		snprintf(name, sizeof(name), "%llu", (unsigned long long)units[i]);
		if (make(folder, name, &made) < 0)
			continue;
		snprintf(name, sizeof(name), "stream.%llu", (unsigned long long)units[i]);
		peak = measure(&made, STREAM, name, goals[i]);
		if (units[i] == 1)
			least = peak;
		if (units[i] >= 4096 && peak >= 0 && least >= 0)
			report(name, "bytes_per_unit",
			       (peak - least) * 1048576 / (double)made.result->touched,
			       "B  (goal 160)");
		snprintf(name, sizeof(name), "exact.%llu", (unsigned long long)units[i]);
		measure(&made, EXACT, name, "");
		if (units[i] == 1)
			measure_stalled(folder, &made);
		if (units[i] == 4096) {
			measure(&made, STREAM | EXACT, "both.4096", "");
			measure_reading(&made);
			measure_threads(folder, &made);
		}
		forget(&made);
	}
out:
	rmdir(folder);
	munmap(made.result, sizeof(*made.result));
}

void bench_scale(const char *folder)
{
	static const uint64_t millions[] = {1, 10, 100};
	struct made made = {0};
	unsigned passes;
	char name[64];
	size_t i;

	if (prepare(folder, &made) < 0)
		return;
	made.options.units = 4096;
	for (i = 0; i < sizeof(millions) / sizeof(millions[0]) && !child_signal(); i++) {
		made.options.operations = millions[i] * 1000000;
		snprintf(name, sizeof(name), "%lluM", (unsigned long long)millions[i]);
		if (make(folder, name, &made) < 0)
			continue;
		for (passes = STREAM; passes <= EXACT; passes++) {
			snprintf(name, sizeof(name), "scale.%lluM.%s",
				 (unsigned long long)millions[i], pass_names[passes]);
			measure(&made, passes, name, "");
		}
		forget(&made);
	}
	rmdir(folder);
	munmap(made.result, sizeof(*made.result));
}
