/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fdinfo.c - claim: the `flags:` line of /proc/PID/fdinfo/FD, in octal, shows whether an open
 * descriptor bypasses the page cache: bit 040000 (O_DIRECT on x86-64) is set for a descriptor that
 * was opened with O_DIRECT or given it later, and for no other.
 *
 * The proof of the effective cache mode (controller/virt/effective.c) stands on it: it reads the
 * bit of the disk that a running QEMU holds open.
 *
 * Exit 0 the claim holds, 1 it does not, 77 it cannot be tried here (reason on stderr).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIRECT 040000UL

/* The flags of our own descriptor, as another process would read them. */
static unsigned long fdinfo_flags(int fd)
{
	char path[64], line[128];
	unsigned long flags = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/fdinfo/%d", (long)getpid(), fd);
	file = fopen(path, "re");
	if (!file) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "flags: %lo", &flags) == 1)
			break;
	}
	fclose(file);
	return flags;
}

static void expect(const char *what, int fd, unsigned long wanted)
{
	unsigned long flags = fdinfo_flags(fd);

	if ((flags & DIRECT) != wanted) {
		fprintf(stderr, "%s: flags %lo\n", what, flags);
		exit(1);
	}
}

int main(void)
{
	char path[] = "/var/tmp/stalemate-fdinfo-XXXXXX";
	int cached = mkstemp(path), direct;

	if (cached < 0) {
		perror(path);
		return 77;
	}
	direct = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	unlink(path);
	if (direct < 0) {
		fprintf(stderr, "the file system of /var/tmp has no O_DIRECT\n");
		return 77;
	}
	if (O_DIRECT != DIRECT) {
		fprintf(stderr, "O_DIRECT is %o on this architecture\n", O_DIRECT);
		return 77;
	}
	expect("opened without O_DIRECT", cached, 0);
	expect("opened with O_DIRECT", direct, DIRECT);
	fcntl(cached, F_SETFL, fcntl(cached, F_GETFL) | O_DIRECT);
	expect("given O_DIRECT later", cached, DIRECT);
	return 0;
}
