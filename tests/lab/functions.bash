# SPDX-License-Identifier: GPL-2.0-or-later
# functions.bash - what the lab's tests share: prerequisites, and a look for leftovers.
# shellcheck shell=bash

# shellcheck source=tests/functions.bash
. "$(dirname "${BASH_SOURCE[0]}")/../functions.bash"

requires_lab() {
	[ "$(id -u)" = 0 ] || skip "the lab needs root"
	local program
	for program in qemu-system-x86_64 libvirtd mkfs.gfs2 losetup; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

# Nothing of ours is left: no guest, loop device, file, daemon, state.
nothing_left() {
	local what
	what=$(pgrep -af 'guest=stalemate-lab-[ab]') && fail "left behind: $what"
	what=$(losetup -a | grep /var/lib/stalemate) && fail "left behind: $what"
	[ ! -e /var/lib/stalemate/volume.img ] || fail "left behind: the volume"
	[ ! -e /var/lib/stalemate/heartbeat.img ] || fail "left behind: the heartbeat"
	[ ! -e /run/stalemate/lab.json ] || fail "left behind: lab.json"
	what=$(ls /run/stalemate/*.pid 2>/dev/null) && fail "left behind: $what"
	what=$(pgrep -af -- '-p /run/stalemate/') && fail "left behind: $what"
	return 0
}
