/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.c - see watch.h.
 *
 * /dev/kmsg gives one record for each read: "priority,sequence,microseconds,flags;text", then
 * lines of key=value that start with a blank. EPIPE means that the ring ran over our place in it;
 * the next read goes on at its oldest record, and a note says that something is missing.
 *
 * Which lines count is decided by words anywhere in the text, case ignored: a few lines too many
 * cost nothing, a withdraw that is missed would cost the explanation of a verdict. But they must be
 * the kernel's own: any program may write to the log, and these lines can accuse.
 */
#include "agent/watch.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct watch {
	pthread_t thread;
	struct outlet *outlet;
	int log, stop; /* stop: an eventfd */
	char buf[8192];
};

/* "vda", "vdb1", ... as a word of its own. */
static bool names_disk(const char *line)
{
	const char *at;

	for (at = line; (at = strstr(at, "vd")); at += 2) {
		if ((at == line || !isalnum((unsigned char)at[-1])) &&
		    islower((unsigned char)at[2]) && !isalpha((unsigned char)at[3]))
			return true;
	}
	return false;
}

bool watch_wants(const char *line)
{
	static const char *const words[] = {
		"gfs2",	      "dlm",	    "I/O error",   "blk_update", "virtio_blk",
		"virtio-blk", "ocfs2",	    "o2net",	   "o2hb",	 "blocked for more than",
		"lockup",     "rcu: INFO:", " error, dev "};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasestr(line, words[i]))
			return true;
	}
	return names_disk(line);
}

/* The priority holds the facility above its three lowest bits, and 0 is the kernel: what a program
 * writes to /dev/kmsg is made to have another. */
static bool is_kernels(const char *record)
{
	return isdigit((unsigned char)record[0]) && record[0] < '8' && record[1] == ',';
}

/* One record of the log, `got` bytes in buf. */
static void forward(struct watch *watch, size_t got)
{
	char *text = watch->buf;

	text[got] = 0;
	text[strcspn(text, "\n")] = 0;
	text = is_kernels(text) ? strchr(text, ';') : NULL;
	if (text && watch_wants(text + 1))
		outlet_event(watch->outlet, 0, EVENT_KERNEL, text + 1);
}

static void *work(void *argument)
{
	struct watch *watch = argument;
	struct pollfd wait[2] = {{.fd = watch->log, .events = POLLIN},
				 {.fd = watch->stop, .events = POLLIN}};
	ssize_t got;

	for (;;) {
		if (poll(wait, 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (wait[1].revents)
			return NULL;
		got = read(watch->log, watch->buf, sizeof(watch->buf) - 1);
		if (got > 0)
			forward(watch, (size_t)got);
		else if (got < 0 && errno == EPIPE)
			outlet_event(watch->outlet, 0, EVENT_NOTE, EVENT_LINES_LOST);
		else if (!got || (errno != EAGAIN && errno != EINTR))
			return NULL;
	}
}

struct watch *watch_start(struct outlet *outlet, const char *path, struct error *err)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int failed;

	if (!watch) {
		error_set(err, ERROR_WORLD, "no memory to watch the kernel log");
		return NULL;
	}
	watch->outlet = outlet;
	watch->stop = -1;
	watch->log = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (watch->log < 0)
		goto fail;
	lseek(watch->log, 0, SEEK_END); /* a test's pipe has no places */
	watch->stop = eventfd(0, EFD_CLOEXEC);
	if (watch->stop < 0)
		goto fail;
	failed = pthread_create(&watch->thread, NULL, work, watch);
	if (!failed)
		return watch;
	errno = failed;
fail:
	error_set_errno(err, ERROR_WORLD, "cannot watch the kernel log %s", path);
	if (watch->log >= 0)
		close(watch->log);
	if (watch->stop >= 0)
		close(watch->stop);
	free(watch);
	return NULL;
}

void watch_stop(struct watch *watch)
{
	uint64_t one = 1;

	if (!watch)
		return;
	if (write(watch->stop, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(watch->thread, NULL);
	close(watch->log);
	close(watch->stop);
	free(watch);
}
