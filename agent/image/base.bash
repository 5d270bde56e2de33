# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# base.bash - part of build.sh: the first step, from the packages in $list to the directory $base.
#
# The packages are unpacked beside ($stage), and only what the guest needs is picked ($root): the
# kernel, a few modules, corosync, dlm_controld, GFS2's and OCFS2's tools and the shared libraries
# these load, all from the same set of packages and never from this machine's own /lib.

modules=(virtio_pci virtio_blk virtio_net virtio_console virtio_scsi ahci sd_mod configfs dlm gfs2 button
	evdev)
ocfs2_modules=(ocfs2_stack_o2cb ocfs2) # loaded only where it is wanted
programs=(corosync corosync-cmapctl corosync-quorumtool dlm_controld dlm_tool
	mkfs.gfs2 fsck.gfs2 tunegfs2 o2cb mount.ocfs2 ocfs2_hb_ctl)
# glibc loads it by name when a thread is cancelled; no binary lists it.
extra_libraries=(libgcc_s.so.1)
libdir=usr/lib/x86_64-linux-gnu
base_space_mb=600

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

# pick_modules LIST MODULE... - copy them flat, with a list in the order in which to load them.
pick_modules()
{
	local module path list=$1
	shift
	mkdir -p "$root/lib/modules"
	for module; do
		modprobe -d "$stage" -S "$release" --show-depends "$module" || exit
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' >"$tmp/modules"
	while read -r path; do
		cp "$path" "$root/lib/modules/"
		printf '%s\n' "${path##*/}" >>"$root/lib/modules/$list"
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
	depmod -b "$stage" "$release"
	pick_modules order "${modules[@]}"
	pick_modules order.ocfs2 "${ocfs2_modules[@]}"
	pick_programs
	archive "$root" >"$tmp/base/base.cpio"
	pick_kernel "$tmp/base/kernel"
	rm -rf "$stage" "$root"
	mv "$tmp/base" "$base"
}
