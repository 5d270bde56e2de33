/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk_setup.c - see disk_setup.h. */
#include "rundir/disk_setup.h"

static const char *const buses[DISK_BUSES] = {"default", "virtio", "scsi", "sata"};
static const char *const ios[DISK_IOS] = {"default", "threads", "native", "io_uring"};
static const char *const iothreads[DISK_IOTHREADS] = {"default", "no", "yes"};
static const char *const formats[DISK_FORMATS] = {"default", "raw", "qcow2"};

const struct disk_axis_words disk_axes[DISK_AXES] = {
	[DISK_BUS] = {"bus", buses, DISK_BUSES},
	[DISK_IO] = {"io", ios, DISK_IOS},
	[DISK_IOTHREAD] = {"iothread", iothreads, DISK_IOTHREADS},
	[DISK_FORMAT] = {"format", formats, DISK_FORMATS},
};
