#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Claim: a disk that is a loop device over what nbdfuse shows of an nbdkit with the error filter can
# lose its host. A write that was flushed is in the store before the cut and after it. One that was
# not is in the host's page cache alone: once the filter fails every request it reaches the store
# never, not when it is written back, not when the device is taken away, not when the filter lets
# requests through again; while another host's disk over the same store works all the time.
#
# The lab's power cut of a host stands on it: were dirty pages written back on the way out, a mode
# that loses data would look sound.
set -eu
[[ $(id -u) = 0 ]] || { echo 'not root: cannot set up loop devices' >&2; exit 77; }
[[ -e /dev/loop-control ]] || { echo 'no /dev/loop-control on this machine' >&2; exit 77; }
[[ -e /dev/fuse ]] || { echo 'no /dev/fuse on this machine' >&2; exit 77; }
for program in nbdkit nbdfuse; do
	command -v "$program" >/dev/null || { echo "no $program (tools/packages.sh run)" >&2; exit 77; }
done

scratch=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
declare -A device=() server=() view=()
# end PID - a child of ours, if it is one
end()
{
	[[ -n $1 ]] || return 0
	kill "$1" 2>/dev/null || :
	wait "$1" || :
}

cleanup()
{
	local host
	exec 3<&- || :
	for host in a b; do
		[[ -z ${device[$host]-} ]] || losetup -d "${device[$host]}" || :
		# the view first, or it would hold a socket that nobody answers
		[[ -z ${view[$host]-} ]] || umount -l "$scratch/$host" 2>/dev/null || :
		end "${view[$host]-}"
		end "${server[$host]-}"
	done
	rm -rf "$scratch"
}
trap cleanup EXIT

# until_there FILE - or until 10 s are over.
until_there()
{
	local i
	for ((i = 0; i < 200; i++)); do
		[[ ! -e $1 ]] || return 0
		sleep 0.05
	done
	echo "$1 did not appear within 10 s" >&2
	exit 1
}

# host NAME - its way to the store, up to a file of the store's size.
host()
{
	nbdkit -f -U "$scratch/$1.sock" --filter=error file "$scratch/store" error=EIO error-rate=100% \
		error-file="$scratch/$1.cut" 2>"$scratch/$1.server" &
	server[$1]=$!
	until_there "$scratch/$1.sock"
	mkdir "$scratch/$1"
	nbdfuse "$scratch/$1" --unix "$scratch/$1.sock" 2>"$scratch/$1.view" &
	view[$1]=$!
	until_there "$scratch/$1/nbd"
}

attach()
{
	device[$1]=$(losetup -f --show --direct-io=on "$scratch/$1/nbd")
}

detach()
{
	losetup -d "${device[$1]}"
	device[$1]=
}

# block LETTER - 4096 of them.
block()
{
	head -c 4096 /dev/zero | tr '\0' "$1"
}

# put HOST LETTER NUMBER [dd's words] - one block.
put()
{
	local host=$1 letter=$2 number=$3
	shift 3
	block "$letter" | dd of="${device[$host]}" bs=4096 seek="$number" conv=notrunc"${1:+,$1}" ${2:+"$2"} status=none
}

# seen HOST NUMBER [FLAG] - the letter a block begins with.
seen()
{
	dd if="${device[$1]}" bs=4096 skip="$2" count=1 ${3:+iflag=$3} status=none | head -c 1
}

expect()
{
	[[ $2 = "$3" ]] || { echo "$1: expected $3, saw $2" >&2; exit 1; }
}

{ for _ in {1..256}; do block A; done; } >"$scratch/store"
host a
host b
attach a
attach b
# The last close of a device writes back; a guest holds its disk open, so hold it here.
exec 3<>"${device[a]}"

put a B 0 fsync
put a C 1
expect 'flushed, through its host' "$(seen a 0)" B
expect 'not flushed, through its host' "$(seen a 1)" C
expect 'flushed, through the other' "$(seen b 0 direct)" B
expect 'not flushed, through the other' "$(seen b 1 direct)" A

touch "$scratch/a.cut"
if put a D 2 '' oflag=direct 2>/dev/null; then
	echo 'after the cut: a write past the cache reached the store' >&2
	exit 1
fi
if put a D 3 fsync 2>/dev/null; then
	echo 'after the cut: a flush said that it had worked' >&2
	exit 1
fi
put b E 4 fsync
exec 3<&-
blockdev --flushbufs "${device[a]}" 2>/dev/null || :
detach a
rm "$scratch/a.cut"
attach a
for number in 0 1 2 3 4; do
	wanted=BAAAE
	expect "block $number after the cut, through its host" "$(seen a "$number")" "${wanted:number:1}"
	expect "block $number after the cut, through the other" "$(seen b "$number" direct)" "${wanted:number:1}"
done
