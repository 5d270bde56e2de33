#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `stalemate claim` on loop devices. Guards against somebody's data being given to a run: a file
# system, partitions, a volume group, an array or a DRBD that is overlooked; a device in use; a
# mark that outlives the data it was put beside; a question that answers itself; a mark that is
# written to another place than the last block, or changes anything else.
set -u
stalemate=${STALEMATE:?set STALEMATE to the program}
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || { echo "skipped: loop devices need root" >&2; exit 77; }
for tool in losetup wipefs blkdiscard mkfs.ext4 mkswap script; do
	command -v $tool >/dev/null || { echo "skipped: $tool is not installed" >&2; exit 77; }
done
scratch=$(mktemp -d)
loop=
bad=0

trap 'umount "$scratch/mnt" 2>/dev/null; [ -z "$loop" ] || losetup -d "$loop"; rm -rf "$scratch"' EXIT

complain() {
	echo "FAILED: $*" >&2
	bad=1
}

# claim STATUS PATTERN OPTION... - of the device; what it prints must have a line like this
claim() {
	local wanted=$1 pattern=$2
	shift 2
	timeout 60 "$stalemate" claim "$@" 3>&- </dev/null >"$scratch/out" 2>"$scratch/err"
	local status=$?
	[ $status = "$wanted" ] || complain "claim $*: exit $status, not $wanted: $(cat "$scratch/out" "$scratch/err")"
	grep -qE -- "$pattern" "$scratch/out" "$scratch/err" ||
		complain "claim $*: no '$pattern' in: $(cat "$scratch/out" "$scratch/err")"
}

# typed ANSWER OPTION... - the same on a terminal; its exit status
typed() {
	local answer=$1
	shift
	printf '%s\n' "$answer" | timeout 60 script -qec "$stalemate claim $*" /dev/null >"$scratch/out"
}

# fresh - an empty disk
fresh() {
	blkdiscard -fq "$loop" 2>/dev/null
	cmp -s "$scratch/disk" <(head -c 64M /dev/zero) ||
		dd if=/dev/zero of="$loop" bs=1M count=64 oflag=direct status=none
}

# put OFFSET BYTES - into the disk, in python's words
put() {
	python3 -c 'import sys; f = open(sys.argv[1], "r+b"); f.seek(eval(sys.argv[2])); f.write(eval(sys.argv[3]))' \
		"$loop" "$1" "$2"
	blockdev --flushbufs "$loop"
}

truncate -s 64M "$scratch/disk"
loop=$(losetup -f --show "$scratch/disk" 2>"$scratch/err") || {
	echo "skipped: no loop device: $(cat "$scratch/err")" >&2
	exit 77
}

# The mark, and nothing but the mark.
claim 2 'no terminal.*--yes' "$loop"
cmp -s "$scratch/disk" <(head -c 64M /dev/zero) || complain "a refused claim wrote"
claim 0 '64 MiB \(67108864 bytes\)' --yes "$loop"
grep -q "is claimed" "$scratch/out" || complain "not told that it is claimed"
grep -q "is  *loop $scratch/disk" "$scratch/out" || complain "not told what it is: $(cat "$scratch/out")"
head -c $((64 * 1024 * 1024 - 4096)) "$scratch/disk" | cmp -s - <(head -c $((64 * 1024 * 1024 - 4096)) /dev/zero) ||
	complain "the claim wrote outside the last block"
[ "$(tail -c 4096 "$scratch/disk" | head -c 16)" = stalemate-claim ] || complain "no mark in the last block"
[ "$(tail -c 3584 "$scratch/disk" | tr -d '\0' | wc -c)" = 0 ] || complain "more than the mark in the last block"
claim 0 'already claimed' "$loop"
claim 2 'no terminal' --remove "$loop"
claim 0 'no longer claimed' --remove --yes "$loop"
claim 0 'nothing to remove' --remove --yes "$loop"
cmp -s "$scratch/disk" <(head -c 64M /dev/zero) || complain "the disk is not as it was after --remove"

# The question.
for answer in '' y YES no 'yes please'; do
	typed "$answer" "$loop" && complain "'$answer' was taken for a yes"
	grep -q 'nothing was changed' "$scratch/out" || complain "'$answer': $(cat "$scratch/out")"
done
cmp -s "$scratch/disk" <(head -c 64M /dev/zero) || complain "an answer that is not yes wrote"
typed yes "$loop" || complain "yes was not taken: $(cat "$scratch/out")"
claim 0 'already claimed' "$loop"
typed yes --remove "$loop" || complain "--remove: yes was not taken: $(cat "$scratch/out")"

# What comes to lie there while the question stands.
# shellcheck disable=SC2094 # the answer waits for the question
{
	for _ in $(seq 300); do
		grep -qs 'Type yes' "$scratch/asked" && break
		sleep 0.1
	done
	mkfs.ext4 -q "$loop"
	echo yes
} | timeout 60 script -qfec "$stalemate claim $loop" /dev/null >"$scratch/asked" &&
	complain "a file system that was made during the question was claimed"
