/* SPDX-License-Identifier: GPL-2.0-or-later */
/* merge_verdicts.h - JSON verdicts of shards -> the verdict of the whole: `check --merge`. */
#ifndef CONTROLLER_MERGE_VERDICTS_H
#define CONTROLLER_MERGE_VERDICTS_H

#include "report/report_read.h"

/*
 * Read n files that `check --shard K/N --format json` wrote, all of one run or one bare history,
 * and join them cell by cell. Release *ret with report_read_done; it is not set on failure
 * (ERROR_USER names the file, or says which shard is missing, there twice or different).
 */
int merge_verdicts(char *const *paths, size_t n, struct report_read *ret, struct error *err);

#endif
