# SPDX-License-Identifier: GPL-2.0-or-later
# users_guests.bash - two guests of a user's on this machine: one volume behind two loop devices, a
# libvirtd, two persistent domains. Sourced after functions.bash; what is put up goes at the end.
# shellcheck shell=bash
# shellcheck disable=SC2154 # scratch

# shellcheck source=tests/user_guest.bash
. "$(dirname "${BASH_SOURCE[0]}")/../user_guest.bash"
requires_lab
command -v virsh >/dev/null || skip "virsh is not installed (libvirt-clients)"
agent=${AGENT:?set AGENT to the agent}
cache=/var/cache/stalemate
uri=qemu:///system

users_guests_clean_up()
{
	local node pid
	for node in a b; do
		virsh -q -c $uri destroy "user-$node"
		virsh -q -c $uri undefine "user-$node"
	done >/dev/null 2>&1
	for pid in "$scratch"/libvirtd.pid "$scratch"/virtlogd.pid; do
		[ ! -s "$pid" ] || kill "$(cat "$pid")"
	done
	losetup -j "$scratch/volume" | cut -d: -f1 | xargs -r losetup -d
	rm -rf "$scratch"
}
trap users_guests_clean_up EXIT

# kept NODE - the definition is what it was.
kept()
{
	virsh -q -c $uri dumpxml --inactive "user-$1" | diff -u "$scratch/$1.xml" - ||
		fail "the definition of user-$1 is not what it was"
}

state_of()
{
	virsh -q -c $uri domstate "user-$1" | head -n 1
}

# users_image - the system that they boot, as $kernel and $initramfs.
users_image()
{
	local image
	image=$("$here/../../agent/image/build.sh" "$agent" $cache 2>/dev/null) ||
		skip "the guest image cannot be built"
	kernel=$(sed -n 's/^kernel=//p' <<<"$image")
	initramfs=$(sed -n 's/^initramfs=//p' <<<"$image")
}

# users_volume MIB MKFS... - as $loop_a and $loop_b, each with a page cache of its own.
users_volume()
{
	local size=$1
	shift
	truncate -s "${size}M" "$scratch/volume"
	loop_a=$(losetup -f --show --direct-io=on "$scratch/volume") || skip "no loop device"
	loop_b=$(losetup -f --show --direct-io=on "$scratch/volume") || skip "no loop device"
	"$@" "$loop_a" >"$scratch/mkfs" 2>&1 </dev/null || fail "$1: $(<"$scratch/mkfs")"
	blockdev --flushbufs "$loop_a" "$loop_b"
}

users_libvirtd()
{
	virsh -q -c $uri list >/dev/null 2>&1 && return
	virtlogd -d -p "$scratch/virtlogd.pid"
	libvirtd -d -p "$scratch/libvirtd.pid"
	for _ in $(seq 100); do
		virsh -q -c $uri list >/dev/null 2>&1 && return
		sleep 0.1
	done
	fail "libvirtd does not answer"
}

# users_define NODE - as user_guest describes it, on the volume; kept in $scratch/NODE.xml.
users_define()
{
	case $1 in
	a) user_guest a qemu "$loop_a" 127.0.0.1 23401 127.0.0.1 23402 ;;
	b) user_guest b qemu "$loop_b" 127.0.0.1 23402 127.0.0.1 23401 ;;
	esac >"$scratch/define.xml"
	virsh -q -c $uri define "$scratch/define.xml" || fail "virsh define"
	# libvirt sorts the devices of what it reads back, as any `virsh edit` or restart would
	virsh -q -c $uri dumpxml --inactive "user-$1" >"$scratch/define.xml"
	virsh -q -c $uri define "$scratch/define.xml" || fail "virsh define"
	virsh -q -c $uri dumpxml --inactive "user-$1" >"$scratch/$1.xml"
}
