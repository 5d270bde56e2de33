#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Claim: two loop devices over one file have page caches of their own. A block that was read through
# the second stays stale there after an O_DIRECT write through the first; an O_DIRECT read through
# the second sees the new one all the while; BLKFLSBUF on the second cures it.
#
# The lab stands on it: its two loop devices are to be what two hosts' caches of one replicated
# volume are. If a kernel breaks the claim, the lab shows no fault where there is one.
set -eu
[[ $(id -u) = 0 ]] || { echo 'not root: cannot set up loop devices' >&2; exit 77; }
[[ -e /dev/loop-control ]] || { echo 'no /dev/loop-control on this machine' >&2; exit 77; }

scratch=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
first='' second=''
cleanup()
{
	exec 3<&- || :
	[[ -z $first ]] || losetup -d "$first"
	[[ -z $second ]] || losetup -d "$second"
	rm -rf "$scratch"
}
trap cleanup EXIT

# block LETTER - 4096 of them.
block()
{
	head -c 4096 /dev/zero | tr '\0' "$1"
}

# seen DEVICE [FLAG] - the letter its first block begins with.
seen()
{
	dd if="$1" bs=4096 count=1 ${2:+iflag=$2} status=none | head -c 1
}

expect()
{
	[[ $2 = "$3" ]] || { echo "$1: expected $3, saw $2" >&2; exit 1; }
}

head -c 1M /dev/zero >"$scratch/file"
first=$(losetup -f --show --direct-io=on "$scratch/file") || {
	echo "no loop device with direct I/O over a file in $scratch" >&2
	exit 77
}
second=$(losetup -f --show --direct-io=on "$scratch/file")
# The last close of a device drops its cache; a guest holds its disk open, so hold it here.
exec 3<"$second"

block A | dd of="$first" bs=4096 oflag=direct conv=notrunc status=none
expect 'primed through the second' "$(seen "$second")" A
block B | dd of="$first" bs=4096 oflag=direct conv=notrunc status=none
expect 'second, cached (stale)' "$(seen "$second")" A
expect 'second, O_DIRECT' "$(seen "$second" direct)" B
expect 'second, cached, after an O_DIRECT read beside it' "$(seen "$second")" A
blockdev --flushbufs "$second"
expect 'second, cached, after BLKFLSBUF' "$(seen "$second")" B
