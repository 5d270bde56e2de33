/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab_state.h - who has the lab, and what is known of a lab that is up.
 *
 * The lock is an flock(2): it is gone with its holder, however that ended. What a dead holder left
 * behind is found by looking at the world (domains by name and mark, loop devices by their file,
 * daemons by our pid files), not by trusting notes; the state file only spares guesses.
 */
#ifndef SITE_LAB_STATE_H
#define SITE_LAB_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/op.h"
#include "plan/plan.h"
#include "site/image.h"
#include "site/loop.h"

#define LAB_RUN_DIR "/run/stalemate"
#define LAB_DISK_DIR "/var/lib/stalemate"
#define LAB_VOLUME LAB_DISK_DIR "/volume.img"
#define LAB_HEARTBEAT LAB_DISK_DIR "/heartbeat.img" /* of OCFS2's cluster */

/*
 * Take the lab for this process, for `purpose` ("demo"). Returns a descriptor that holds the lock,
 * or -1: ERROR_WORLD naming the other process and its purpose, or that this needs root.
 */
int lab_lock(const char *purpose, struct error *err);
void lab_unlock(int lock);

/* Who holds the lock, as "pid 17 (demo)"; false if nobody does. */
bool lab_locked_by(char *ret, size_t size);

struct lab_state {
	char loops[NODES][LOOP_NAME_MAX];
	enum volume_kind volume;
	uint64_t volume_size;
	bool kvm;
	bool scsi;	 /* the guests have SCSI controllers */
	bool persistent; /* by `lab up`: it stays until `lab down` */
	unsigned ports[NODES];
	struct image image;
};

int lab_state_write(const struct lab_state *state, struct error *err);

/* 1 with *ret set, 0 if there is none (or none that can be read: the lab is then not up). */
int lab_state_read(struct lab_state *ret);
void lab_state_remove(void);

#endif
