#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The device itself on the lab, without a file system or a cluster. Guards against a lab that makes no
# claim (then nothing may be written), against a cluster that is waited for all the same, and against
# verdicts that depend on GFS2.
here=$(dirname "$0")
# shellcheck source=tests/lab/functions.bash
. "$here/functions.bash"
requires_lab

cat >"$scratch/raw.conf" <<-EOF
	[site]
	volume = raw
	[matrix]
	cache = none, writethrough
	path = direct
	[judge]
	max-rate = 0.02
	[expect]
	writethrough = violated
EOF
expect 0 "$stalemate" run -p "$scratch/raw.conf" -o "$scratch/run"
cat "$scratch/out"
says out '2 of 2 cells as expected'
says err 'waiting for both guests$'
! grep -q 'waiting for the cluster' "$scratch/err" || fail "a cluster was waited for"
grep -q 'no cluster wanted' "$scratch/run/consoles/a.log" || fail "the guest made a cluster"
nothing_left
