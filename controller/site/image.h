/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image.h - the guest image: built by agent/image/build.sh, cached by content. */
#ifndef SITE_IMAGE_H
#define SITE_IMAGE_H

#include <limits.h>

#include "common/error.h"
#include "host/progress.h"

struct image {
	char kernel[PATH_MAX], initramfs[PATH_MAX];
	char packages[1024]; /* "linux-image-… 6.1.192-2, corosync …": what it was made of */
};

/* Build it, or find it built. ERROR_WORLD with the script's own words. */
int image_build(const struct progress *progress, struct image *ret, struct error *err);

#endif
