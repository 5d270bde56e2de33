#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A host that says nothing any more, while a cell's workload runs: its QEMU is stopped, so that no
# connection to it is reset and nothing is answered. Guards against a wait without a deadline, in ssh,
# libvirt, DRBD's watch or an agent's channel: of those each has its own.
here=$(dirname "$0")
# shellcheck source=tests/rig/functions.bash
. "$here/functions.bash"
requires_rig
host=$("$rig" pid b)
trap 'kill -CONT $host; "$rig" reset 2>/dev/null; rm -rf "$scratch"' EXIT

claim
"$rig" plan | sed '/^\[expect\]/,$d' >"$scratch/plan"
begin "$scratch/plan" "$scratch/run"
await 'handoff: round 1' 600
kill -STOP "$host"
end=$SECONDS
ends 3
echo "ended after $((SECONDS - end)) s"
((SECONDS - end < 400)) || fail "the run went on for $((SECONDS - end)) s without host b"
says out '^ *none .* error'
says out '^ *writethrough .* error'
says out 'host b does not answer any more'
clean a
