#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A host's power is cut while a cell's workload runs. Guards against a run that hangs, or ends with a
# verdict on what it could not see; and against a guest of ours that stays on the host that lives.
here=$(dirname "$0")
# shellcheck source=tests/rig/functions.bash
. "$here/functions.bash"
requires_rig
trap '"$rig" up 2>/dev/null; "$rig" reset 2>/dev/null; rm -rf "$scratch"' EXIT

claim
"$rig" plan | sed '/^\[expect\]/,$d' >"$scratch/plan"
begin "$scratch/plan" "$scratch/run"
await 'handoff: round 1' 600
"$rig" kill b
end=$SECONDS
ends 3
((SECONDS - end < 180)) || fail "the run went on for $((SECONDS - end)) s without host b"
says out '^ *none .* error'
says out 'host b does not answer any more'
says out '^ *writethrough .* error'
expect 3 "$stalemate" check "$scratch/run"
clean a
