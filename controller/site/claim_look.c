/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim_look.c - see claim_device.h: what a device is, what lies on it, who uses it.
 *
 * What lies on it is looked for with wipefs, which knows what the kernel, LVM, mdadm, DRBD and all
 * file systems leave as their mark. A claim does not protect against itself being forgotten: who
 * puts an ext4 on a claimed device leaves our mark in its last block. So what lies there is looked
 * at even when the mark is.
 *
 * Who uses it: mounts and swap by name, for a good message; processes that have it open (a QEMU
 * does not open it exclusively); and the kernel's own answer to an exclusive open, which covers
 * what has no name here, such as the lower device of a DRBD with its metadata elsewhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "site/claim_internal.h"

#define DRBD_MAJOR "147:"

static const char look_shell[] =
	"cd \"/sys/dev/block/$1\" || exit 1\n"
	"echo \"size $(cat size)\"\n"
	"echo \"ro $(cat ro 2>/dev/null)\"\n"
	"for f in */partition; do [ -e \"$f\" ] && echo \"part ${f%/partition}\"; done\n"
	"for f in holders/*; do [ -e \"$f\" ] && echo \"holder ${f#holders/}\"; done\n"
	"for f in loop/backing_file dm/name md/level device/model; do\n"
	"	[ -r \"$f\" ] && echo \"what ${f%%/*} $(cat \"$f\")\"\n"
	"done\n"
	"exit 0";
static const char blank_shell[] =
	"dd if=\"$1\" bs=1048576 count=1 iflag=direct status=none | tr -d '\\000' | wc -c";

/* Each line of a text in turn, cut from *at; NULL at the end. */
static char *cut_line(char **at)
{
	char *line = strsep(at, "\n");

	return line && (*line || *at) ? line : NULL;
}

static void add_word(char *list, size_t size, const char *between, const char *word)
{
	size_t used = strlen(list);
	char clean[256];

	printable(word, strlen(word), clean, sizeof(clean));
	snprintf(list + used, size - used, "%s%s", used ? between : "", clean);
}

/* Path and number; false with *err if it is no block device. */
static bool find_device(struct host *host, const char *name, struct claim_device *ret,
			struct error *err)
{
	const char *const stat_argv[] = {"stat", "-L", "-c", "%t %T %F", "--", name, NULL};
	const char *const link_argv[] = {"readlink", "-f", "--", name, NULL};
	char *status = claim_ask(host, stat_argv, err), *path = NULL, type[64] = "";
	unsigned major = 0, minor = 0;
	bool found = false;

	if (!status) {
		error_prefix(err, "%s cannot be claimed", name);
		return false;
	}
	if (sscanf(status, "%x %x %63[^\n]", &major, &minor, type) != 3 ||
	    strcmp(type, "block special file") != 0) {
		error_set(err, ERROR_USER, "%s is a %s, not a block device", name, type);
	} else {
		path = claim_ask(host, link_argv, err);
	}
	if (path) {
		path[strcspn(path, "\n")] = 0;
		found = path[0] == '/' && strlen(path) < sizeof(ret->path);
		if (found)
			snprintf(ret->path, sizeof(ret->path), "%s", path);
		else
			error_set(err, ERROR_USER, "the name of %s is too long", name);
		snprintf(ret->number, sizeof(ret->number), "%u:%u", major, minor);
	}
	free(status);
	free(path);
	return found;
}

static void take_line(const char *line, struct claim_device *ret, bool *sized)
{
	uint64_t sectors;

	if (!strncmp(line, "size ", 5) &&
	    !parse_u64(line + 5, UINT64_MAX / 512, "size", &sectors, NULL)) {
		ret->size = sectors * 512;
		*sized = true;
	} else if (!strcmp(line, "ro 1")) {
		ret->read_only = true;
	} else if (!strncmp(line, "part ", 5)) {
		add_word(ret->part, sizeof(ret->part), " ", line + 5);
	} else if (!strncmp(line, "holder ", 7)) {
		add_word(ret->holders, sizeof(ret->holders), " ", line + 7);
	} else if (!strncmp(line, "what ", 5)) {
		add_word(ret->what, sizeof(ret->what), ", ", line + 5);
	}
}

