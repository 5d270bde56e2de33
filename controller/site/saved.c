/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * saved.c - see saved.h.
 *
 * The XML is written before the JSON: a guest without its JSON was not changed, for the change
 * comes after both. The definition that is about to be made is noted before it is made, so that
 * what a run leaves which is killed in between is known: the saved one, or one with the mark of the
 * one that is noted (put_back.h, saved_knows).
 */
#include "site/saved.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rundir/rundir.h"

#define XML_MAX (4U << 20)
#define JSON_MAX (64U << 10)
#define NAME_MAX_LEN 32

static int open_folder(const char *run, struct error *err)
{
	char *path = rundir_path(run, NULL, "saved");
	int fd = -1;

	if (path)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (!path)
		error_set(err, ERROR_WORLD, "out of memory");
	else if (fd < 0)
		error_set_errno(err, ERROR_USER, "%s", path);
	free(path);
	return fd;
}

/* fsync a folder (which is closed) and all above it: any of them may be new. What is not ours to
 * read was not made by us, and is as durable as it is. */
static int sync_upwards(int fd)
{
	struct stat here, above;
	int parent, result;

	for (;;) {
		result = fsync(fd) && errno != EINVAL && errno != EROFS ? -1 : 0;
		parent = result ? -1 : openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (parent < 0 || fstat(fd, &here) < 0 || fstat(parent, &above) < 0 ||
		    (here.st_dev == above.st_dev && here.st_ino == above.st_ino))
			break;
		close(fd);
		fd = parent;
	}
	if (parent >= 0)
		close(parent);
	close(fd);
	return result;
}

/* Make RUN/saved, and see to it that it and RUN outlive a power cut. */
static int make_folder(const char *run, struct error *err)
{
	int fd = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(err, ERROR_WORLD, "%s", run);
	if (mkdirat(fd, "saved", 0700) < 0 && errno != EEXIST) {
		error_set_errno(err, ERROR_WORLD, "cannot make the folder %s/saved", run);
		close(fd);
		return -1;
	}
	if (sync_upwards(fd) < 0)
		return error_set_errno(err, ERROR_WORLD, "the folder %s is not on the disk", run);
	return 0;
}

static int write_all(int fd, const char *text)
{
	size_t size = strlen(text);
	ssize_t n;

	while (size) {
		n = write(fd, text, size);
		if (n < 0)
			return -1;
		text += n;
		size -= (size_t)n;
	}
	return fsync(fd);
}

/* A whole file of mode 0600, durable with its name. */
static int write_file(const char *run, char letter, const char *suffix, const char *text,
		      struct error *err)
{
	char name[NAME_MAX_LEN], fresh[NAME_MAX_LEN + 8];
	int folder = open_folder(run, err), fd, result = -1;

	if (folder < 0)
		return -1;
	snprintf(name, sizeof(name), "%c%s", letter, suffix);
	snprintf(fresh, sizeof(fresh), "%s.new", name);
	unlinkat(folder, fresh, 0);
	fd = openat(folder, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || write_all(fd, text) < 0 || renameat(folder, fresh, folder, name) < 0 ||
	    fsync(folder) < 0)
		error_set_errno(err, ERROR_WORLD, "cannot write %s/saved/%s", run, name);
	else
		result = 0;
	if (fd >= 0)
		close(fd);
	close(folder);
	return result;
}

/* Untrusted: a regular file of our own that nobody else may write. */
static int check_file(int fd, const char *run, const char *name, size_t max, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set_errno(err, ERROR_WORLD, "%s/saved/%s", run, name);
	if (!S_ISREG(st.st_mode) || (size_t)st.st_size > max)
		return error_set(err, ERROR_USER,
				 "%s/saved/%s is not of a run's making: no file, or too large", run,
				 name);
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return error_set(
			err, ERROR_USER,
			"%s/saved/%s belongs to another user, or others may write it: what "
			"it would do to a guest is theirs to say; restore as the user who "
			"ran it",
			run, name);
	return 0;
}

static int read_text(int fd, char *text, size_t max, size_t *ret_size)
{
	size_t size = 0;
	ssize_t n;

	while (size < max && (n = read(fd, text + size, max - size)) != 0) {
		if (n < 0)
			return -1;
		size += (size_t)n;
	}
	text[size] = 0;
	*ret_size = size;
	return 0;
}

/* 1 with *ret to be freed, 0 if there is none, -1 with *err. */
static int read_file(int folder, const char *run, char letter, const char *suffix, size_t max,
		     char **ret, struct error *err)
{
	char name[NAME_MAX_LEN], *text;
	int fd, result = -1;
	size_t size;

	snprintf(name, sizeof(name), "%c%s", letter, suffix);
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_set_errno(err, ERROR_USER, "%s/saved/%s", run, name);
	text = malloc(max + 1);
	if (!text)
		error_set(err, ERROR_WORLD, "out of memory");
	else if (check_file(fd, run, name, max, err) < 0)
		;
	else if (read_text(fd, text, max, &size) < 0)
		error_set_errno(err, ERROR_WORLD, "%s/saved/%s", run, name);
	else if (strlen(text) != size)
		error_set(err, ERROR_USER, "%s/saved/%s is not a text", run, name);
	else
		result = 1;
	close(fd);
	if (result < 0)
		free(text);
	else
		*ret = text;
	return result;
}

