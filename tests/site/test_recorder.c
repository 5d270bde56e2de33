/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel line means. Guards against a withdraw that goes uncounted and, just as bad, against
 * the ordinary lines of a mount being reported as errors.
 */
#include "tests/test.h"

#include "run/recorder.h"

static void test_kernel_lines(void **state)
{
	static const struct {
		const char *line;
		enum kernel_line kind;
	} cases[] = {
		{"gfs2: fsid=stalemate:lab.0: fatal: filesystem consistency error", KERNEL_ERROR},
		{"gfs2: fsid=stalemate:lab.0: about to withdraw this file system", KERNEL_WITHDRAW},
		{"GFS2: rgd: 16443 lvb free mismatch 56752/56783", KERNEL_ERROR},
		{"gfs2: fsid=stalemate:lab.1: fatal: invalid metadata block", KERNEL_ERROR},
		{"blk_update_request: I/O error, dev vda, sector 0", KERNEL_ERROR},
		{"gfs2: fsid=stalemate:lab.0: jid=0: Journal head lookup took 46ms",
		 KERNEL_HARMLESS},
		{"gfs2: fsid=stalemate:lab.0: first mount done, others may mount", KERNEL_HARMLESS},
		{"dlm: lab: joining the lockspace group...", KERNEL_HARMLESS},
		{"dlm: lab: dlm_recover 1 generation 1 done: 12 ms", KERNEL_HARMLESS},
		{"virtio_blk virtio3: [vda] 131072 512-byte logical blocks", KERNEL_HARMLESS},
		{"dlm: lab: group event done 0", KERNEL_HARMLESS},
		{"dlm: lab: dlm_recover_members error -4", KERNEL_HARMLESS},
		{"dlm: lab: dlm_recover_members error -107", KERNEL_ERROR},
		{"dlm: lab: dlm_recover_members error -44", KERNEL_ERROR},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(recorder_kernel_line(cases[i].line), cases[i].kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_kernel_lines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