grep -q 'no longer what was shown' "$scratch/asked" || complain "$(cat "$scratch/asked")"
fresh

# What lies there.
mkfs.ext4 -q "$loop"
claim 2 'holds ext4: it is somebody' --yes "$loop"
fresh
mkswap "$loop" >/dev/null
claim 2 'holds swap' --yes "$loop"
fresh
put 446 'bytes([0,0,2,0,0x83,0,0,0]) + (2048).to_bytes(4,"little") + (60000).to_bytes(4,"little")'
put 510 'b"\x55\xaa"'
claim 2 'holds dos' --yes "$loop"
fresh
put 512 'b"LABELONE" + (1).to_bytes(8,"little") + bytes(4) + (32).to_bytes(4,"little") + b"LVM2 001" + b"x"*32'
claim 2 'holds LVM2_member' --yes "$loop"
fresh
put '64*2**20 - 4096' 'bytes(60) + b"\x83\x74\x02\x6b" + bytes(4) + (4096).to_bytes(4,"big") + bytes(64)'
claim 2 'holds drbd' --yes "$loop"
fresh
put 0 'b"LUKS\xba\xbe\0\1"'
claim 2 'holds crypto_LUKS' --yes "$loop"
fresh
put 4096 '(0xa92b4efc).to_bytes(4,"little") + (1).to_bytes(4,"little") + bytes(120) + bytes(16) + (8).to_bytes(8,"little") + bytes(100)'
claim 2 'holds linux_raid_member' --yes "$loop"
fresh
put 5000 'b"x"'
claim 0 'its first MiB is not empty' --yes "$loop"
claim 0 'no longer' --yes --remove "$loop"

# A mark beside something that was put there since; beside a cluster file system of a run.
fresh
claim 0 'is claimed' --yes "$loop"
put 0 'b"LUKS\xba\xbe\0\1"'
claim 2 'holds crypto_LUKS' --yes "$loop"
claim 0 'no longer' --yes --remove "$loop"
if command -v mkfs.gfs2 >/dev/null; then
	fresh
	claim 0 'is claimed' --yes "$loop"
	mkfs.gfs2 -KOq -p lock_dlm -j 1 -J 8 -t stalemate:v "$loop" $((63 * 256)) >/dev/null
	claim 0 'already claimed' --yes "$loop"
	mkfs.gfs2 -KOq -p lock_dlm -j 1 -J 8 -t theirs:v "$loop" $((63 * 256)) >/dev/null
	claim 2 "holds gfs2 'theirs:v'" --yes "$loop"
fi

# Who uses it.
fresh
mkfs.ext4 -q "$loop"
mkdir "$scratch/mnt"
mount "$loop" "$scratch/mnt"
claim 2 "is mounted at $scratch/mnt" --yes "$loop"
umount "$scratch/mnt"
fresh
mkswap "$loop" >/dev/null
if swapon "$loop" 2>/dev/null; then
	claim 2 'is in use as swap' --yes "$loop"
	swapoff "$loop"
fi
fresh
exec 9<"$loop"
claim 2 "process $$ \(bash\) has $loop open" --yes "$loop"
exec 9<&-
claim 0 'is claimed' --yes "$loop"
exec 9<"$loop"
claim 0 'already claimed' --yes "$loop"
claim 2 "process $$ \(bash\) has $loop open" --yes --remove "$loop"
exec 9<&-
# exclusively, and by nobody who can be seen: its descriptor has another name there
mknod "$scratch/other" b 7 "${loop#/dev/loop}"
python3 -c 'import os, sys, time
os.open(sys.argv[1], os.O_RDONLY | os.O_EXCL)
print("held", flush=True); time.sleep(60)' "$scratch/other" >"$scratch/held" &
holder=$!
for _ in $(seq 100); do [ -s "$scratch/held" ] && break; sleep 0.05; done
claim 2 'is in exclusive use' --yes --remove "$loop"
kill "$holder"
wait "$holder" 2>/dev/null
claim 0 'no longer' --yes --remove "$loop"
blockdev --setro "$loop"
claim 2 'is read-only' --yes "$loop"
blockdev --setrw "$loop"

# By a link, as /dev/drbd/by-res/r0/0 is one.
ln -s "$loop" "$scratch/link"
claim 0 "device  $scratch/link on this machine \($loop\)" --yes "$scratch/link"

# What is none, and what is too small.
claim 2 'is a regular file, not a block device' --yes "$scratch/disk"
claim 2 'is a character special file' --yes /dev/null
claim 3 'cannot be claimed.*No such file' --yes "$scratch/nothing"
claim 2 'one device' --yes
claim 2 'one device' --yes "$loop" "$loop"
claim 2 'absolute path' --yes loop0
losetup -d "$loop"
loop=
truncate -s 31M "$scratch/disk"
loop=$(losetup -f --show "$scratch/disk")
claim 2 'a volume needs at least 33554432' --yes "$loop"
exit $bad
