/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk_setup.h - what of a guest's disk can differ beside its cache mode, in libvirt's words.
 *
 * Each is an axis of the matrix with a few values. The first value, "default", is what a guest of
 * ours has unless told otherwise (virtio, no io attribute, no iothread, raw), or what the
 * definition of a guest of the user's says.
 */
#ifndef RUNDIR_DISK_SETUP_H
#define RUNDIR_DISK_SETUP_H

enum disk_axis { DISK_BUS, DISK_IO, DISK_IOTHREAD, DISK_FORMAT, DISK_AXES };

enum { DISK_DEFAULT }; /* of each axis */
enum { DISK_BUS_VIRTIO = 1, DISK_BUS_SCSI, DISK_BUS_SATA, DISK_BUSES };
enum { DISK_IO_THREADS = 1, DISK_IO_NATIVE, DISK_IO_URING, DISK_IOS };
enum { DISK_IOTHREAD_NO = 1, DISK_IOTHREAD_YES, DISK_IOTHREADS };
enum { DISK_FORMAT_RAW = 1, DISK_FORMAT_QCOW2, DISK_FORMATS };

struct disk_axis_words {
	const char *key;
	const char *const *names;
	unsigned n;
};
extern const struct disk_axis_words disk_axes[DISK_AXES];

#define DISK_VALUES_MAX 4 /* of any axis */

struct disk_setup {
	unsigned value[DISK_AXES];
};

#endif