static int look_at_kernel(struct host *host, struct claim_device *ret, struct error *err)
{
	const char *const argv[] = {"sh", "-c", look_shell, "sh", ret->number, NULL};
	char *text = claim_ask(host, argv, err), *at = text, *line;
	bool sized = false;

	if (!text)
		return error_prefix(err, "cannot look at %s", ret->path);
	while ((line = cut_line(&at)))
		take_line(line, ret, &sized);
	free(text);
	if (!sized)
		return error_set(err, ERROR_WORLD, "the kernel does not tell the size of %s",
				 ret->path);
	return 0;
}

/* A DRBD 9 that is Secondary may be read, or makes itself Primary: its role tells. */
static int look_at_role(struct host *host, const struct claim_device *device, struct error *err)
{
	char name[32];
	const char *const argv[] = {"drbdadm", "role", name, NULL};
	char *role;
	int result = 0;

	if (strncmp(device->number, DRBD_MAJOR, strlen(DRBD_MAJOR)) != 0)
		return 0;
	snprintf(name, sizeof(name), "minor-%s", device->number + strlen(DRBD_MAJOR));
	role = claim_ask(host, argv, NULL);
	if (role && !strncmp(role, "Secondary", 9))
		result = error_set(err, ERROR_WORLD,
				   "%s is a DRBD device that is Secondary on this host; drbdadm "
				   "primary RESOURCE",
				   device->path);
	free(role);
	return result;
}

/* A line of wipefs: offset,uuid,label,type. A cluster file system of ours is named for us. */
static void take_signature(char *line, struct claim_device *ret)
{
	char *offset = strsep(&line, ","), *uuid = strsep(&line, ",");
	char *label = strsep(&line, ","), *type = strsep(&line, ","), word[128];

	if (!type || offset[0] == '#') {
		ret->ours = ret->ours && offset[0] == '#';
		return;
	}
	(void)uuid;
	if (!((!strcmp(type, "gfs2") || !strcmp(type, "ocfs2")) &&
	      !strncmp(label, "stalemate", 9) && (!label[9] || label[9] == ':')))
		ret->ours = false;
	snprintf(word, sizeof(word), "%.32s%s%.64s%s", type, label[0] ? " '" : "", label,
		 label[0] ? "'" : "");
	if (!strstr(ret->signatures, word))
		add_word(ret->signatures, sizeof(ret->signatures), ", ", word);
}

static int look_at_content(struct host *host, struct claim_device *ret, struct error *err)
{
	const char *const flush_argv[] = {"blockdev", "--flushbufs", ret->path, NULL};
	const char *const wipefs_argv[] = {"wipefs", "--no-act", "--parsable", ret->path, NULL};
	const char *const blank_argv[] = {"sh", "-c", blank_shell, "sh", ret->path, NULL};
	char *text, *at, *line;

	if (host_run_ok(host, flush_argv, CLAIM_ASK_NS, err) < 0)
		return error_prefix(err, "cannot look at %s", ret->path);
	text = at = claim_ask(host, wipefs_argv, err);
	if (!text)
		return error_prefix(err, "cannot look at %s", ret->path);
	ret->ours = true;
	while ((line = cut_line(&at)))
		take_signature(line, ret);
	free(text);
	text = claim_ask(host, blank_argv, err);
	if (!text)
		return error_prefix(err, "cannot look at %s", ret->path);
	ret->blank = !strcmp(text, "0\n");
	free(text);
	return 0;
}

int claim_device_look(struct host *host, const char *device, struct claim_device *ret,
		      struct error *err)
{
	memset(ret, 0, sizeof(*ret));
	if (!find_device(host, device, ret, err) || look_at_kernel(host, ret, err) < 0)
		return -1;
	if (ret->size < CLAIM_DEVICE_MIN)
		return error_set(err, ERROR_USER, "%s has %llu bytes: a volume needs at least %llu",
				 ret->path, (unsigned long long)ret->size,
				 (unsigned long long)CLAIM_DEVICE_MIN);
	if (look_at_role(host, ret, err) < 0 || claim_read_mark(host, ret, &ret->claimed, err) < 0)
		return -1;
	return look_at_content(host, ret, err);
}

