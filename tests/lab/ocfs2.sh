#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# OCFS2 on the lab, the second cluster file system. Guards against a cell that says ocfs2 and tests
# GFS2, against a heartbeat on the tested disk (under writethrough the guests would reset themselves),
# and against damage that fsck.ocfs2 finds and nobody counts. Guests are cold: in running ones, of which
# the host has read of the volume before, node b's mount may hang under writethrough (docs/workloads.md).
here=$(dirname "$0")
# shellcheck source=tests/lab/functions.bash
. "$here/functions.bash"
requires_lab
command -v mkfs.ocfs2 >/dev/null || skip "mkfs.ocfs2 is not installed (ocfs2-tools)"

cat >"$scratch/ocfs2.conf" <<-EOF
	[site]
	volume = ocfs2
	guests = cold
	[matrix]
	cache = none, writethrough
	[judge]
	max-rate = 0.02
	[expect]
	writethrough = violated
EOF
expect 0 "$stalemate" run -p "$scratch/ocfs2.conf" -o "$scratch/run"
cat "$scratch/out"
says out '2 of 2 cells as expected'
grep -q 'Mounting device .* on (node 1, slot 0)' "$scratch/run/consoles/a.log" || fail "no OCFS2 was mounted"
grep -q 'All passes succeeded' "$scratch/run/cells/01-none/fsck.log" || fail "fsck.ocfs2 did not look at it"
for node in a b; do
	grep -qE "^! [0-9]+ $node note file system: ocfs2 [0-9]+:[0-9]+ vd[a-z]\$" "$scratch/run/cells/01-none/history.txt" ||
		fail "node $node does not note by which name its kernel speaks of the volume"
done
nothing_left
