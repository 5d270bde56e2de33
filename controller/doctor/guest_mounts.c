/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest_mounts.c - see guest_mounts.h.
 *
 * Three commands of the agent: guest-file-open, -read (base64), -close. Documented with QEMU
 * ("QEMU Guest Agent Protocol Reference").
 */
#include "doctor/guest_mounts.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "virt/hypervisor.h"

#define AGENT_S 5
#define READ_MAX 49152 /* bytes asked for: mounts beyond that are not looked at */

/* The "return" of a reply; NULL with *err. */
static json_t *ask(struct hypervisor *hypervisor, const char *domain, json_t *command,
		   struct error *err)
{
	char *text = command ? json_dumps(command, JSON_COMPACT) : NULL, *reply = NULL;
	json_t *root = NULL, *result = NULL;

	json_decref(command);
	if (text)
		reply = hypervisor_guest_agent(hypervisor, domain, text, AGENT_S, err);
	else
		error_set(err, ERROR_WORLD, "out of memory");
	if (reply) {
		root = json_loads(reply, JSON_DECODE_ANY, NULL);
		result = json_incref(json_object_get(root, "return"));
		if (!result)
			error_set(err, ERROR_WORLD, "the guest agent's answer is not understood");
	}
	json_decref(root);
	free(reply);
	free(text);
	return result;
}

static int value_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Base64, as far as it goes; NUL-terminated, to be freed. */
static char *decode(const char *text)
{
	char *ret = malloc(strlen(text) / 4 * 3 + 4);
	unsigned bits = 0, n_bits = 0;
	size_t n = 0;

	for (; ret && value_of(*text) >= 0; text++) {
		bits = bits << 6 | (unsigned)value_of(*text);
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		ret[n++] = (char)(bits >> n_bits);
		bits &= (1U << n_bits) - 1;
	}
	if (ret)
		ret[n] = '\0';
	return ret;
}

int guest_mounts_read(struct hypervisor *hypervisor, const char *domain, struct guest_mounts *ret,
		      struct error *err)
{
	json_t *handle, *data;
	const char *text;

	handle = ask(hypervisor, domain,
		     json_pack("{s:s, s:{s:s, s:s}}", "execute", "guest-file-open", "arguments",
			       "path", "/proc/mounts", "mode", "r"),
		     err);
	if (!handle)
		return -1;
	data = ask(hypervisor, domain,
		   json_pack("{s:s, s:{s:O, s:i}}", "execute", "guest-file-read", "arguments",
			     "handle", handle, "count", READ_MAX),
		   err);
	json_decref(ask(hypervisor, domain,
			json_pack("{s:s, s:{s:o}}", "execute", "guest-file-close", "arguments",
				  "handle", handle),
			NULL));
	if (!data)
		return -1;
	text = json_string_value(json_object_get(data, "buf-b64"));
	ret->text = text ? decode(text) : NULL;
	json_decref(data);
	if (!ret->text)
		return error_set(err, ERROR_WORLD, "the guest agent's answer is not understood");
	return 0;
}

void guest_mounts_done(struct guest_mounts *mounts)
{
	free(mounts->text);
	mounts->text = NULL;
}

/* Whether the options have this one as a word. */
static bool has_option(const char *options, const char *word)
{
	size_t n = strlen(word);
	const char *at = options;

	while ((at = strstr(at, word))) {
		if ((at == options || at[-1] == ',') && (at[n] == ',' || !at[n]))
			return true;
		at += n;
	}
	return false;
}

void guest_mounts_judge(const struct guest_mounts *mounts, const char *subject,
			struct diagnosis *diagnosis)
{
	char *copy = strdup(mounts->text), *line, *save;
	char source[128], where[128], type[32], options[256];
	bool found = false;

	for (line = copy ? strtok_r(copy, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%127s %127s %31s %255s", source, where, type, options) != 4)
			continue;
		if (strcmp(type, "gfs2") != 0 && strcmp(type, "ocfs2") != 0)
			continue;
		found = true;
		if (has_option(options, "localflocks"))
			diagnosis_add(
				diagnosis, subject, "mount", LEVEL_FAIL,
				"%s on %s is mounted with localflocks: locks of one guest are "
				"not seen by the other\nmount it without",
				type, where);
		else if (has_option(options, "lockproto=lock_nolock"))
			diagnosis_add(
				diagnosis, subject, "mount", LEVEL_FAIL,
				"%s on %s is mounted with lock_nolock: two such guests destroy "
				"it\nmount it with lock_dlm",
				type, where);
		else
			diagnosis_add(diagnosis, subject, "mount", LEVEL_OK, "%s of %s on %s (%s)",
				      type, source, where, options);
	}
	if (!copy)
		diagnosis_add(diagnosis, subject, "mount", LEVEL_WARN,
			      "not looked at: out of memory");
	else if (!found)
		diagnosis_add(diagnosis, subject, "mount", LEVEL_WARN,
			      "no cluster file system (gfs2, ocfs2) is mounted there\n"
			      "mount it before a run: the target is a folder on it");
	free(copy);
}
