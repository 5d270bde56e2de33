#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lab.sh JSON [PART...] - in guests of this machine: the agent against fio, and how long stalemate, fio
# and a barrier test take to find a stale read. PART (all of them): throughput, and for each MODE of
# writethrough and writeback stalemate-MODE and others-MODE.
#
# $STALEMATE, $AGENT, $BENCH_AGENT and $BARRIER are the programs. A part takes up to three minutes
# under emulation, and has the lab for as long; between two there is a pause, for others who wait.
# Throughput is added to JSON. exit: 77 something is missing here, 130 interrupted
here=$(dirname "$0")
json=${1:?usage: lab.sh JSON [PART...]}
shift

if [ $# != 1 ]; then
	[ $# -gt 0 ] || set -- throughput {stalemate,others}-writethrough {stalemate,others}-writeback
	for part; do
		bash "$0" "$json" "$part" || exit
		[ "$part" = "${!#}" ] || sleep 10
	done
	exit 0
fi

case $1 in
throughput | stalemate-writethrough | stalemate-writeback | others-writethrough | others-writeback) ;;
*)
	echo "lab.sh: $1: no such part" >&2
	exit 2
	;;
esac

# shellcheck source=tests/lab/functions.bash
. "$here/../lab/functions.bash"
# shellcheck source=tests/lab/users_guests.bash
. "$here/../lab/users_guests.bash"
# shellcheck source=tests/bench/lab_guests.bash
. "$here/lab_guests.bash"
# shellcheck source=tests/bench/lab_detect.bash
. "$here/lab_detect.bash"
trap 'rm -rf "$scratch"' EXIT # until the lab is ours, so is no guest

for program in fio sshd ssh ssh-keygen qemu-ga python3; do
	PATH=$PATH:/usr/sbin command -v $program >/dev/null ||
		skip "$program is not installed (fio, openssh-server, openssh-client, qemu-guest-agent, python3)"
done

clean_up()
{
	trap '' INT TERM HUP
	guests_stop
	libvirtd=$(cat "$scratch/libvirtd.pid" 2>/dev/null)
	users_guests_clean_up
	libvirtd_ended
}
trap 'exit 130' INT TERM HUP

throughput()
{
	local socket
	guests_start
	socket=$(virsh -q -c "$uri" dumpxml user-a |
		sed -n "s/.*<source mode='bind' path='\(.*agent.0\)'.*/\1/p")
	[ -S "$socket" ] || fail "user-a has no port for the agent"
	"${BENCH_AGENT:?}" "$socket" "$mounted/bench" "$json" "$scratch/ssh_config" 9>&-
}

lab_take
trap clean_up EXIT
guests_prepare "$(command -v fio)" "${BARRIER:?}"
users_volume 128 mkfs.gfs2 -O -q -K -p lock_dlm -t stalemate:lab -j 2 -J 8 -r 32
users_libvirtd 9>&-
mode=${1#*-}
case $1 in
throughput)
	guests_define none
	throughput
	;;
stalemate-*)
	guests_define none
	detect_row tool mode seconds reads 'what it said'
	detect_stalemate "$mode"
	;;
others-*)
	guests_define "$mode"
	detect_others "$mode"
	;;
esac
