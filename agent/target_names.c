/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_names.c - target.h: directories beside the data files, in which a name is a register.
 *
 * "names.00" belongs to data file 0. Each unit of the file is a slot of it: at rest it has one
 * entry, and what the slot holds is in that entry's own name, the write's name (op.h) and a mark of
 * the run:
 *
 *      u17.a-0-5.1f2e3d4c5b6a7988-3        slot 17: written by node a, lane 0, sequence 5
 *
 * So a rename, a link and an unlink, or a create and an unlink are a write, and readdir(3) is a
 * read. What an entry names is a file of one unit with the tag of the write that created it: an
 * entry that leads to nothing, or to a file of something else, is damage of the one or the other.
 *
 * Why what is found may be judged: rename(2), link(2), unlink(2) and open(2) with O_EXCL are atomic
 * and have happened when they return, and a cluster file system shows them to all nodes then (GFS2
 * holds the directory's lock in the cluster for each of them, and for each getdents(2)). What
 * readdir(3) returns of an entry that comes or goes meanwhile is nobody's promise, so no slot is
 * looked at while the other node writes it: whoever asks has to see to that (a workload that does
 * not is refused). An entry that stays must be shown, and once, whatever comes and goes beside it.
 */
#include "agent/target_beside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/parse.h"

#define SLOT_PREFIX "u"
#define NAME_BYTES 80 /* of an entry's name */
#define ENTRIES_MAX 4 /* of one slot, that are told apart */

/* The entries of one slot. */
struct slot {
	unsigned n; /* up to ENTRIES_MAX are here */
	struct part held[ENTRIES_MAX];
	char name[NAME_BYTES]; /* the first one's */
};

void target_names_name(unsigned file, char ret[16])
{
	snprintf(ret, 16, "names.%02u", file);
}

/* Which run and cell. */
static void mark(const struct target *target, char ret[NAME_BYTES])
{
	uint64_t run = 0;
	unsigned i;

	for (i = 0; i < 8; i++)
		run = run << 8 | target->space.run[i];
	snprintf(ret, NAME_BYTES, "%016llx-%u", (unsigned long long)run, target->space.volume);
}

static void print_name(const struct target *target, uint64_t unit, uint64_t id,
		       char ret[NAME_BYTES])
{
	char whose[NAME_BYTES];

	mark(target, whose);
	snprintf(ret, NAME_BYTES, SLOT_PREFIX "%llu.%c-%u-%llu.%.30s", (unsigned long long)unit,
		 'a' + (int)write_id_node(id), write_id_lane(id),
		 (unsigned long long)write_id_sequence(id), whose);
}

/* The number that `until` ends; *at is moved behind it. */
static bool take_number(const char **at, char until, uint64_t max, uint64_t *ret)
{
	const char *end = strchr(*at, until);
	char digits[24];

	if (!end || (size_t)(end - *at) >= sizeof(digits))
		return false;
	memcpy(digits, *at, (size_t)(end - *at));
	digits[end - *at] = 0;
	*at = end + 1;
	return !parse_u64(digits, max, "", ret, NULL);
}

/* What an entry says, if it is of this slot: `name` may be anything. */
static bool read_name(const struct target *target, uint64_t unit, const char *name,
		      struct part *ret)
{
	uint64_t slot, lane, sequence;
	char whose[NAME_BYTES];
	unsigned node;

	if (*name++ != *SLOT_PREFIX || !take_number(&name, '.', UINT64_MAX, &slot) || slot != unit)
		return false;
	*ret = (struct part){.kind = VALUE_CORRUPT};
	node = (unsigned)(*name - 'a');
	if (node >= NODES || *++name != '-')
		return true;
	name++;
	if (!take_number(&name, '-', LANE_MAX, &lane) ||
	    !take_number(&name, '.', SEQUENCE_MAX, &sequence) || !sequence)
		return true;
	mark(target, whose);
	ret->kind = strcmp(name, whose) != 0 ? VALUE_FOREIGN : VALUE_TAG;
	ret->write_id = ret->kind == VALUE_TAG ? write_id(node, 0, (unsigned)lane, sequence) : 0;
	return true;
}

/* It is made at first use; by either node, so it may come meanwhile. */
int target_names_open(const struct target *target, unsigned file, struct error *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, fd = -1;
	int parent = open(target->path, flags);
	char name[16];

	target_names_name(file, name);
	if (parent >= 0 && (!mkdirat(parent, name, 0700) || errno == EEXIST))
		fd = openat(parent, name, flags);
	if (fd < 0)
		error_set_errno(err, ERROR_WORLD, "cannot open the target's %s", name);
	if (parent >= 0)
		close(parent);
	return fd;
}

/* The directory of the unit's file. */
static int names_of(struct target *target, uint64_t unit, struct error *err)
{
	unsigned file = (unsigned)(unit / target->units_per_file);
	int *fd = &target->beside.names[file];

	if (*fd < 0)
		*fd = target_names_open(target, file, err);
	return *fd;
}

/* Look through the directory as it is now. */
static int look(const struct target *target, int directory, uint64_t unit, struct slot *ret,
		struct error *err)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct part held;
	int result = 0;

	memset(ret, 0, sizeof(*ret));
	if (!stream) {
		if (fd >= 0)
			close(fd);
		return error_set_errno(err, ERROR_WORLD, "cannot open a directory of names");
	}
	while (errno = 0, (entry = readdir(stream))) {
		if (!read_name(target, unit, entry->d_name, &held))
			continue;
		if (!ret->n)
			snprintf(ret->name, sizeof(ret->name), "%.*s", NAME_BYTES - 1,
				 entry->d_name);
		if (ret->n < ENTRIES_MAX)
			ret->held[ret->n++] = held;
	}
	if (errno)
		result = error_set_errno(err, ERROR_WORLD, "readdir of a directory of names");
	closedir(stream);
	return result;
}

