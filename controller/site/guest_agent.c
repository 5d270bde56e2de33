/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest_agent.c - see guest_agent.h.
 *
 * Its answers come from the guest and are untrusted: each must have the shape that is asked for.
 * A chunk of a file is base64 in one command, so that it stays well below what libvirt's protocol
 * and the agent's own parser take.
 */
#include "site/guest_agent.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "virt/hypervisor.h"
#include "host/interrupt.h"

#define CHUNK (48U * 1024)
#define ANSWER_S 30
#define PING_S 5
#define POLL_NS (100 * NS_PER_MS)

bool guest_agent_answers(const struct guest_agent *agent)
{
	char *reply = hypervisor_guest_agent(agent->hypervisor, agent->domain,
					     "{\"execute\":\"guest-ping\"}", PING_S, NULL);
	bool answered = reply;

	free(reply);
	return answered;
}

/* Ask (arguments is released); the answer's "return", to be released. NULL with *err. */
static json_t *ask(const struct guest_agent *agent, const char *command, json_t *arguments,
		   struct error *err)
{
	json_t *root = NULL, *answer = NULL, *request;
	char *text = NULL, *reply = NULL;

	if (interrupted()) {
		json_decref(arguments);
		interrupt_error(err);
		return NULL;
	}
	request = json_pack("{s:s, s:o}", "execute", command, "arguments", arguments);
	if (request)
		text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!text) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	reply = hypervisor_guest_agent(agent->hypervisor, agent->domain, text, ANSWER_S, err);
	free(text);
	if (!reply) {
		error_prefix(err,
			     "QEMU's guest agent, %s (where its configuration forbids it, allow "
			     "guest-exec and guest-file-*, or take another way to the agent)",
			     command);
		return NULL;
	}
	root = json_loads(reply, 0, NULL);
	free(reply);
	answer = json_incref(json_object_get(root, "return"));
	json_decref(root);
	if (!answer)
		error_set(err, ERROR_WORLD, "QEMU's guest agent gives no answer to %s", command);
	return answer;
}

static void encode_base64(const unsigned char *data, size_t size, char *ret)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < size; i += 3) {
		unsigned left = size - i < 3 ? (unsigned)(size - i) : 3;
		unsigned word = (unsigned)data[i] << 16;

		if (left > 1)
			word |= (unsigned)data[i + 1] << 8;
		if (left > 2)
			word |= data[i + 2];
		*ret++ = digits[word >> 18];
		*ret++ = digits[word >> 12 & 63];
		*ret++ = left > 1 ? digits[word >> 6 & 63] : '=';
		*ret++ = left > 2 ? digits[word & 63] : '=';
	}
	*ret = 0;
}

/* All of a chunk, however little of it the guest takes at once. */
static int write_chunk(const struct guest_agent *agent, json_int_t handle,
		       const unsigned char *data, size_t size, char *base64, struct error *err)
{
	json_t *answer;
	json_int_t n;

	while (size) {
		encode_base64(data, size, base64);
		answer = ask(agent, "guest-file-write",
			     json_pack("{s:I, s:s}", "handle", handle, "buf-b64", base64), err);
		if (!answer)
			return -1;
		n = json_integer_value(json_object_get(answer, "count"));
		json_decref(answer);
		if (n <= 0 || (size_t)n > size)
			return error_set(err, ERROR_WORLD, "the guest takes no more of the file");
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int write_file(const struct guest_agent *agent, json_int_t handle, int fd, uint64_t deadline,
		      struct error *err)
{
	unsigned char *data = malloc(CHUNK);
	char *base64 = malloc(CHUNK / 3 * 4 + 8);
	int result = -1;
	ssize_t n = 0;

	if (!data || !base64) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto out;
	}
	while ((n = read(fd, data, CHUNK)) > 0) {
		if (clock_ns() > deadline) {
			error_set(err, ERROR_WORLD, "not copied in time");
			goto out;
		}
		if (write_chunk(agent, handle, data, (size_t)n, base64, err) < 0)
			goto out;
	}
	result = n < 0 ? error_set_errno(err, ERROR_WORLD, "read") : 0;
out:
	free(data);
	free(base64);
	return result;
}

int guest_agent_put(const struct guest_agent *agent, const char *local, const char *remote,
		    uint64_t timeout_ns, struct error *err)
{
	uint64_t deadline = clock_ns() + timeout_ns;
	int fd = open(local, O_RDONLY | O_CLOEXEC), result;
	json_t *answer;
	json_int_t handle;

	if (fd < 0)
		return error_set_errno(err, ERROR_WORLD, "%s", local);
	answer = ask(agent, "guest-file-open",
		     json_pack("{s:s, s:s}", "path", remote, "mode", "wb"), err);
	if (!answer) {
		close(fd);
		return -1;
	}
	handle = json_integer_value(answer);
	json_decref(answer);
	result = write_file(agent, handle, fd, deadline, err);
	close(fd);
	answer = ask(agent, "guest-file-close", json_pack("{s:I}", "handle", handle),
		     result < 0 ? NULL : err);
	if (!answer)
		result = -1;
	json_decref(answer);
	return result;
}

int guest_agent_start(const struct guest_agent *agent, const char *const argv[], int64_t *ret,
		      struct error *err)
{
	json_t *arguments = json_array(), *answer;
	size_t i;

	for (i = 1; argv[i]; i++)
		json_array_append_new(arguments, json_string(argv[i]));
	answer = ask(agent, "guest-exec",
		     json_pack("{s:s, s:o}", "path", argv[0], "arg", arguments), err);
	if (!answer)
		return -1;
	*ret = json_integer_value(json_object_get(answer, "pid"));
	json_decref(answer);
	if (*ret <= 0)
		return error_set(err, ERROR_WORLD, "QEMU's guest agent started nothing");
	return 0;
}

/* 1 with *ret_status once it has ended, 0 while it runs. */
static int ended(const struct guest_agent *agent, int64_t pid, int *ret_status, struct error *err)
{
	json_t *answer =
		ask(agent, "guest-exec-status", json_pack("{s:I}", "pid", (json_int_t)pid), err);
	const json_t *code, *number;
	int result;

	if (!answer)
		return -1;
	result = json_is_true(json_object_get(answer, "exited"));
	code = json_object_get(answer, "exitcode");
	number = json_object_get(answer, "signal");
	*ret_status =
		number ? 128 + (int)json_integer_value(number) : (int)json_integer_value(code);
	json_decref(answer);
	return result;
}

int guest_agent_run(const struct guest_agent *agent, const char *const argv[], uint64_t timeout_ns,
		    int *ret_status, struct error *err)
{
	uint64_t deadline = clock_ns() + timeout_ns;
	int64_t pid;
	int got;

	if (guest_agent_start(agent, argv, &pid, err) < 0)
		return -1;
	while (!(got = ended(agent, pid, ret_status, err))) {
		if (clock_ns() > deadline)
			return error_set(err, ERROR_WORLD, "%s in the guest does not end", argv[0]);
		clock_sleep(POLL_NS);
	}
	return got < 0 ? -1 : 0;
}

int guest_agent_runs(const struct guest_agent *agent, int64_t pid, struct error *err)
{
	int status, got = ended(agent, pid, &status, err);

	return got < 0 ? -1 : !got;
}
