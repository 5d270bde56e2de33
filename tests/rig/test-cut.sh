#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# DRBD's connection is cut while a cell's workload runs. Guards against a cell that is judged though
# the replication it was to test was not there: not consistent, and not violated either, whatever its
# reads were. The cells after it find it as it was left, and are not run.
here=$(dirname "$0")
# shellcheck source=tests/rig/functions.bash
. "$here/functions.bash"
requires_rig
trap '"$rig" reset 2>/dev/null; rm -rf "$scratch"' EXIT

claim
"$rig" plan | sed 's/^cache = .*/cache = none, writethrough/; /^\[expect\]/,$d' >"$scratch/plan"
begin "$scratch/plan" "$scratch/run"
await 'handoff: round 1' 600
"$rig" ssh b drbdadm disconnect r0 || fail "drbdadm disconnect"
ends 3
says out '^ *none +none .* invalid'
says out '^ *writethrough .* invalid'
says out 'DRBD on host b: .*StandAlone'
says out 'before the cell, DRBD on host [ab]: '
expect 3 "$stalemate" check "$scratch/run"
says out 'StandAlone'
clean a
clean b