int saved_lock(const char *run, bool alone, struct error *err)
{
	char *path = rundir_path(run, NULL, "saved/lock"), pid[32] = "";
	int fd = -1;
	ssize_t n;

	if (!path)
		return error_set(err, ERROR_WORLD, "out of memory");
	if (!alone && make_folder(run, err) < 0)
		goto out;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && alone && errno == ENOENT) {
		fd = SAVED_NOTHING;
		goto out;
	}
	if (fd < 0) {
		error_set_errno(err, ERROR_WORLD, "%s", path);
		goto out;
	}
	if (flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0) {
		n = pread(fd, pid, sizeof(pid) - 1, 0);
		pid[n > 0 ? n : 0] = 0;
		error_set(err, ERROR_WORLD,
			  "%s: this run is still going, or being restored (pid %.*s); it puts the "
			  "guests back itself when it ends: wait for it, or stop it",
			  run, (int)strspn(pid, "0123456789"), pid);
		close(fd);
		fd = -1;
		goto out;
	}
	snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, strlen(pid), 0) < 0) {
		error_set_errno(err, ERROR_WORLD, "%s", path);
		close(fd);
		fd = -1;
	}
out:
	free(path);
	return fd;
}

static bool is_saved(const char *run, char letter)
{
	char name[NAME_MAX_LEN], *path;
	bool is;

	snprintf(name, sizeof(name), "saved/%c.json", letter);
	path = rundir_path(run, NULL, name);
	is = path && !access(path, F_OK);
	free(path);
	return is;
}

int saved_write(const char *run, char letter, const struct saved_guest *guest, struct error *err)
{
	char *text = NULL;
	json_t *root;
	int result = -1;

	if (is_saved(run, letter))
		return error_set(err, ERROR_USER,
				 "%s/saved holds a guest's definition already, which is never "
				 "overwritten: `stalemate restore %s`, then give a new folder",
				 run, run);
	root = json_pack("{s:i, s:s, s:s, s:s, s:s, s:b, s:b}", "schema", 1, "libvirt", guest->uri,
			 "domain", guest->domain, "uuid", guest->uuid, "disk", guest->disk,
			 "running", guest->running, "autostart", guest->autostart);
	if (root)
		text = json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	if (!text)
		error_set(err, ERROR_WORLD, "what is to be saved of a guest is no text");
	else if (strlen(guest->xml) > XML_MAX)
		error_set(err, ERROR_WORLD, "its definition is larger than %u bytes", XML_MAX);
	else if (!write_file(run, letter, ".xml", guest->xml, err))
		result = write_file(run, letter, ".json", text, err);
	free(text);
	return result;
}

int saved_write_changed(const char *run, char letter, const char *xml, struct error *err)
{
	char name[NAME_MAX_LEN];
	int folder = open_folder(run, err);

	if (folder < 0)
		return -1;
	snprintf(name, sizeof(name), "%c-restored", letter);
	unlinkat(folder, name, 0);
	close(folder);
	return write_file(run, letter, "-changed.xml", xml, err);
}

int saved_write_restored(const char *run, char letter, struct error *err)
{
	return write_file(run, letter, "-restored", "", err);
}

/* Copy a string of the JSON; false if it is too long for anything of ours. */
static bool take(char *ret, size_t size, const char *text)
{
	return snprintf(ret, size, "%s", text) < (int)size;
}

static int parse_state(const char *text, struct saved_guest *ret)
{
	const char *uri, *domain, *uuid, *disk;
	int schema, running, autostart, result = -1;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	if (root &&
	    !json_unpack(root, "{s:i, s:s, s:s, s:s, s:s, s:b, s:b}", "schema", &schema, "libvirt",
			 &uri, "domain", &domain, "uuid", &uuid, "disk", &disk, "running", &running,
			 "autostart", &autostart) &&
	    schema == 1 && take(ret->uri, sizeof(ret->uri), uri) &&
	    take(ret->domain, sizeof(ret->domain), domain) &&
	    take(ret->uuid, sizeof(ret->uuid), uuid) && take(ret->disk, sizeof(ret->disk), disk)) {
		ret->running = running;
		ret->autostart = autostart;
		result = 0;
	}
	json_decref(root);
	return result;
}

static int read_guest(int folder, const char *run, char letter, struct saved_guest *guest,
		      struct error *err)
{
	char *text = NULL;
	int got, result;

	got = read_file(folder, run, letter, ".json", JSON_MAX, &text, err);
	if (got <= 0)
		return got;
	result = parse_state(text, guest);
	free(text);
	if (result < 0)
		return error_set(err, ERROR_USER,
				 "%s/saved/%c.json is not of this version's making", run, letter);
	got = read_file(folder, run, letter, ".xml", XML_MAX, &guest->xml, err);
	if (!got)
		error_set(err, ERROR_USER, "%s/saved/%c.xml is not there", run, letter);
	if (got <= 0 ||
	    read_file(folder, run, letter, "-changed.xml", XML_MAX, &guest->changed, err) < 0)
		return -1;
	got = read_file(folder, run, letter, "-restored", JSON_MAX, &text, err);
	if (got < 0)
		return -1;
	if (got)
		free(text);
	guest->restored = got;
	return 1;
}

int saved_read(const char *run, char letter, struct saved_guest *ret, struct error *err)
{
	struct saved_guest guest = {0};
	int folder = open_folder(run, err), got;

	if (folder < 0)
		return -1;
	got = read_guest(folder, run, letter, &guest, err);
	close(folder);
	if (got > 0)
		*ret = guest;
	else
		saved_done(&guest);
	return got;
}

void saved_done(struct saved_guest *guest)
{
	free(guest->xml);
	free(guest->changed);
	guest->xml = guest->changed = NULL;
}

bool saved_uri_runs_programs(const char *uri)
{
	const char *query = strchr(uri, '?'), *scheme = strstr(uri, "://");
	const char *ext = strcasestr(uri, "+ext"); /* libvirt does not mind the case */

	if (query &&
	    (strcasestr(query, "command=") || strcasestr(query, "netcat=") || strchr(query, '%')))
		return true;
	return scheme && ext && ext < scheme;
}
