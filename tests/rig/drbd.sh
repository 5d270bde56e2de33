#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# drbd.sh make|join - runs in both hosts at once (rig.sh feeds it to their sh): r0 to where it should be.
#
#   make   anew, and empty. Both legs are zeroed, so they are the same and need no first resync.
#   join   as it is on the disks, after a power cut or a cut of the connection
#
# Ends when r0 is Primary here and there, Connected, UpToDate; else exits 1 with what DRBD says.
# Host b waits until a is Primary: two changes of role at once refuse each other.
set -eu
leg=/dev/disk/by-id/virtio-r0
seconds=60

# wait_for WORD... - words of `drbdsetup events2`; peer-role: is the role that the connection has.
wait_for()
{
	end=$(($(date +%s) + seconds))
	while :; do
		state=$(drbdsetup events2 --now --statistics r0 |
			sed '/^exists connection/s/ role:/ peer-role:/; s/$/ /')
		missing=
		for word; do
			case $state in
			*" $word "*) ;;
			*) missing=$word ;;
			esac
		done
		[ -n "$missing" ] || return 0
		[ "$(date +%s)" -lt $end ] || break
		sleep 0.3
	done
	printf '%s: no %s in %s s; DRBD says:\n%s\n' "$(hostname)" "$missing" $seconds "$state" >&2
	exit 1
}

case $1 in
make)
	drbdadm down r0
	blkdiscard -f -z $leg 2>/dev/null # it says that it was forced
	drbdadm -- --force create-md r0 >/dev/null 2>&1
	drbdadm up r0
	wait_for connection:Connected
	if [ "$(hostname)" = rig-a ]; then
		drbdadm -- --clear-bitmap new-current-uuid r0/0
	fi
	;;
join) drbdadm adjust r0 ;;
esac
wait_for connection:Connected disk:UpToDate peer-disk:UpToDate
[ "$(hostname)" = rig-a ] || wait_for peer-role:Primary
drbdadm primary r0
wait_for connection:Connected disk:UpToDate peer-disk:UpToDate replication:Established \
	role:Primary peer-role:Primary
