#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh CACHE_DIR - kernel, initrd and root file system of the rig's hosts (rig.sh boots them).
#
# A small Debian of the release this machine runs, with what a real host has: systemd, sshd,
# libvirtd, QEMU, DRBD. mmdebstrap installs it (its packages' scripts run in a chroot, so this needs
# root), the files of host/ are laid over it, mke2fs makes a file system of the tree. No loop
# device, nothing is mounted here: mmdebstrap has mounts and processes of its own (unshare), which
# end with it.
#
# CACHE_DIR/HASH/ holds kernel, initrd, root.img (sparse), packages (a line "NAME VERSION" for
# each). The hash is of this script, of host/, and of the versions that apt offers of the packages
# named here: so a new libc alone makes no new image, a new kernel does. It is made under a temporary
# name and renamed when it is whole; one lock keeps two builds apart.
#
# stdout: kernel=PATH, initrd=PATH, root=PATH   stderr: progress, errors
# exit: 0 done, 2 wrong usage, 3 this machine cannot build it, 130 interrupted
set -euo pipefail
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
umask 022

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
space_mb=2500
images_kept=2
root_size=4G

# Recommended packages are left out. The cloud kernel is small, and has DRBD.
packages=(systemd-sysv udev kmod procps psmisc iproute2 openssh-server
	libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils
	drbd-utils gfs2-utils linux-image-cloud-amd64)
# What would run on a host that boots for a few minutes, and is of no use to it: an emulated one has
# no time for it.
off=(apt-daily.timer apt-daily-upgrade.timer logrotate.timer dpkg-db-backup.timer
	e2scrub_all.timer fstrim.timer systemd-tmpfiles-clean.timer e2scrub_reap.service
	getty@tty1.service serial-getty@ttyS0.service drbd.service libvirt-guests.service
	dbus.service dbus.socket systemd-logind.service systemd-machined.service
	systemd-networkd.service systemd-network-generator.service systemd-binfmt.service
	proc-sys-fs-binfmt_misc.automount systemd-sysusers.service systemd-sysctl.service
	systemd-modules-load.service modprobe@.service kmod-static-nodes.service
	systemd-random-seed.service systemd-journal-flush.service systemd-update-utmp.service
	systemd-pcrphase.service systemd-pcrphase-sysinit.service ldconfig.service
	sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount
	sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount)
# libvirtd is started by who first asks for it. (Its admin sockets stay: virtlogd.service requires
# one, and would not start without.)
on=(rig-net.service libvirtd.socket libvirtd-ro.socket virtlogd.socket virtlockd.socket)

say()
{
	printf 'rig image: [%d s] %s\n' $SECONDS "$*" >&2
}

# die WHAT, WHERE, WHAT TO DO in one message.
die()
{
	printf 'rig image: %s\n' "$*" >&2
	told=1
	exit 3
}

finish()
{
	local status=$?
	trap - EXIT
	if [[ -n $child ]]; then
		kill "$child" 2>/dev/null || :
		wait "$child" || :
	fi
	if ((status && !told)); then
		status=3
		say "failed while $step (in $cache): see the lines above, then try again"
	fi
	rm -rf --one-file-system "${tmp:?}"
	exit "$status"
}

# long COMMAND... - in the background, so that a signal to us is acted upon at once.
long()
{
	local status=0
	"$@" 9>&- &
	child=$!
	wait "$child" || status=$?
	child=
	return "$status"
}

versions()
{
	apt-cache policy "${packages[@]}" | awk '
		/^[^ ]/ { name = $1 }
		/^ *Candidate:/ { print name, $2 }'
}

# The release and the mirrors of this machine, Debian's own lists only.
find_sources()
{
	local file
	# shellcheck source=/dev/null
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	[[ -n $suite ]] || die "/etc/os-release names no Debian release (VERSION_CODENAME)"
	sources=()
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
		if grep -qsE '^(deb |Types:.*\<deb\>)' "$file"; then
			sources+=("$file")
		fi
	done
}

