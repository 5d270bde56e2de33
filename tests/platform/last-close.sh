#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Claim: when the last descriptor of a block device is closed, its page cache is gone: what is read
# after the next open comes from below.
#
# The runner stands on it: between two cells the disk is detached from running guests, QEMU closes
# it, and the next cell must not inherit what the last one cached.
set -eu
[[ $(id -u) = 0 ]] || { echo 'not root: cannot set up loop devices' >&2; exit 77; }
[[ -e /dev/loop-control ]] || { echo 'no /dev/loop-control on this machine' >&2; exit 77; }

scratch=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
device=''
cleanup()
{
	exec 3<&- || :
	[[ -z $device ]] || losetup -d "$device"
	rm -rf "$scratch"
}
trap cleanup EXIT

seen()
{
	dd if="$device" bs=4096 count=1 status=none | head -c 1
}

expect()
{
	[[ $2 = "$3" ]] || { echo "$1: expected $3, saw $2" >&2; exit 1; }
}

head -c 1M /dev/zero | tr '\0' A >"$scratch/file"
device=$(losetup -f --show --direct-io=on "$scratch/file") || {
	echo "no loop device with direct I/O over a file in $scratch" >&2
	exit 77
}
exec 3<"$device"
expect 'primed' "$(seen)" A
# Past the device, straight to what is below it, as the other host's write arrives.
head -c 4096 /dev/zero | tr '\0' B |
	dd of="$scratch/file" bs=4096 oflag=direct conv=notrunc status=none
expect 'while it is held open (stale)' "$(seen)" A
exec 3<&-
# Where udev runs, its own look at a new device may hold it open for a moment.
for _ in {1..50}; do
	[[ $(seen) != B ]] || exit 0
	sleep 0.1
done
expect 'after the last close' "$(seen)" B
