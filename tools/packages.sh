#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# packages.sh SET... - install what is missing of the Debian packages that a purpose needs.
#
#   build   compile both programs         run   the lab: guests, their image, GFS2's tools
#   test    the tests                     ci    the linters, sshd, QEMU's guest agent (for guests)
#   bench   what the agent is measured against
#   rig     two hosts with DRBD as machines on this one (tests/rig)
#
# Never asks. When nothing is missing it only asks dpkg: no network, no root, a tenth of a second.
# Plain sh, for the machine may have nothing but git and make. Recommended packages are left out:
# they bring a desktop's worth of what nobody here uses.
#
# exit: 0 all there, 2 wrong usage, 3 something is missing and cannot be installed
set -eu
export LC_ALL=C

# The headers that are included, the libraries that are linked.
build='gcc libc6-dev pkg-config libvirt-dev libxml2-dev libjansson-dev libinih-dev libxxhash-dev
	uuid-dev libssh-dev liburing-dev'
# libvirtd, virtlogd and QEMU; mkfs and fsck on the host; a disk that can lose its host (nbdkit,
# nbdfuse); losetup (mount) and what agent/image/build.sh says it needs.
run='libvirt-daemon-system qemu-system-x86 gfs2-utils ocfs2-tools nbdkit libnbd-bin mount util-linux iproute2
	busybox-static kmod cpio xz-utils'
test='libcmocka-dev valgrind procps file python3-jsonschema'
# Debian into a folder, a file system of that (mke2fs, debugfs), and the way in.
rig='mmdebstrap e2fsprogs qemu-system-x86 openssh-client libvirt-clients'
bench='fio'
ci='clang clang-tidy clang-format libclang-rt-14-dev cppcheck shellcheck valgrind
	openssh-server openssh-client qemu-guest-agent'

die()
{
	printf 'packages: %s\n' "$*" >&2
	exit 3
}

usage()
{
	printf 'packages: %s\nusage: tools/packages.sh SET... (build run test bench rig ci)\n' "$1" >&2
	exit 2
}

# missing_of PACKAGE... - those that dpkg does not call installed ("ii", or "hi" when on hold).
missing_of()
{
	printf '%s\n' "$@" | {
		installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "$@" 2>/dev/null |
			sed -n 's/^[hi]i *//p')
		while read -r package; do
			case "
$installed
" in
			*"
$package
"*) ;;
			*) printf '%s ' "$package" ;;
			esac
		done
	}
}

# The image of the guests is made of packages that apt downloads: it needs apt's lists.
have_lists()
{
	for list in /var/lib/apt/lists/*_Packages*; do
		[ ! -e "$list" ] || return 0
	done
	return 1
}

# apt_get WHAT ARGUMENT... - quietly, with the end of what it said when it fails.
apt_get()
{
	what=$1
	shift
	if ! DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q -y \
		-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
		-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
		"$@" </dev/null >"$log" 2>&1; then
		tail -n 12 "$log" >&2
		die "$what failed (apt-get $*), its last lines are above:" \
			"check the network and /etc/apt/sources.list, then run the same command again"
	fi
}

[ $# -gt 0 ] || usage 'which set?'
wanted=
lists=no
for set; do
	case $set in
	build) wanted="$wanted $build" ;;
	run) wanted="$wanted $run" lists=yes ;;
	test) wanted="$wanted $test" ;;
	bench) wanted="$wanted $bench" ;;
	rig) wanted="$wanted $rig" lists=yes ;;
	ci) wanted="$wanted $ci" ;;
	*) usage "no set is called '$set'" ;;
	esac
done

# shellcheck disable=SC2086 # package names are words
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	die "dpkg and apt-get are not on this machine, and this installs Debian packages only:" \
		"use Debian 12, or install the like of" $wanted "and type make all"
fi

# shellcheck disable=SC2086 # package names are words
missing=$(missing_of $wanted)
if [ -z "$missing" ] && { [ $lists = no ] || have_lists; }; then
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	die "not installed: ${missing:-the package lists of apt }- and installing needs root." \
		"Run the same command as root (sudo make ...), or type as root:" \
		"apt-get update${missing:+ && apt-get install --no-install-recommends $missing}"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM HUP
printf 'packages: asking apt for its package lists\n' >&2
apt_get 'asking for the package lists' update
if [ -n "$missing" ]; then
	# shellcheck disable=SC2086
	set -- $missing
	printf 'packages: installing %s: %s\n' "$#" "$*" >&2
	apt_get 'installing packages' --no-install-recommends install "$@"
	missing=$(missing_of "$@")
	[ -z "$missing" ] || die "apt-get install ended well, yet these are missing: $missing"
fi
