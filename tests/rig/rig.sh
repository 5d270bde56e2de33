#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# rig.sh COMMAND - two hosts with real sshd, libvirtd and dual-primary DRBD, as machines on this one.
#
#   up                   bring both to where they should be: booted, DRBD connected, both primary
#   down                 take all of it away, whatever there is
#   status               what runs; exit 0 only if both hosts do
#   ssh a|b [COMMAND...] a shell there, or a command
#   plan                 a plan file (docs/plan.md) that names both, on stdout
#   kill a|b             a power cut: the host's QEMU is killed. `up` boots it again
#   pid a|b              its QEMU's process id
#   reset                r0 made anew and empty on both, as after the first `up`
#
# A host is a QEMU with a copy of the image's root file system (build.sh), into which debugfs writes
# the keys that were made for this rig; a disk for DRBD beside it; a port of this machine's loopback
# interface that leads to its sshd (user network, cut off from all else); and a cable to the other
# host (10.77.0.1, 10.77.0.2), for DRBD and for what guests send each other: two unix sockets, on
# which either side may go and come back. KVM if the CPU's flags say that there is any, for a mere
# /dev/kvm says nothing; otherwise emulation.
#
# Everything is in one folder, RIG_DIR (/var/lib/stalemate-rig): disks, consoles (a.console), keys,
# known_hosts, ssh_config for `ssh -F` and `stalemate --ssh-config`, and the script `ssh`, which is
# ssh with that configuration: libvirt's qemu+ssh takes known hosts from ssh alone, and is told of
# the script by command= in its URI. Nothing of ~/.ssh is read or written.
#
# Hosts are found by looking for QEMUs whose console is in that folder, so that no note of a process
# id can be wrong or missing. When `up` fails or is interrupted after it has booted anything, all is
# taken down again (RIG_KEEP=1: left there to be looked at). Every wait has a deadline.
#
# An emulated host has KVM all the same, for QEMU emulates SVM: a guest's kernel in it reaches its
# init after 13 s, and after 110 s without (RIG_CPU=qemu64,-svm; two hosts on two cores).
#
# The disks are cache=unsafe: a QEMU that is killed loses nothing of what reached this machine's page
# cache, so a host whose power is cut has disks without a volatile cache.
#
# RIG_CACHE (/var/cache/stalemate/rig): images. RIG_MEMORY (2048): MiB of each. RIG_ACCEL: kvm, tcg.
# RIG_CPU (qemu64,+npt): QEMU's -cpu when hosts are emulated
#
# exit: 0 done, 1 `status`: not all is there, 2 wrong usage, 3 this machine cannot, 130 interrupted
set -euo pipefail
export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
umask 077

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
rig=$(realpath -m "${RIG_DIR:-/var/lib/stalemate-rig}")
cache=${RIG_CACHE:-/var/cache/stalemate/rig}
# shellcheck source=tests/rig/make.bash
. "$here/make.bash" || exit 3
boot_s=300 # two cold hosts under emulation: 60 s where this was measured
command_s=120

say()
{
	printf 'rig: [%d s] %s\n' $SECONDS "$*" >&2
}

die()
{
	printf 'rig: %s\n' "$*" >&2
	exit 3
}

