/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab_state.c - see lab_state.h. */
#include "site/lab_state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/parse.h"

#define LOCK_FILE LAB_RUN_DIR "/lab.lock"
#define STATE_FILE LAB_RUN_DIR "/lab.json"

bool lab_locked_by(char *ret, size_t size)
{
	char text[128] = "";
	bool locked = false;
	ssize_t n;
	int fd;

	fd = open(LOCK_FILE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		n = pread(fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = 0;
		snprintf(ret, size, "%s", text);
		locked = true;
	}
	close(fd);
	return locked;
}

int lab_lock(const char *purpose, struct error *err)
{
	char text[128] = "";
	ssize_t n;
	int fd;

	if (geteuid())
		return error_set(err, ERROR_WORLD,
				 "the lab needs root (loop devices, libvirtd): run it with sudo");
	if ((mkdir(LAB_RUN_DIR, 0755) < 0 && errno != EEXIST) ||
	    (mkdir(LAB_DISK_DIR, 0755) < 0 && errno != EEXIST))
		return error_set_errno(err, ERROR_WORLD, "cannot create %s or %s", LAB_RUN_DIR,
				       LAB_DISK_DIR);
	fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_set_errno(err, ERROR_WORLD, "%s", LOCK_FILE);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		n = pread(fd, text, sizeof(text) - 1, 0);
		text[n > 0 ? n : 0] = 0;
		close(fd);
		return error_set(err, ERROR_WORLD,
				 "another stalemate has the lab: %s; wait for it or stop it", text);
	}
	n = snprintf(text, sizeof(text), "stalemate %s, pid %d", purpose, (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n) {
		error_set_errno(err, ERROR_WORLD, "%s", LOCK_FILE);
		close(fd);
		return -1;
	}
	return fd;
}

void lab_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

int lab_state_write(const struct lab_state *state, struct error *err)
{
	json_t *root;
	int result = 0;

	root = json_pack("{s:i, s:[s,s], s:s, s:b, s:b, s:b, s:[i,i], s:s, s:s, s:s, s:s, s:I}",
			 "schema", 3, "loops", state->loops[0], state->loops[1], "volume",
			 LAB_VOLUME, "kvm", state->kvm, "scsi", state->scsi, "persistent",
			 state->persistent, "ports", state->ports[0], state->ports[1], "kernel",
			 state->image.kernel, "initramfs", state->image.initramfs, "packages",
			 state->image.packages, "volume_kind", volume_kind_names[state->volume],
			 "volume_size", (json_int_t)state->volume_size);
	if (!root || json_dump_file(root, STATE_FILE ".new", JSON_INDENT(2)) < 0 ||
	    rename(STATE_FILE ".new", STATE_FILE) < 0)
		result = error_set_errno(err, ERROR_WORLD, "cannot write %s", STATE_FILE);
	json_decref(root);
	return result;
}

int lab_state_read(struct lab_state *ret)
{
	const char *loops[NODES], *kernel, *initramfs, *packages, *kind;
	json_t *root = json_load_file(STATE_FILE, 0, NULL);
	int schema, kvm, scsi, persistent, ports[NODES], got = 0;
	json_int_t volume_size;
	unsigned volume;

	if (root &&
	    !json_unpack(root, "{s:i, s:[s,s], s:b, s:b, s:b, s:[i,i], s:s, s:s, s:s, s:s, s:I}",
			 "schema", &schema, "loops", &loops[0], &loops[1], "kvm", &kvm, "scsi",
			 &scsi, "persistent", &persistent, "ports", &ports[0], &ports[1], "kernel",
			 &kernel, "initramfs", &initramfs, "packages", &packages, "volume_kind",
			 &kind, "volume_size", &volume_size) &&
	    schema == 3 &&
	    !parse_name(kind, volume_kind_names, VOLUME_KINDS, "volume", &volume, NULL)) {
		snprintf(ret->loops[0], sizeof(ret->loops[0]), "%s", loops[0]);
		snprintf(ret->loops[1], sizeof(ret->loops[1]), "%s", loops[1]);
		ret->volume = (enum volume_kind)volume;
		ret->volume_size = (uint64_t)volume_size;
		ret->kvm = kvm;
		ret->scsi = scsi;
		ret->persistent = persistent;
		ret->ports[0] = (unsigned)ports[0];
		ret->ports[1] = (unsigned)ports[1];
		snprintf(ret->image.kernel, sizeof(ret->image.kernel), "%s", kernel);
		snprintf(ret->image.initramfs, sizeof(ret->image.initramfs), "%s", initramfs);
		snprintf(ret->image.packages, sizeof(ret->image.packages), "%s", packages);
		got = 1;
	}
	json_decref(root);
	return got;
}

void lab_state_remove(void)
{
	unlink(STATE_FILE);
}