static int create(const struct target *target, int directory, const char *name, const void *buf,
		  bool sync, struct error *err)
{
	int fd =
		openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int result;

	if (fd < 0)
		return error_set_errno(err, ERROR_WORLD, "create of a name");
	result = io_result(write(fd, buf, target->unit), target->unit, "write of a created file",
			   err);
	if (!result && sync && fsync(fd) < 0)
		result = error_set_errno(err, ERROR_WORLD, "fsync of a created file");
	close(fd);
	return result;
}

static int replace(int directory, const char *old, const char *name, enum name_way way,
		   struct error *err)
{
	if (way == NAME_RENAME && renameat(directory, old, directory, name) < 0)
		return error_set_errno(err, ERROR_WORLD, "rename of a name");
	if (way == NAME_LINK && linkat(directory, old, directory, name, 0) < 0)
		return error_set_errno(err, ERROR_WORLD, "link of a name");
	if (way != NAME_RENAME && unlinkat(directory, old, 0) < 0)
		return error_set_errno(err, ERROR_WORLD, "unlink of a name");
	return 0;
}

int target_name_write(struct target *target, uint64_t unit, uint64_t id, enum name_way way,
		      const void *buf, bool sync, struct error *err)
{
	bool stable = sync && target->role[IO_WRITER]->io.path->sync != IO_SYNC_NEVER;
	int directory = names_of(target, unit, err);
	char name[NAME_BYTES];
	struct slot slot;

	if (directory < 0 || look(target, directory, unit, &slot, err) < 0)
		return -1;
	if (slot.n > 1)
		return error_set(err, ERROR_WORLD, "the slot has more than one entry");
	print_name(target, unit, id, name);
	if ((!slot.n || way == NAME_CREATE) &&
	    create(target, directory, name, buf, stable, err) < 0)
		return -1;
	if (slot.n && replace(directory, slot.name, name, way, err) < 0)
		return -1;
	if (stable && fsync(directory) < 0)
		return error_set_errno(err, ERROR_WORLD, "fsync of a directory of names");
	return 0;
}

/* Several entries in one slot: the unit is of several writes, one sector or more of each. */
static void set_torn(const struct target *target, const struct slot *slot, struct value *ret)
{
	unsigned sectors = target->unit / SECTOR_SIZE, i;

	ret->kind = VALUE_TORN;
	ret->n_parts = slot->n < sectors ? slot->n : sectors;
	for (i = 0; i < ret->n_parts; i++) {
		ret->parts[i] = slot->held[i];
		ret->parts[i].sectors = 1;
	}
	ret->parts[0].sectors = (uint16_t)(sectors - (ret->n_parts - 1));
}

/* What the file that the entry names has in it; a name that leads nowhere is damage. */
static int read_content(const struct target *target, int directory, const char *name, uint64_t unit,
			void *buf, struct value *ret, struct error *err)
{
	unsigned sectors = target->unit / SECTOR_SIZE;
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t got;

	if (fd < 0 && errno == ENOENT) {
		*ret = (struct value){.kind = VALUE_CORRUPT};
		return 0;
	}
	if (fd < 0)
		return error_set_errno(err, ERROR_WORLD, "open of a name");
	got = read(fd, buf, target->unit);
	if (got < 0)
		error_set_errno(err, ERROR_WORLD, "read of a name's file");
	else /* what is missing is the poison */
		tag_read(&target->space, unit * sectors, sectors, buf, ret);
	close(fd);
	return got < 0 ? -1 : 0;
}

int target_name_find(struct target *target, uint64_t unit, void *buf, struct value *ret,
		     struct error *err)
{
	int directory = names_of(target, unit, err);
	struct value content = {.kind = VALUE_TAG};
	const struct part *held;
	struct slot slot;

	if (directory < 0 || look(target, directory, unit, &slot, err) < 0)
		return -1;
	held = &slot.held[0];
	if (slot.n == 1 && held->kind == VALUE_TAG &&
	    read_content(target, directory, slot.name, unit, buf, &content, err) < 0)
		return -1;
	if (!slot.n)
		*ret = (struct value){.kind = VALUE_TAG, .write_id = WRITE_ID_INITIAL};
	else if (slot.n > 1)
		set_torn(target, &slot, ret);
	else if (content.kind != VALUE_TAG)
		*ret = content;
	else
		*ret = (struct value){.kind = held->kind, .write_id = held->write_id};
	return 0;
}

/* Entries of ours, of whatever run: slots', and what churn.c makes. */
static bool is_ours(const char *name)
{
	uint64_t number;

	if (*name != *SLOT_PREFIX && *name != *CHURN_PREFIX)
		return false;
	name++;
	return take_number(&name, '.', UINT64_MAX, &number);
}

int target_names_remove(int target, unsigned file, struct error *err)
{
	const struct dirent *entry;
	DIR *stream = NULL;
	char name[16];
	int fd, result = -1;

	target_names_name(file, name);
	fd = openat(target, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd >= 0)
		stream = fdopendir(fd);
	if (!stream) {
		if (fd >= 0)
			close(fd);
		return error_set_errno(err, ERROR_WORLD, "cannot open its old %s", name);
	}
	while (errno = 0, (entry = readdir(stream))) {
		if (is_ours(entry->d_name) && unlinkat(fd, entry->d_name, 0) < 0 && errno != ENOENT)
			goto out;
	}
	if (!errno)
		result = unlinkat(target, name, AT_REMOVEDIR);
out:
	if (result < 0)
		error_set_errno(err, ERROR_WORLD, "cannot remove its old %s", name);
	closedir(stream);
	return result;
}