usage()
{
	printf 'rig: %s\nusage: rig.sh up|down|reset|status|plan, ssh a|b [COMMAND...], kill a|b, pid a|b\n' \
		"$1" >&2
	exit 2
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

# stop_children - those of long and of in_both.
stop_children()
{
	local pid
	for pid in $child; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" || :
	done
}

# in_both SCRIPT ARGUMENT - feed it to a shell in both hosts at once, with a deadline.
in_both()
{
	local host pid status=0
	for host in a b; do
		timeout $command_s "$rig/ssh" -o ConnectTimeout=20 "rig-$host" "sh -s $2" \
			<"$1" 9>&- &
		child+=" $!"
	done
	for pid in $child; do
		wait "$pid" || status=$?
	done
	child=
	return "$status"
}

# pid_of HOST - prints its QEMU's process id, or nothing.
pid_of()
{
	local file pid
	grep -lszxF "file:$rig/$1.console" /proc/[0-9]*/cmdline | while read -r file; do
		pid=${file//[^0-9]/}
		if [[ $(readlink "/proc/$pid/exe") == */qemu-system-* ]]; then
			echo "$pid"
		fi
	done || :
}

# stop PID - whatever state it is in, and wait until it is gone.
stop()
{
	local _
	kill -KILL "$1" 2>/dev/null || return 0
	for _ in {1..100}; do
		[[ -e /proc/$1 ]] || return 0
		sleep 0.1
	done
	die "process $1 does not go away"
}

take_down()
{
	local host pid
	for host in a b; do
		for pid in $(pid_of $host); do
			stop "$pid"
		done
	done
	rm -rf --one-file-system "${rig:?}"
}

# The folder itself is the lock: `down` takes it away while it holds it, so look whether what we
# locked is still there.
lock_rig()
{
	mkdir -p "$rig" 2>/dev/null || die "cannot create $rig: RIG_DIR=... chooses another place"
	exec 9<"$rig"
	flock -n 9 || die "another rig.sh is at work in $rig: wait for its end"
	[[ $rig -ef /proc/self/fd/9 ]] || die "another rig.sh has just removed $rig: try again"
}

finish()
{
	local status=$?
	trap - EXIT
	trap '' INT TERM HUP
	stop_children
	if ((status && begun)) && [[ -z ${RIG_KEEP-} ]]; then
		say "taking it down again"
		take_down
	fi
	exit "$status"
}

accelerator()
{
	if [[ -n ${RIG_ACCEL-} ]]; then
		echo "$RIG_ACCEL"
	elif [[ -w /dev/kvm ]] && grep -qE '^flags.*\<(vmx|svm)\>' /proc/cpuinfo; then
		echo kvm
	else
		echo tcg
	fi
}

boot()
{
	local host=$1 peer=b n=0a accel=(-accel "tcg,thread=multi" -cpu "qemu64,+npt")
	[[ $host = a ]] || { peer=a n=0b; }
	[[ $(accelerator) != kvm ]] || accel=(-accel kvm -cpu host)
	say "booting host $host (${accel[1]})"
	begun=1
	long qemu-system-x86_64 -name "stalemate-rig-$host" -machine q35 "${accel[@]}" \
		-smp 1 -m "${RIG_MEMORY:-2048}" -nodefaults -display none -daemonize \
		-serial "file:$rig/$host.console" -device virtio-rng-pci \
		-kernel "$rig/kernel" -initrd "$rig/initrd" -append "root=/dev/vda rw rootflags=noinit_itable \
net.ifnames=0 mitigations=off console=ttyS0 panic=-1 systemd.hostname=rig-$host" -no-reboot \
		-drive "file=$rig/$host.img,format=raw,if=none,id=root,cache=unsafe,discard=unmap" \
		-device virtio-blk-pci,drive=root,serial=root \
		-drive "file=$rig/$host.r0,format=raw,if=none,id=r0,cache=unsafe,discard=unmap" \
		-device virtio-blk-pci,drive=r0,serial=r0 \
		-netdev "user,id=user,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:$(<"$rig/port-$host")-:22" \
		-device "virtio-net-pci,netdev=user,mac=52:54:00:77:01:$n" \
		-netdev "dgram,id=cable,local.type=unix,local.path=$rig/$host.cable,\
remote.type=unix,remote.path=$rig/$peer.cable" \
		-device "virtio-net-pci,netdev=cable,mac=52:54:00:77:00:$n" ||
		die "QEMU does not start host $host: its reason is above"
}

# try_ssh HOST - for long alone. The redirection is in here, or what a signal makes us say would go
# the same way.
try_ssh()
{
	exec timeout 20 "$rig/ssh" -n -o ConnectTimeout=10 "rig-$1" true 2>"$rig/ssh.log"
}

wait_ssh()
{
	local host=$1 end=$((SECONDS + boot_s))
	while ! long try_ssh "$host"; do
		if [[ -z $(pid_of "$host") ]]; then
			tail -n 15 "$rig/$host.console" >&2
			die "host $host: QEMU ended while it booted; the end of its console is above"
		elif ((SECONDS > end)); then
			tail -n 15 "$rig/$host.console" "$rig/ssh.log" >&2
			die "host $host does not answer on ssh after $boot_s s; the end of its" \
				"console is above"
		fi
		long sleep 1
	done
	say "host $host answers on ssh"
}

# join_drbd [make]
join_drbd()
{
	local how=join
	if [[ $# -ne 0 || ! -e $rig/r0-made ]]; then
		how='make'
		rm -f "$rig/r0-made"
	fi
	say "DRBD: $how r0"
	in_both "$here/drbd.sh" $how || die "DRBD's r0 is not what it should be: the reason is above." \
		"If that is how a test left it, \`rig.sh reset\` makes it anew"
	touch "$rig/r0-made"
	say "DRBD: r0 is Primary on both, Connected, UpToDate"
}

up()
{
	local host tool
	for tool in qemu-system-x86_64 ssh ssh-keygen debugfs; do
		command -v $tool >/dev/null || die "$tool is not on this machine: tools/packages.sh rig"
	done
	[[ ! $rig =~ [^[:alnum:]/._-] ]] || die "RIG_DIR: letters, digits and /._- only: $rig"
	((${#rig} < 90)) || die "RIG_DIR is too long for a socket's name: $rig"
	lock_rig
	trap finish EXIT
	trap 'exit 130' INT TERM HUP
	[[ -x $rig/ssh ]] || make_rig
	for host in a b; do
		[[ -n $(pid_of $host) ]] || boot $host
	done
	for host in a b; do
		wait_ssh $host
	done
	join_drbd
	trap - EXIT INT TERM HUP
}

down()
{
	[[ -e $rig || -n $(pid_of a)$(pid_of b) ]] || return 0
	lock_rig
	take_down
}

status()
{
	local host pid bad=0
	for host in a b; do
		pid=$(pid_of $host)
		if [[ -n $pid ]]; then
			printf 'host %s: QEMU %s, ssh on 127.0.0.1:%s\n' $host "$pid" \
				"$(<"$rig/port-$host")"
		else
			printf 'host %s: not there\n' $host
			bad=1
		fi
	done
	[[ ! -e $rig ]] || printf 'folder: %s\n' "$rig"
	exit $bad
}

print_plan()
{
	local host address=10.77.0.1
	printf '[site]\nkind = hosts\n'
	for host in a b; do
		cat <<-PLAN

			[host $host]
			ssh = rig-$host
			libvirt = qemu+ssh://rig-$host/system?command=$rig/ssh
			device = /dev/drbd0
			resource = r0
			domain = auto
			address = $address
		PLAN
		address=10.77.0.2
	done
	cat <<-PLAN

		[matrix]
		cache = none, writethrough

		[judge]
		max-rate = 0.02

		[expect]
		none = consistent
		writethrough = violated
	PLAN
}

child='' begun=0
case ${1-} in
up | down | reset | status | plan) [[ $# -eq 1 ]] || usage "$1 takes no argument" ;;
ssh | kill | pid) [[ ${2-} = [ab] ]] || usage "which host, a or b?" ;;
*) usage "no such command: '${1-}'" ;;
esac
case $1 in
up | down | status) "$1" ;;
plan) print_plan ;;
reset)
	[[ -x $rig/ssh ]] || die "there is no rig in $rig: rig.sh up"
	lock_rig
	trap finish EXIT
	trap 'exit 130' INT TERM HUP
	join_drbd make
	trap - EXIT
	;;
ssh)
	[[ -x $rig/ssh ]] || die "there is no rig in $rig: rig.sh up"
	exec "$rig/ssh" "rig-$2" "${@:3}"
	;;
pid | kill)
	pid=$(pid_of "$2")
	[[ -n $pid ]] || die "host $2 does not run"
	if [[ $1 = pid ]]; then
		echo "$pid"
	else
		stop "$pid"
	fi
	;;
esac
