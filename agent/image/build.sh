#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh AGENT_BINARY CACHE_DIR - kernel and initramfs of the lab's guests, from Debian packages.
#
# Nothing is installed on this machine (installing corosync would start it): the packages are
# downloaded with apt-get, unpacked beside, and only what the guest needs is picked: the kernel, a
# few modules, corosync, dlm_controld, GFS2's tools and the shared libraries these load, all from
# the same set of packages and never from this machine's own /lib.
#
# Two steps, each cached under the hash of all that goes into it:
#   CACHE_DIR/base-HASH  kernel and base.cpio, all that comes from packages (packages, this script)
#   CACHE_DIR/HASH       kernel, initramfs, packages: what the caller gets (base, agent, files here)
# An initramfs may be several archives in a row, so the second step only appends a small one,
# which holds the agent and init. It is not compressed: QEMU loads 13 MB at once, while unpacking
# costs emulation time. CPU seconds of QEMU up to init (TCG, median and best of 5 boots): none
# 2.58, 2.41 · gzip 2.70, 2.53 (5.3 MB, 8 s to make) · lz4 2.75, 2.50 (6.2 MB) · zstd 2.77, 2.64
# (4.1 MB, 21 s).
#
# Each directory is made under a temporary name and renamed when it is whole; one lock keeps two
# builds apart. Which packages in which versions apt offers is asked only if apt's files changed
# since the last time, for apt takes longer than all the rest of an unchanged build.
#
# Needs on the host, beside what every Debian has: cpio, kmod (depmod, modprobe), xz-utils, and
# apt's package lists (apt-get update). Root is not needed.
#
# stdout: kernel=PATH, initramfs=PATH, packages=NAME VERSION, ...   stderr: progress, errors
# exit: 0 done, 2 wrong usage, 3 this machine cannot build it, 130 interrupted

set -euo pipefail
export LC_ALL=C
umask 022

# Of these only lib* and linux-image-* packages are followed to what they depend on: the rest (perl,
# python, adduser) serves maintainer scripts and tools that the guest does not have.
roots=(linux-image-amd64 busybox-static corosync dlm-controld gfs2-utils)
modules=(virtio_pci virtio_blk virtio_net virtio_console configfs dlm gfs2)
programs=(corosync corosync-cmapctl corosync-quorumtool dlm_controld dlm_tool
	mkfs.gfs2 fsck.gfs2 tunegfs2)
# glibc loads it by name when a thread is cancelled; no binary lists it.
extra_libraries=(libgcc_s.so.1)
libdir=usr/lib/x86_64-linux-gnu
base_space_mb=600
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

# What apt's answer depends on, without asking apt.
apt_state()
{
	local conf=/dev/null
	[[ ! -r ${APT_CONFIG-} ]] || conf=$APT_CONFIG
	sha256sum "${BASH_SOURCE[0]}" "$conf"
	find /etc/apt /var/lib/apt/lists /var/lib/dpkg/status -type f -printf '%p %s %T@\n' \
		2>/dev/null | sort
}

# Names of the packages wanted: walk the graph that apt-cache prints, first alternatives only.
package_names()
{
	apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
		--no-replaces --no-enhances "${roots[@]}" |
		awk -v roots="${roots[*]}" '
		/^[^ <]/ { package = $1; other = 0; next }
		/^ [ |](Pre)?Depends:/ {
			if (!other && $2 ~ /^(lib|linux-image-[0-9])/)
				needs[package] = needs[package] " " $2
			other = /^ [|]/
		}
		END {
			n = split(roots, queue)
			for (i = 1; i <= n; i++) {
				if (queue[i] in seen)
					continue
				seen[queue[i]] = 1
				print queue[i]
				m = split(needs[queue[i]], next_ones)
				for (j = 1; j <= m; j++)
					queue[++n] = next_ones[j]
			}
		}'
}

