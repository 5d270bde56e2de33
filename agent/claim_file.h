/* SPDX-License-Identifier: GPL-2.0-or-later */
/* claim_file.h - the claim (common/claim.h) of a target that is a folder: a file in it. */
#ifndef AGENT_CLAIM_FILE_H
#define AGENT_CLAIM_FILE_H

#include "common/claim.h"

/* Read the claim of the target open at `directory`. -1 with *err (ERROR_USER): none, or not ours.
 */
int claim_file_read(int directory, struct claim *ret, struct error *err);

/* Put a claim there, in place of an older one, durably. On failure errno says why as well. */
int claim_file_write(int directory, const struct claim *claim, struct error *err);

#endif
