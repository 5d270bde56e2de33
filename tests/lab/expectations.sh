#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What was expected decides the exit status. Guards against a violation that ends in exit 0, against
# an expected one that does not show passing, and against a lab that is up not being used.
here=$(dirname "$0")
# shellcheck source=tests/lab/functions.bash
. "$here/functions.bash"
requires_lab
trap '"$stalemate" lab down >/dev/null 2>&1; rm -rf "$scratch"' EXIT

plan() {
	cat >"$scratch/test.conf" <<-EOF
		[site]
		kind = lab
		volume = gfs2
		size = 1M
		[matrix]
		cache = $1
		workload = handoff
		[judge]
		max-rate = 0.02
		[expect]
		$1 = $2
	EOF
}

expect 0 "$stalemate" lab up
expect 0 "$stalemate" lab status
says out 'lab: up'
pid=$(pgrep -f 'guest=stalemate-lab-a')

expect 0 "$stalemate" demo --only cache=none -o "$scratch/none"
says out '1 of 1 cell'
[ "$(pgrep -f 'guest=stalemate-lab-a')" = "$pid" ] || fail "the lab that was up was not used"

plan writethrough consistent
expect 1 "$stalemate" run -p "$scratch/test.conf" -o "$scratch/unexpected"
cat "$scratch/out"
says out 'violated'
says out 'UNEXPECTED|unexpected'
says out 'a\.history|b\.history' # the witness: operations with their source
says out 'stale-read'

plan none violated
expect 1 "$stalemate" run -p "$scratch/test.conf" -o "$scratch/did-not-show"
says out 'consistent'

# --cold: guests of their own for each cell (so a lab that is up has new ones afterwards)
plan none consistent
expect 0 "$stalemate" run -p "$scratch/test.conf" --cold -o "$scratch/cold"

expect 0 "$stalemate" lab down
nothing_left
expect 0 "$stalemate" lab down
says out 'nothing to take down'
expect 3 "$stalemate" lab status