static int check_parts(const struct claim_device *device, struct error *err)
{
	if (!device->part[0])
		return 0;
	return error_set(err, ERROR_USER,
			 "%s has partitions (%s): it is somebody's; name a device without any, or "
			 "one partition",
			 device->path, device->part);
}

int claim_device_check(const struct claim_device *device, struct error *err)
{
	if (check_parts(device, err) < 0)
		return -1;
	if (device->signatures[0] && !(device->claimed && device->ours))
		return error_set(err, ERROR_USER,
				 "%s holds %s: it is somebody's; if that is not needed any more, "
				 "remove it yourself (wipefs --all %s), or name another device",
				 device->path, device->signatures, device->path);
	if (device->read_only)
		return error_set(err, ERROR_USER, "%s is read-only", device->path);
	return 0;
}

/* The mount of the device, or that it is swapped to. */
static int check_mounts(const struct claim_device *device, char *mounts, struct error *err)
{
	char number[32], where[256], source[256], clean[256];
	size_t len = strlen(device->path);
	char *line;

	while ((line = cut_line(&mounts))) {
		/* mountinfo: ID PARENT NUMBER ROOT POINT ... - TYPE SOURCE; swaps: PATH ... */
		if (!strncmp(line, device->path, len) && (line[len] == ' ' || line[len] == '\t'))
			return error_set(err, ERROR_USER, "%s is in use as swap", device->path);
		if (sscanf(line, "%*u %*u %31s %*s %255s", number, where) != 2)
			continue;
		line = strstr(line, " - ");
		if (!line || sscanf(line, " - %*s %255s", source) != 1)
			source[0] = 0;
		if (!strcmp(number, device->number) || !strcmp(source, device->path))
			return error_set(err, ERROR_USER, "%s is mounted at %s", device->path,
					 printable(where, strlen(where), clean, sizeof(clean)));
	}
	return 0;
}

/* Who has it open, by the first line of find's. */
static int check_openers(struct host *host, const struct claim_device *device, struct error *err)
{
	const char *const argv[] = {"find",   "/proc",	    "-maxdepth",
				    "3",      "-path",	    "/proc/[0-9]*/fd/*",
				    "-lname", device->path, NULL};
	char comm[64], pid[16], clean[64] = "", *name;
	const char *const comm_argv[] = {"cat", comm, NULL};
	struct process_result result;
	int n;

	/* find complains of processes that end while it looks: its status says nothing */
	if (host_run(host, argv, CLAIM_ASK_NS, &result, err) < 0)
		return -1;
	n = sscanf(result.out, "/proc/%15[0-9]/fd/", pid);
	process_result_done(&result);
	if (n != 1)
		return 0;
	snprintf(comm, sizeof(comm), "/proc/%s/comm", pid);
	name = claim_ask(host, comm_argv, NULL);
	if (name)
		printable(name, strcspn(name, "\n"), clean, sizeof(clean));
	free(name);
	return error_set(err, ERROR_USER, "process %s (%s) has %s open", pid, clean, device->path);
}

int claim_device_check_free(struct host *host, const struct claim_device *device, struct error *err)
{
	static const char *const mounts_argv[] = {
		"sh", "-c", "cat /proc/self/mountinfo; cat /proc/swaps 2>/dev/null; exit 0", NULL};
	/* opens it for writing and exclusively, and does nothing */
	const char *const open_argv[] = {"wipefs",  "--all",	  "--no-act",
					 "--quiet", device->path, NULL};
	char *mounts;
	int result;

	if (check_parts(device, err) < 0)
		return -1;
	if (device->holders[0])
		return error_set(err, ERROR_USER, "%s is used by %s", device->path,
				 device->holders);
	mounts = claim_ask(host, mounts_argv, err);
	if (!mounts)
		return -1;
	result = check_mounts(device, mounts, err);
	free(mounts);
	if (result < 0 || check_openers(host, device, err) < 0)
		return -1;
	if (!host_run_ok(host, open_argv, CLAIM_ASK_NS, err))
		return 0;
	if (err->kind == ERROR_WORLD && strstr(err->text, "busy"))
		return error_set(err, ERROR_USER,
				 "%s is in exclusive use: part of another volume, or a target that "
				 "is exported",
				 device->path);
	return error_prefix(err, "cannot open %s", device->path);
}
