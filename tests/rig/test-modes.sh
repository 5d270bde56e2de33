#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The matrix on two real hosts: DRBD between them, ssh and qemu+ssh to them, guests of ours with GFS2
# on the device. Guards against a fault of real replication that is not found, or is found where there
# is none; a cache mode that was asked for and not in effect on a host; replicas that are not
# compared; and hosts that are not left as they were. none and writethrough; RIG=full: all modes.
here=$(dirname "$0")
# shellcheck source=tests/rig/functions.bash
. "$here/functions.bash"
requires_rig
command -v python3 >/dev/null || skip "python3 is not installed"

claim
"$rig" plan >"$scratch/plan"
modes=(none=consistent writethrough=violated)
if [ "${RIG-}" = full ]; then
	modes+=(directsync=consistent writeback=violated unsafe=violated default=)
	sed -i 's/^cache = .*/&, directsync, writeback, unsafe, default/' "$scratch/plan"
	printf '%s\n' 'directsync = consistent' 'writeback = violated' 'unsafe = violated' >>"$scratch/plan"
fi
expect 0 run_plan "$scratch/plan" "$scratch/run"
cp "$scratch/out" "$scratch/table"
cat "$scratch/table" # seen when the test is run by hand
for mode in "${modes[@]}"; do
	says table "^ *${mode%=*} +.* ${mode#*=}"
done

# What was in effect is read from QEMU and the kernel of each host, and is in the record.
python3 - "$scratch/run" <<'END' || fail "the record of the cells is above"
import glob, json, sys
bad = False
for path in sorted(glob.glob(sys.argv[1] + "/cells/*/cell.json")):
    cell = json.load(open(path))
    # a shareable disk without a mode of its own is none's (docs/plan.md)
    asked = {node: mode.replace("default", "none") for node, mode in cell["asked"].items()}
    if cell["effective"] != asked or cell["replicas_out_of_sync"] != "0":
        bad = True
    print(path, cell)
sys.exit(bad)
END
clean a
clean b
