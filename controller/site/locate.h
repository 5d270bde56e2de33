/* SPDX-License-Identifier: GPL-2.0-or-later */
/* locate.h - files that belong to the program, in a build tree or installed. */
#ifndef SITE_LOCATE_H
#define SITE_LOCATE_H

#include "common/error.h"

/* The agent's binary, beside the program itself. malloc'ed; NULL with *err. */
char *locate_agent(struct error *err);

/* The script that builds the guest image. malloc'ed; NULL with *err. */
char *locate_image_script(struct error *err);

#endif
