# SPDX-License-Identifier: GPL-2.0-or-later
# functions.bash - what the rig's tests share: the rig, a plan for it, and a look for leftovers.
# shellcheck shell=bash

# shellcheck source=tests/functions.bash
. "$(dirname "${BASH_SOURCE[0]}")/../functions.bash"
rig=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/rig.sh
rig_dir=${RIG_DIR:-/var/lib/stalemate-rig}
config=$rig_dir/ssh_config

requires_rig() {
	"$rig" status >/dev/null || skip "no rig is up in $rig_dir: tests/rig/rig.sh up"
}

# claim - r0's device for runs that write it as a whole.
claim() {
	expect 0 "$stalemate" claim --ssh rig-a --ssh-config "$config" --yes /dev/drbd0
}

# run_plan PLAN RUN [OPTION]...
run_plan() {
	"$stalemate" run -p "$1" --ssh-config "$config" -o "$2" "${@:3}"
}

# begin PLAN RUN [OPTION]... - in the background, as $pid.
begin() {
	"$stalemate" run -p "$1" --ssh-config "$config" -o "$2" "${@:3}" \
		>"$scratch/out" 2>"$scratch/err" &
	pid=$!
}

# ends STATUS - what began.
ends() {
	local got=0
	wait "$pid" || got=$?
	[ "$got" = "$1" ] && return
	cat "$scratch/out" "$scratch/err" >&2
	fail "the run: exit status $got, expected $1"
}

# clean HOST - no guest of ours is on it, and nothing but the image that is kept for the next run.
clean() {
	local what
	what=$("$rig" ssh "$1" "virsh list --all --name; pgrep -af 'guest=[s]talemate-'; ls /run/stalemate" \
		2>&1 | grep -v '^$')
	[ -z "$what" ] || fail "left behind on host $1: $what"
}