# Lines "FILE SHA256 NAME VERSION" on stdout; in an empty directory, for apt-get is silent about
# files that are already there.
ask_apt()
{
	local names file checksum rest
	names=$(package_names) || return
	cd "$tmp"
	# shellcheck disable=SC2086 # package names are words
	apt-get -qq download --print-uris $names |
		while read -r _ file _ checksum; do
			[[ $checksum == SHA256:* ]] || return 1
			rest=${file#*_}
			rest=${rest%_*}
			printf '%s %s %s %s\n' "$file" "${checksum#SHA256:}" "${file%%_*}" \
				"${rest//%3a/:}"
		done
}

# Fills $list with the file that ask_apt's lines are in.
find_packages()
{
	local state
	list=$cache/package-list
	state=$(apt_state)
	if [[ -r $list && -r $list.state && $(<"$list.state") == "$state" ]]; then
		return
	fi
	begin "asking apt for package versions"
	rm -f "$list.state"
	(ask_apt) >"$tmp/list" || die "apt does not offer the packages the guest is made of" \
		"(${roots[*]}) or cannot tell where they are: see its messages above," \
		"check /etc/apt/sources.list, run apt-get update"
	grep -q ' linux-image-[0-9][^ ]* ' "$tmp/list" ||
		die "apt offers no kernel (linux-image-amd64): check /etc/apt/sources.list," \
			"run apt-get update"
	mv "$tmp/list" "$list"
	printf '%s' "$state" >"$list.state"
}

good_deb()
{
	[[ -f $cache/debs/$1 ]] && sha256sum --status -c - <<<"$2  $cache/debs/$1"
}

download()
{
	local file checksum name version missing=()
	mkdir -p "$cache/debs"
	while read -r file checksum name version; do
		if ! good_deb "$file" "$checksum"; then
			rm -f "$cache/debs/$file"
			missing+=("$name=$version")
		fi
	done <"$list"
	if ((${#missing[@]})); then
		begin "downloading ${#missing[@]} packages"
		(
			cd "$cache/debs"
			apt-get -q -o APT::Sandbox::User=root download "${missing[@]}"
		) >"$tmp/apt.log" 2>&1 || {
			cat "$tmp/apt.log" >&2
			(($(free_mb) >= 20)) || return
			die "cannot download the guest's packages into $cache/debs (apt-get" \
				"download): check the network and /etc/apt/sources.list," \
				"run apt-get update"
		}
	fi
	while read -r file checksum name version; do
		good_deb "$file" "$checksum" ||
			die "$cache/debs/$file is not what apt announced: remove it and try again"
	done <"$list"
	prune_debs
}

prune_debs()
{
	local deb
	for deb in "$cache"/debs/*; do
		grep -qF "${deb##*/} " "$list" || rm -f "$deb"
	done
}

unpack()
{
	local file name kernel_deb=
	begin "unpacking the packages"
	mkdir -p "$stage"/usr/{bin,sbin,lib,lib64}
	ln -s usr/bin usr/sbin usr/lib usr/lib64 "$stage"
	while read -r file _ name _; do
		case $name in
		linux-image-[0-9]*)
			kernel_deb=$file
			release=${name#linux-image-}
			;;
		linux-image-*) ;;
		*) dpkg-deb --fsys-tarfile "$cache/debs/$file" |
			tar -x -C "$stage" --keep-directory-symlink --no-same-owner ;;
		esac
	done <"$list"
	dpkg-deb --fsys-tarfile "$cache/debs/$kernel_deb" |
		tar -x -C "$stage" --keep-directory-symlink --no-same-owner ./boot ./lib/modules
}

# pick_modules - copy them flat, with a list in the order in which to load them.
pick_modules()
{
	local module path
	depmod -b "$stage" "$release"
	mkdir -p "$root/lib/modules"
	for module in "${modules[@]}"; do
		modprobe -d "$stage" -S "$release" --show-depends "$module" || exit
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$tmp/modules"
	while read -r path; do
		cp "$path" "$root/lib/modules/"
		printf '%s\n' "${path##*/}" >>"$root/lib/modules/order"
	done <"$tmp/modules"
}

# pick_libraries BINARY... - the libraries they load, by the staged loader, from the staged tree.
pick_libraries()
{
	local binary name path
	local loader=$stage/lib64/ld-linux-x86-64.so.2
	install -D "$loader" "$root/lib64/ld-linux-x86-64.so.2"
	for binary; do
		"$loader" --inhibit-cache --library-path "$stage/$libdir" --list "$binary" ||
			die "a shared library of $binary is in none of the packages in $list"
	done >"$tmp/libraries"
	while read -r name _ path _; do
		[[ $name != linux-vdso* && $name != */* ]] || continue
		[[ $path == "$stage"/* ]] || die "$name would come from this machine ($path):" \
			"it is in none of the packages in $list"
		cp -L "$path" "$root/$libdir/$name"
	done < <(sort -u "$tmp/libraries")
}

pick_programs()
{
	local program applet binaries=()
	for program in "${programs[@]}"; do
		cp -L "$stage/usr/sbin/$program" "$root/usr/sbin/"
		binaries+=("$stage/usr/sbin/$program")
	done
	for program in "${extra_libraries[@]}"; do
		cp -L "$stage/$libdir/$program" "$root/$libdir/"
		binaries+=("$stage/$libdir/$program")
	done
	pick_libraries "${binaries[@]}"
	cp "$stage/bin/busybox" "$root/usr/bin/"
	for applet in $("$stage/bin/busybox" --list); do
		[[ -e $root/usr/bin/$applet ]] || ln -s busybox "$root/usr/bin/$applet"
	done
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

# number FILE OFFSET BYTES - a little-endian field of a file.
number()
{
	od -An -v -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# pick_kernel - the kernel itself, unpacked, if QEMU can start it like that (PVH). Debian's
# vmlinuz unpacks itself with xz, and that takes emulation longer than all the rest of the boot:
# up to init QEMU takes 2.5 CPU seconds instead of 5.7, and two guests side by side 2.7 s instead
# of 5.8 (TCG). The offsets are those of the x86 boot protocol: setup_sects, payload_offset,
# payload_length (with a 4-byte size at its end).
pick_kernel()
{
	local packed=$stage/boot/vmlinuz-$release start length
	if grep -qx CONFIG_PVH=y "$stage/boot/config-$release"; then
		start=$((($(number "$packed" 497 1) + 1) * 512 + $(number "$packed" 584 4)))
		length=$(($(number "$packed" 588 4) - 4))
		if dd if="$packed" bs=1M iflag=skip_bytes,count_bytes status=none \
			skip="$start" count="$length" | xz -dc >"$1"; then
			return
		fi
		say "cannot unpack $packed, the guests will have to"
	fi
	cp "$packed" "$1"
}

build_base()
{
	local stage=$tmp/stage root=$tmp/root release=
	need_tool cpio cpio
	need_tool depmod kmod
	need_tool modprobe kmod
	need_tool xz xz-utils
	need_space "$base_space_mb"
	download
	unpack
	begin "picking the guest's files"
	mkdir -p "$tmp/base" "$root"/{dev,proc,sys,run,tmp,etc,root,var/lib} \
		"$root/usr/"{bin,sbin,lib64} "$root/$libdir"
	ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root"
	ln -s ../run "$root/var/run"
	pick_modules
	pick_programs
	archive "$root" >"$tmp/base/base.cpio"
	pick_kernel "$tmp/base/kernel"
	rm -rf "$stage" "$root"
	mv "$tmp/base" "$base"
}

# The versions that go into a run's record.
version_line()
{
	local name
	for name in 'linux-image-[0-9].*' corosync dlm-controld gfs2-utils busybox-static; do
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
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")

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
base=$cache/base-$(cat "$list" "$here/build.sh" | short_hash)
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
touch "$base" "$image"
prune "$images_kept" '[0-9a-f]{16}'
prune "$bases_kept" 'base-[0-9a-f]{16}'
printf 'kernel=%s\ninitramfs=%s\npackages=%s\n' "$image/kernel" "$image/initramfs" \
	"$(<"$image/packages")"
