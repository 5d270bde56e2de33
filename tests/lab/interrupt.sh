#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# However a run ends, nothing stays. Guards against guests, loop devices and daemons that outlive
# Ctrl-C, SIGTERM or kill -9, and against two runs that share one lab.
here=$(dirname "$0")
# shellcheck source=tests/lab/functions.bash
. "$here/functions.bash"
requires_lab
trap '"$stalemate" lab down >/dev/null 2>&1; rm -rf "$scratch"' EXIT

# begin RUN PATTERN: start a demo of our own process and wait until it says what it is at.
begin() {
	rm -f "$scratch/progress"
	"$stalemate" demo --only cache=writethrough -o "$1" >"$scratch/out" 2>"$scratch/progress" &
	pid=$!
	local _
	for _ in $(seq 1200); do
		grep -qs "$2" "$scratch/progress" && return
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	cat "$scratch/progress" >&2
	fail "the run never came to: $2"
}

# in the middle of the workload
begin "$scratch/int" 'handoff: round 1'
expect 3 "$stalemate" demo --only cache=none -o "$scratch/second"
says err "another stalemate has the lab: stalemate demo, pid $pid"
kill -INT "$pid"
wait "$pid"
status=$?
[ "$status" = 130 ] || fail "SIGINT: exit status $status, expected 130"
nothing_left
[ ! -e "$scratch/int/complete" ] || fail "an interrupted run is marked complete"

# its histories are whole as far as they go
expect_any() {
	"$@" >"$scratch/out" 2>"$scratch/err"
	[ $? != 2 ] || { cat "$scratch/err" >&2; fail "$*: damaged"; }
}
expect_any "$stalemate" check "$scratch/int"

# while booting
begin "$scratch/term" 'waiting for the cluster'
kill -TERM "$pid"
wait "$pid"
status=$?
[ "$status" = 130 ] || fail "SIGTERM: exit status $status, expected 130"
nothing_left

# kill -9: the next `lab down` finds what is left
begin "$scratch/kill" 'handoff: round 1'
kill -KILL "$pid"
wait "$pid" 2>/dev/null
losetup -a | grep -q /var/lib/stalemate || fail "kill -9 left no loop device: the test tests nothing"
expect 0 "$stalemate" lab down
says out 'The lab is down'
nothing_left
expect_any "$stalemate" check "$scratch/kill"

# and so does the next run
begin "$scratch/kill2" 'attaching the disk'
kill -KILL "$pid"
wait "$pid" 2>/dev/null
expect 0 "$stalemate" demo --only cache=none -o "$scratch/after"
says err 'cleaned up what an earlier run left'
nothing_left
