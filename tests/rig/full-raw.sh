#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The device itself, without a file system: volume = raw, O_DIRECT in the guests. Guards against a
# claim that is written over, a workload that goes to another place than the device, and a fault of
# the hosts' caches that is seen through GFS2 alone.
here=$(dirname "$0")
# shellcheck source=tests/rig/functions.bash
. "$here/functions.bash"
requires_rig

claim
"$rig" plan | sed 's/^kind = hosts/&\nvolume = raw/; s/^cache = .*/&\npath = direct/' >"$scratch/plan"
expect 0 run_plan "$scratch/plan" "$scratch/run"
says out '^ *none .* consistent'
says out '^ *writethrough .* violated'
says out 'Replicas: identical'
clean a
clean b
expect 0 "$stalemate" claim --ssh rig-b --ssh-config "$config" --yes /dev/drbd0
says out 'already claimed'

# Ctrl-C in mid-cell
begin "$scratch/plan" "$scratch/interrupted"
await 'handoff: round 1' 600
kill -INT "$pid"
ends 130
clean a
clean b
