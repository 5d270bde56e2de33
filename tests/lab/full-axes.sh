#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Disks on other buses and served otherwise. Guards against a verdict that hangs on more than the cache
# mode, a guest that does not find its disk, and what libvirt refuses ending a run, being taken for a
# fault, or passing for success.
here=$(dirname "$0")
# shellcheck source=tests/lab/functions.bash
. "$here/functions.bash"
requires_lab

# plan AXES EXPECT
plan() {
	cat >"$scratch/axes.conf" <<-EOF
		[site]
		volume = raw
		[matrix]
		cache = none, writethrough
		path = direct
		$1
		[judge]
		max-rate = 0.02
		[expect cache=writethrough]
		verdict = violated
		$2
	EOF
}

# run STATUS NAME
run() {
	expect "$1" "$stalemate" run -p "$scratch/axes.conf" -o "$scratch/$2"
	cat "$scratch/out"
}

plan $'bus = virtio, scsi\nio = native\niothread = yes' \
	$'[expect cache=writethrough io=native]\nverdict = refused'
run 0 native
says out '4 of 4 cells as expected'
says out 'refused by libvirt: .*native'
grep -q '"exit_status": 0' "$scratch/native/verdict.json" || fail "expected refusals are not 0"
grep -q 'sd[a-z]' "$scratch/native/consoles/a.log" || fail "no SCSI disk in the guest"

plan $'bus = sata\nformat = raw, qcow2' ''
run 3 sata
says out '02-writethrough-raw: violated, expected'
says out '01-none-raw .* consistent, expected'
says out '03-none-qcow2 .* refused'
says out '2 undecided'
nothing_left