# shellcheck disable=SC2016 # the hooks are shell for mmdebstrap
install_tree()
{
	local log=$tmp/mmdebstrap.log
	step="installing Debian $suite"
	say "$step with ${#packages[@]} packages and what they need"
	long unshare --mount --pid --fork --kill-child --mount-proc \
		mmdebstrap --mode=root --variant=minbase --format=directory \
		--include="$(IFS=,; echo "${packages[*]}")" \
		--dpkgopt=force-confold --dpkgopt=force-unsafe-io \
		--essential-hook='cp -R --no-preserve=ownership "$RIG_FILES/." "$1"' \
		--customize-hook='chroot "$1" systemctl -q disable libvirtd.service' \
		--customize-hook='chroot "$1" systemctl -q enable $RIG_ON' \
		--customize-hook='chroot "$1" systemctl -q mask $RIG_OFF' \
		--customize-hook='chroot "$1" systemctl -q set-default multi-user.target' \
		--customize-hook='rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/machine-id' \
		--customize-hook='mkdir -m 700 -p "$1/root/.ssh"; : >"$1/etc/machine-id"' \
		"$suite" "$tmp/tree" "${sources[@]}" >"$log" 2>&1 || {
		tail -n 15 "$log" >&2
		die "mmdebstrap failed, its last lines are above: check the network and" \
			"/etc/apt/sources.list, then run the same command again"
	}
}

build_image()
{
	local new=$tmp/image tool
	for tool in mmdebstrap mke2fs unshare; do
		command -v "$tool" >/dev/null ||
			die "$tool is not on this machine: tools/packages.sh rig"
	done
	[[ $(id -u) = 0 ]] || die "installing the hosts' packages needs root"
	free=$(df --output=avail -B 1M "$cache" | tail -n 1)
	((free >= space_mb)) || die "not enough space in $cache: $((free)) MB free, $space_mb needed"
	find_sources
	export RIG_FILES=$here/host RIG_OFF="${off[*]}" RIG_ON="${on[*]}"
	install_tree
	step="making the file system"
	say "$step"
	mkdir "$new"
	cp "$tmp"/tree/boot/vmlinuz-* "$new/kernel"
	cp "$tmp"/tree/boot/initrd.img-* "$new/initrd"
	# shellcheck disable=SC2016 # dpkg-query's
	chroot "$tmp/tree" dpkg-query -W -f '${Package} ${Version}\n' >"$new/packages"
	long mke2fs -q -t ext4 -L rig -m 0 -N 65536 -d "$tmp/tree" "$new/root.img" "$root_size" >&2
	mv "$new" "$image"
	say "done, $(du -sm "$image" | cut -f 1) MB"
}

[[ $# -eq 1 ]] || { echo 'usage: build.sh CACHE_DIR' >&2; exit 2; }
mkdir -p "$1" 2>/dev/null || :
cache=$(realpath "$1")
step=starting told=0 child=
[[ -d $cache && -w $cache ]] || die "cannot create or write the directory $1: choose another place"
exec 9>"$cache/lock"
if ! flock -n 9; then
	say "waiting for another build in $cache"
	long flock 9 || :
	flock 9
fi
rm -rf --one-file-system "$cache"/tmp.*
tmp=$(mktemp -d "$cache/tmp.XXXXXX")
trap finish EXIT
trap 'told=1; exit 130' INT TERM HUP

step="asking apt for versions"
versions >"$tmp/versions"
grep -q '^linux-image-cloud-amd64: [0-9]' "$tmp/versions" ||
	die "apt offers no linux-image-cloud-amd64: check /etc/apt/sources.list, run apt-get update"
image=$cache/$({
	cat "$tmp/versions" "${BASH_SOURCE[0]}"
	cd "$here/host" && find . -type f -print0 | sort -z | xargs -0 sha256sum
} | sha256sum | cut -c 1-16)
[[ -d $image ]] || build_image
touch "$image"
find "$cache" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\0' | sort -z -rn |
	grep -z -v '/tmp\.' | tail -z -n "+$((images_kept + 1))" | cut -z -d ' ' -f 2- |
	xargs -0 -r rm -rf
printf 'kernel=%s\ninitrd=%s\nroot=%s\n' "$image/kernel" "$image/initrd" "$image/root.img"
