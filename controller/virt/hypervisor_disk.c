/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hypervisor_disk.c - hypervisor.h: what QEMU counts of a domain's disk. */
#include <string.h>

#include "virt/hypervisor_internal.h"

#define COUNTS_MAX 16 /* the most that libvirt lets one ask for; version 9 has eight of them */

/* False where it is not counted. */
static bool find_count(const virTypedParameter *counts, int n, const char *name, uint64_t *ret)
{
	int i;

	for (i = 0; i < n; i++) {
		if (strcmp(counts[i].field, name) || counts[i].type != VIR_TYPED_PARAM_LLONG ||
		    counts[i].value.l < 0)
			continue;
		*ret = (uint64_t)counts[i].value.l;
		return true;
	}
	return false;
}

static int disk_counts(struct job *job)
{
	struct disk_counts *ret = &job->answer.counts;
	virTypedParameter counts[COUNTS_MAX];
	uint64_t read, written;
	int n = COUNTS_MAX;

	if (virDomainBlockStatsFlags(job->domain, job->request.text, counts, &n, 0) < 0)
		return hypervisor_error(&job->err, job->request.name);
	if (!find_count(counts, n, VIR_DOMAIN_BLOCK_STATS_READ_BYTES, &read) ||
	    !find_count(counts, n, VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES, &written))
		return error_set(&job->err, ERROR_WORLD, "libvirt: %s: disk %s is not counted",
				 job->request.name, job->request.text);
	ret->bytes = read + written;
	ret->flushes_known = find_count(counts, n, VIR_DOMAIN_BLOCK_STATS_FLUSH_REQ, &ret->flushes);
	return 0;
}

int hypervisor_disk_counts(struct hypervisor *hypervisor, const char *name, const char *disk,
			   struct disk_counts *ret, struct error *err)
{
	const struct request request = {.work = disk_counts, .name = name, .text = disk};
	struct answer answer;

	if (hypervisor_call(hypervisor, &request, &answer, err) < 0)
		return -1;
	*ret = answer.counts;
	return 0;
}
