/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_fs.h - what the file system said, in words and in JSON; for report*.c alone. */
#ifndef REPORT_REPORT_FS_H
#define REPORT_REPORT_FS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "check/fs_evidence.h"

/* Some lines of text, nothing if nothing was heard. */
void report_fs_text(FILE *out, const struct fs_evidence *fs);

/* Whether a line of a kernel's log is among it. */
bool report_fs_has_line(const struct fs_evidence *fs);

/* "file_system" of a cell (docs/verdict-format.md); NULL for want of memory. */
json_t *file_system_json(const struct fs_evidence *fs);

#endif
