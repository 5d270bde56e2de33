/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * residency.c - see residency.h.
 *
 * mincore(2) tells it of a mapping, a window of the device at a time, here and on hosts over ssh
 * alike: there a few lines of perl make the same three calls, since a Debian has perl whatever else
 * it lacks. util-linux' fincore(1) is no help: version 2.38 takes the size of a block device for
 * 0, and says that nothing of it is cached.
 *
 * Nothing is to be read through the mapping, so it allows nothing: whoever looks into what is
 * mapped (valgrind does) would fill the cache by it.
 *
 * The kernel tells only who may write to the device; others hear that all is cached.
 */
#include "site/residency.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parse.h"

#define WINDOW (1ULL << 30)
#define WALK_NS (20 * NS_PER_S)

static const char script[] =
	"use strict; use POSIX;\n"
	"(POSIX::uname())[4] eq 'x86_64' or die \"not an x86_64\\n\";\n"
	"my ($path, $window, $cached) = ($ARGV[0], 1 << 30, 0);\n"
	"my $page = POSIX::sysconf(POSIX::_SC_PAGESIZE());\n"
	"open(my $file, '<', $path) or die \"$path: $!\\n\";\n"
	"my $size = sysseek($file, 0, 2) + 0;\n"
	"$size > 0 or die \"$path has no size\\n\";\n"
	"for (my $at = 0; $at < $size; $at += $window) {\n"
	"	my $len = $size - $at < $window ? $size - $at : $window;\n"
	"	my $map = syscall(9, 0, $len, 0, 1, fileno($file), $at);\n" /* mmap */
	"	die \"mmap: $!\\n\" if $map == -1;\n"
	"	my $pages = \"\\0\" x int(($len + $page - 1) / $page);\n"
	"	die \"mincore: $!\\n\" if syscall(27, $map, $len, $pages) == -1;\n" /* mincore */
	"	syscall(11, $map, $len);\n"					    /* munmap */
	"	$pages =~ tr/\\0//d;\n"
	"	$cached += length($pages) * $page;\n"
	"}\n"
	"print \"$cached\\n\";\n";

/* Pages of a window that are cached; pages: one byte for each. */
static int count_window(int fd, uint64_t at, size_t len, uint8_t *pages, uint64_t *count)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (len + page - 1) / page, i;
	void *map = mmap(NULL, len, PROT_NONE, MAP_SHARED, fd, (off_t)at);
	int result;

	if (map == MAP_FAILED)
		return -1;
	result = mincore(map, len, pages);
	munmap(map, len);
	for (i = 0; !result && i < n; i++)
		*count += pages[i] & 1;
	return result;
}

static int walk(int fd, const char *device, uint64_t *ret, struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t deadline = clock_ns() + WALK_NS, count = 0, at;
	off_t end = lseek(fd, 0, SEEK_END);
	uint8_t *pages = malloc(WINDOW / page);
	int result = -1;

	if (!pages) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto out;
	}
	if (end <= 0) {
		error_set(err, ERROR_WORLD, "%s has no size", device);
		goto out;
	}
	for (at = 0; at < (uint64_t)end; at += WINDOW) {
		uint64_t left = (uint64_t)end - at;

		if (clock_ns() > deadline) {
			error_set(err, ERROR_WORLD, "%s is too large to be looked at in time",
				  device);
			goto out;
		}
		if (count_window(fd, at, left < WINDOW ? left : WINDOW, pages, &count) < 0) {
			error_set_errno(err, ERROR_WORLD, "%s: mincore", device);
			goto out;
		}
	}
	*ret = count * page;
	result = 0;
out:
	free(pages);
	return result;
}

static int look_here(const char *device, uint64_t *ret, struct error *err)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC), result;

	if (fd < 0)
		return error_set_errno(err, ERROR_WORLD, "%s", device);
	result = access(device, W_OK) ? error_set_errno(err, ERROR_WORLD, "%s", device)
				      : walk(fd, device, ret, err);
	close(fd);
	return result;
}

static int look_there(struct host *host, const char *device, uint64_t *ret, struct error *err)
{
	const char *argv[] = {"perl", "-e", script, device, NULL};
	struct process_result result;
	int got;

	if (host_run(host, argv, WALK_NS, &result, err) < 0)
		return -1;
	if (result.status)
		return process_result_ok(&result, "perl", err);
	result.out[strcspn(result.out, "\n")] = 0;
	got = parse_u64(result.out, UINT64_MAX, "what is cached", ret, err);
	process_result_done(&result);
	if (got < 0)
		err->kind = ERROR_WORLD;
	return got;
}

int residency(struct host *host, const char *device, uint64_t *ret, struct error *err)
{
	return host_is_local(host) ? look_here(device, ret, err)
				   : look_there(host, device, ret, err);
}
