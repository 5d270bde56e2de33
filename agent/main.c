/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - stalemate-agent: the options, and the ways a controller can reach it.
 *
 * Only this file prints and exits. Exit status: 0 the controller hung up, 2 usage, 3 the world.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/serve.h"
#include "agent/watch.h"
#include "common/clock.h"

#define PORT_POLL_NS (100 * NS_PER_MS)

static const char help[] =
	"usage: stalemate-agent --port PATH | --stdio | --socket PATH\n"
	"\n"
	"The in-guest half of stalemate: does what a controller asks, on a target of its own, and\n"
	"reports each operation. It needs no configuration and keeps no files.\n"
	"\n"
	"  --port PATH    serve over a virtio port, for ever; waits for it to appear\n"
	"  --stdio        serve over standard input and output, until their end\n"
	"  --socket PATH  create a unix socket, serve the one controller that connects, end with "
	"it\n"
	"  --version      print the version\n"
	"  --help         print this text\n"
	"\n"
	"Exit status: 0 the controller hung up, 2 wrong usage, 3 something else is in the way.\n"
	"docs/agent.md describes the protocol.\n";

static int complain(const struct error *err)
{
	fprintf(stderr, "stalemate-agent: %s\n", err->text);
	return error_exit_status(err);
}

static int serve_on(int in, int out, bool eof_is_idle, struct error *err)
{
	struct serve_options options = {.in = in,
					.out = out,
					.eof_is_idle = eof_is_idle,
					.build = VERSION,
					.kmsg = WATCH_KMSG,
					.paths = io_paths};

	return serve(&options, err);
}

/* A port comes and goes with its device, and only one program may hold it: keep trying. */
static _Noreturn void serve_port(const char *path)
{
	struct error err;
	bool told = false;
	int fd;

	for (;;) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0) {
			if (!told)
				fprintf(stderr, "stalemate-agent: waiting for %s: %s\n", path,
					strerror(errno));
			told = true;
			clock_sleep(PORT_POLL_NS);
			continue;
		}
		told = false;
		if (serve_on(fd, fd, true, &err) < 0)
			fprintf(stderr, "stalemate-agent: %s: %s\n", path, err.text);
		close(fd);
		clock_sleep(PORT_POLL_NS);
	}
}

/* The one controller that connects; then nobody listens any more, so a second is refused. */
static int accept_one(const char *path, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener, fd = -1;
	mode_t mask;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ERROR_USER, "--socket: a path of more than %zu bytes: %s",
				 sizeof(address.sun_path) - 1, path);
	memcpy(address.sun_path, path, strlen(path));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot create a socket");
	mask = umask(0177);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot create the socket %s", path);
	} else {
		if (!listen(listener, 1))
			fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			error_set_errno(err, ERROR_WORLD, "cannot listen on %s", path);
		unlink(path);
	}
	umask(mask);
	close(listener);
	return fd;
}

static int serve_socket(const char *path, struct error *err)
{
	int fd = accept_one(path, err), result;

	if (fd < 0)
		return -1;
	result = serve_on(fd, fd, false, err);
	close(fd);
	return result;
}

static int usage(const char *why)
{
	fprintf(stderr, "stalemate-agent: %s\nTry 'stalemate-agent --help'.\n", why);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{"port", required_argument, NULL, 'p'},	  {"stdio", no_argument, NULL, 'i'},
		{"socket", required_argument, NULL, 's'}, {"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},	  {NULL, 0, NULL, 0}};
	const char *path = NULL;
	struct error err;
	int c, way = 0, result;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'h':
			fputs(help, stdout);
			return fflush(stdout) ? 3 : 0;
		case 'V':
			printf("stalemate-agent %s\n", VERSION);
			return fflush(stdout) ? 3 : 0;
		case 'p':
		case 'i':
		case 's':
			if (way)
				return usage("give one of --port, --stdio and --socket, once");
			way = c;
			path = optarg;
			break;
		default:
			fputs("Try 'stalemate-agent --help'.\n", stderr);
			return 2;
		}
	}
	if (optind < argc)
		return usage("it takes no arguments beside its options");
	if (!way)
		return usage("give one of --port, --stdio and --socket");
	signal(SIGPIPE, SIG_IGN);
	if (way == 'p')
		serve_port(path);
	result = way == 'i' ? serve_on(STDIN_FILENO, STDOUT_FILENO, false, &err)
			    : serve_socket(path, &err);
	return result < 0 ? complain(&err) : 0;
}
