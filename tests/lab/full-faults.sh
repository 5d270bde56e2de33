#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Faults that pass: a guest that stands still for two seconds, a host that drops its cache, while a workload
# runs. Guards against a system that is right being accused for it, one that is not being acquitted, a
# fault that is said and not done, a guest that stands still for good, and a cell whose fault never came
# passing for one.
here=$(dirname "$0")
# shellcheck source=tests/lab/functions.bash
. "$here/functions.bash"
requires_lab

cat >"$scratch/faults.conf" <<-EOF
	[matrix]
	cache = none, writethrough
	fault = none, guest-pause-a, guest-pause-b, cache-drop-a, cache-drop-b
	[judge]
	max-rate = 0.02
	[expect cache=writethrough]
	verdict = violated
EOF
expect 0 "$stalemate" run -p "$scratch/faults.conf" -o "$scratch/run"
cat "$scratch/out"
says out '10 of 10 cells as expected'
for cell in "$scratch"/run/cells/*; do
	name=${cell##*/} name=${name#??-*-}
	"$stalemate" history dump "$cell/a.history" "$cell/b.history" >"$scratch/text"
	n=0
	[[ $name = none ]] || n=2 # one on each node
	for event in fault heal; do
		seen=$(grep -c "^! [0-9]* [ab] $event $name" "$scratch/text") || :
		[[ $seen = "$n" ]] || fail "${cell##*/}: $seen events '$event', not $n"
	done
	[[ $name != guest-pause-? ]] || grep -Eq "^! .* heal $name, after (1\.9|2\.|3\.)" "$scratch/text" ||
		fail "${cell##*/}: the guest did not stand still for 2 s: $(grep heal "$scratch/text")"
done

cat >"$scratch/never.conf" <<-EOF
	[matrix]
	cache = none
	fault = cache-drop-a
	fault-at = round 99
EOF
expect 3 "$stalemate" run -p "$scratch/never.conf" -o "$scratch/never"
says out 'invalid'
says out 'the fault cache-drop-a did not fire'
nothing_left
