/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hypervisor_disk.c - hypervisor.h: what QEMU counts of a domain's disk. */
#include "virt/hypervisor_internal.h"

static int disk_bytes(struct job *job)
{
	virDomainBlockStatsStruct stats;

	if (virDomainBlockStats(job->domain, job->request.text, &stats, sizeof(stats)) < 0)
		return hypervisor_error(&job->err, job->request.name);
	if (stats.rd_bytes < 0 || stats.wr_bytes < 0)
		return error_set(&job->err, ERROR_WORLD, "libvirt: %s: disk %s is not counted",
				 job->request.name, job->request.text);
	job->answer.bytes = (uint64_t)stats.rd_bytes + (uint64_t)stats.wr_bytes;
	return 0;
}

int hypervisor_disk_bytes(struct hypervisor *hypervisor, const char *name, const char *disk,
			  uint64_t *ret, struct error *err)
{
	const struct request request = {.work = disk_bytes, .name = name, .text = disk};
	struct answer answer;

	if (hypervisor_call(hypervisor, &request, &answer, err) < 0)
		return -1;
	*ret = answer.bytes;
	return 0;
}
