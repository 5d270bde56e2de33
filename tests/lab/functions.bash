# SPDX-License-Identifier: GPL-2.0-or-later
# functions.bash - what the lab's tests share: prerequisites, checks, and a look for leftovers.
# shellcheck shell=bash

set -u
stalemate=${STALEMATE:?set STALEMATE to the program}
scratch=$(mktemp -d /var/tmp/stalemate-test.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

skip() {
	echo "skipped: $*" >&2
	exit 77
}

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

requires_lab() {
	[ "$(id -u)" = 0 ] || skip "the lab needs root"
	local program
	for program in qemu-system-x86_64 libvirtd mkfs.gfs2 losetup; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

# expect STATUS COMMAND...: run it, keep its output in $scratch/out and err, compare the status.
expect() {
	local wanted=$1 got=0
	shift
	"$@" >"$scratch/out" 2>"$scratch/err" || got=$?
	if [ "$got" != "$wanted" ]; then
		cat "$scratch/out" "$scratch/err" >&2
		fail "$*: exit status $got, expected $wanted"
	fi
}

# says FILE PATTERN: the output holds a line like this.
says() {
	grep -qE -- "$2" "$scratch/$1" || {
		cat "$scratch/$1" >&2
		fail "no line matches: $2"
	}
}

# Nothing of ours is left: no guest, loop device, file, daemon, state.
nothing_left() {
	local what
	what=$(pgrep -af 'guest=stalemate-lab-[ab]') && fail "left behind: $what"
	what=$(losetup -a | grep /var/lib/stalemate) && fail "left behind: $what"
	[ ! -e /var/lib/stalemate/volume.img ] || fail "left behind: the volume"
	[ ! -e /run/stalemate/lab.json ] || fail "left behind: lab.json"
	what=$(ls /run/stalemate/*.pid 2>/dev/null) && fail "left behind: $what"
	what=$(pgrep -af -- '-p /run/stalemate/') && fail "left behind: $what"
	return 0
}
