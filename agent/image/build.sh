#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh AGENT_BINARY CACHE_DIR - kernel and initramfs of the lab's guests, from Debian packages.
#
# Nothing is installed on this machine (installing corosync would start it): the packages are
# downloaded with apt-get (packages.bash) and unpacked beside (base.bash).
#
# Two steps, each cached under the hash of all that goes into it:
#   CACHE_DIR/base-HASH  kernel and base.cpio, all that comes from packages (packages, scripts)
#   CACHE_DIR/HASH       kernel, initramfs, packages: what the caller gets (base, agent, files here)
# An initramfs may be several archives in a row, so the second step only appends a small one,
# which holds the agent and init. It is not compressed: QEMU loads 13 MB at once, while unpacking
# costs emulation time. CPU seconds of QEMU up to init (TCG, median and best of 5 boots): none
# 2.58, 2.41 · gzip 2.70, 2.53 (5.3 MB, 8 s to make) · lz4 2.75, 2.50 (6.2 MB) · zstd 2.77, 2.64
# (4.1 MB, 21 s).
#
# Each directory is made under a temporary name and renamed when it is whole; one lock keeps two
# builds apart.
#
# Needs on the host, beside what every Debian has: cpio, kmod (depmod, modprobe), xz-utils, and
# apt's package lists (apt-get update). Root is not needed.
#
# stdout: kernel=PATH, initramfs=PATH, packages=NAME VERSION, ...   stderr: progress, errors
# exit: 0 done, 2 wrong usage, 3 this machine cannot build it, 130 interrupted

set -euo pipefail
export LC_ALL=C
umask 022

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=agent/image/packages.bash
. "$here/packages.bash" || exit 3
# shellcheck source=agent/image/base.bash
. "$here/base.bash" || exit 3

image_space_mb=100
images_kept=3
bases_kept=2

say()
{
	printf 'guest image: %s\n' "$*" >&2
}

begin()
{
	step=$*
	say "$step"
}

# die WHAT, WHERE, WHAT TO DO in one message.
die()
{
	printf 'guest image: %s\n' "$*" >&2
	told=1
	exit 3
}

# Whatever command failed midway (set -e): say in which step. Tools report a full disk in many ways.
finish()
{
	local status=$?
	trap - EXIT
	if ((status && !told)); then
		status=3
		if (($(free_mb) < 20)); then
			say "no space left in $cache while $step: free $base_space_mb MB or" \
				"choose another place"
		else
			say "failed while $step (in $cache): see the lines above, then try again"
		fi
	fi
	rm -rf "$tmp"
	exit "$status"
}

free_mb()
{
	df --output=avail -B 1M "$cache" | tail -n 1
}

need_space()
{
	local free
	free=$(free_mb)
	((free >= $1)) || die "not enough space in $cache: $((free)) MB free, $1 MB needed;" \
		"free some or choose another place"
}

need_tool()
{
	command -v "$1" >/dev/null || die "$1 is not on this machine (PATH=$PATH); apt install $2"
}

usage()
{
	printf 'usage: build.sh AGENT_BINARY CACHE_DIR\n%s\n' "$1" >&2
	exit 2
}

# archive DIRECTORY - as a reproducible cpio on stdout.
archive()
{
	(
		cd "$1"
		find . -exec touch -h -d @0 {} +
		find . -print0 | sort -z | cpio --quiet -0 -o -H newc -R 0:0 --reproducible
	)
}

# The versions that go into a run's record.
version_line()
{
	local name
	for name in 'linux-image-[0-9].*' corosync dlm-controld gfs2-utils ocfs2-tools busybox-static; do
		awk -v name="^$name$" '$3 ~ name { print $3, $4 }' "$list"
	done | paste -s -d , | sed 's/,/, /g'
}

build_image()
{
	local top=$tmp/top new=$tmp/image
	need_tool cpio cpio
	need_space "$image_space_mb"
	begin "packing the agent"
	mkdir -p "$new" "$top/usr/bin" "$top/usr/lib/stalemate"
	install -m 755 "$agent" "$top/usr/bin/stalemate-agent"
	install -m 755 "$here/init" "$top/init"
	install -m 755 "$here/withdraw-ack" "$top/usr/lib/stalemate/withdraw-ack"
	archive "$top" >"$tmp/top.cpio"
	cat "$base/base.cpio" "$tmp/top.cpio" >"$new/initramfs"
	ln "$base/kernel" "$new/kernel"
	version_line >"$new/packages"
	mv "$new" "$image"
}

# prune KEEP PATTERN - remove all but the newest directories of that name.
prune()
{
	find "$cache" -mindepth 1 -maxdepth 1 -type d -regextype posix-extended \
		-regex "$cache/$2" -printf '%T@ %p\0' | sort -z -rn | tail -z -n "+$(($1 + 1))" |
		cut -z -d ' ' -f 2- | xargs -0 -r rm -rf
}

short_hash()
{
	sha256sum | cut -c 1-16
}

[[ $# -eq 2 ]] || usage "two arguments are needed"
agent=$1
[[ -f $agent && -r $agent ]] || usage "$agent: not a file that can be read"
mkdir -p "$2" 2>/dev/null || :
[[ -d $2 && -w $2 ]] || die "cannot create or write the directory $2: choose another place"
cache=$(realpath "$2")

exec 9>"$cache/lock"
if ! flock -n 9; then
	say "waiting for another build in $cache"
	flock 9
fi
step=starting
told=0
rm -rf "$cache"/tmp.*
tmp=$(mktemp -d "$cache/tmp.XXXXXX")
trap finish EXIT
trap 'told=1; exit 130' INT TERM HUP

find_packages
base=$cache/base-$(cat "$list" "$here"/build.sh "$here"/*.bash | short_hash)
image=$cache/$(
	{
		sha256sum <"$list"
		sha256sum <"$agent"
		cd "$here" && find . -type f -print0 | sort -z | xargs -0 sha256sum
	} | short_hash
)
if [[ ! -d $image ]]; then
	[[ -d $base ]] || build_base
	build_image
fi
touch -c "$base" "$image" # the base may be gone, pruned for others
prune "$images_kept" '[0-9a-f]{16}'
prune "$bases_kept" 'base-[0-9a-f]{16}'
printf 'kernel=%s\ninitramfs=%s\npackages=%s\n' "$image/kernel" "$image/initramfs" \
	"$(<"$image/packages")"
