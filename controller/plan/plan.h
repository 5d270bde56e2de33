/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.h - a plan file (INI) -> struct plan -> the list of cells.
 *
 * docs/plan.md documents every key with its default. Unknown sections and keys, values out of
 * range and contradictions are ERROR_USER with file:line.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/io_name.h"
#include "common/op.h"
#include "plan/fault.h"
#include "rundir/disk_setup.h"
#include "rundir/facts.h"

enum site_kind { SITE_LAB, SITE_HOSTS, SITE_KINDS };
extern const char *const site_kind_names[SITE_KINDS]; /* lab hosts */

/* What is on the shared device. */
enum volume_kind { VOLUME_GFS2, VOLUME_RAW, VOLUME_OCFS2, VOLUME_KINDS };
extern const char *const volume_kind_names[VOLUME_KINDS];

/* How the agent in a guest of the user's is reached. */
enum agent_way { AGENT_VIRTIO, AGENT_SSH, AGENT_GUEST_AGENT, AGENT_WAYS };
extern const char *const agent_way_names[AGENT_WAYS];

/* What to do with a guest that does not shut down in time. */
enum on_hang { ON_HANG_ERROR, ON_HANG_DESTROY, ON_HANGS };
extern const char *const on_hang_names[ON_HANGS];

struct plan_host {
	bool given;
	char libvirt[256], ssh[256], device[256], resource[64], domain[64], disk[64];
	enum agent_way agent;
	char guest_ssh[256]; /* AGENT_SSH: the guest */
	char address[64];    /* domain = auto: the host's own, for the network between the guests */
	enum on_hang on_hang;
	uint64_t stop_ns, start_ns; /* deadlines: to shut down, to be up with the volume mounted */
};

/* Whether the guest there is one that we boot ("domain = auto"), not one of the user's. */
bool plan_host_is_auto(const struct plan_host *host);

/* What one cell is to test. */
struct cell {
	enum cache_mode cache[NODES];
	struct disk_setup disk;	     /* the same on both hosts */
	char path[IO_NAMES_MAX];     /* buffered */
	struct io_name io[IO_ROLES]; /* the same, parsed */
	char workload[64];	     /* name of a text in workloads/ */
	char fault[64];		     /* none */
	unsigned repeat;	     /* from 1 */
	unsigned lanes;		     /* that a node has; known once the workload is */
	bool churns;		     /* any of them; as well */
	bool has_expected;
	enum verdict_kind expected;
	char id[64]; /* "01-none", "02-none-writethrough" */
	char selector[256];
};

struct plan {
	char name[64]; /* of the file without folder and .conf; "demo" for the built-in one */
	char *text;    /* the file as read */

	enum site_kind kind;
	enum volume_kind volume;
	char target[256];     /* /srv/shared/stalemate; raw: the device in the guest, or "" */
	uint64_t size;	      /* bytes of the target */
	uint64_t volume_size; /* lab: bytes of the volume */
	uint32_t unit;
	uint32_t block_size; /* of a file system of ours */
	bool cold;	     /* guests of ours: booted anew for each cell */
	bool verify;	     /* hosts: compare the replicas after each cell */
	struct fault_moment fault_at;
	uint64_t fault_for_ns; /* what stands still is woken after so long */
	struct plan_host hosts[NODES];

	double confidence, max_rate;

	struct cell *cells;
	size_t n_cells;
};

/* The built-in plan of `stalemate demo`, as text. */
extern const char plan_demo_text[];

/* Read the file. *ret is to be released with plan_done; untouched on failure. */
int plan_read(const char *path, struct plan *ret, struct error *err);

/* Parse a text; `name` stands for the file in messages. */
int plan_parse(const char *name, const char *text, struct plan *ret, struct error *err);
void plan_done(struct plan *plan);

/* Whether any cell has its disk on that bus (DISK_BUS_SCSI). */
bool plan_has_bus(const struct plan *plan, unsigned bus);

/*
 * Keep only the cells that match all of "KEY=V,KEY=V": keys of [matrix], values as there. Several
 * values of one key: "cache=none,cache=unsafe" keeps either. No cell left, or an unknown key or
 * value, is an ERROR_USER.
 */
int plan_select(struct plan *plan, const char *only, struct error *err);

#endif
