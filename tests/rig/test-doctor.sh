#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `stalemate doctor` on two real hosts. Guards against a DRBD that is fit and is said not to be, or
# the other way round: what the parsers read is what the real driver wrote. And against an
# answer that differs from host to host, though the hosts do not.
here=$(dirname "$0")
# shellcheck source=tests/rig/functions.bash
. "$here/functions.bash"
requires_rig
bad=0

complain()
{
	echo "FAILED: $*" >&2
	bad=1
}

# look - doctor's answer in $scratch/said, its status in $status.
look()
{
	status=0
	timeout 300 "$stalemate" doctor -p "$scratch/plan" --ssh-config "$config" \
		>"$scratch/said" 2>"$scratch/err" || status=$?
	more=$(grep -vE '^ +[0-9.]+ looking at ' "$scratch/err") && complain "something on stderr: $more"
	grep -q ' looking at host b' "$scratch/err" || complain "half a minute without a word"
}

# said HOST LEVEL CHECK TEXT - this line stands below that host.
said()
{
	awk -v host="host $1 " '/^[^ ]/ { ours = index($0, host) == 1 } ours' "$scratch/said" |
		grep -qE -- "^ +$2 +$3 +.*$4" || {
		complain "host $1: no line '$2 $3 $4' in:"
		cat "$scratch/said" >&2
	}
}

"$rig" plan >"$scratch/plan"
claim

look
for host in a b; do
	said $host ok ssh 'reached'
	said $host ok drbd 'DRBD 8\.4\.[0-9]+, drbd-utils 9'
	said $host ok drbd 'r0: Primary on both hosts, Connected, UpToDate'
	said $host ok two-primary 'two primaries are allowed'
	said $host ok protocol 'protocol C'
	said $host ok space 'MiB free'
	said $host ok ping ''
	said $host ok claim '/dev/drbd0 bears our mark'
	said $host ok openers 'nobody has the device open'
	said $host warn fencing ''
done
((status == 0)) || complain "exit status $status, though nothing fails"

# The same with the cable out, as one who pulls it sees it.
"$rig" ssh b drbdadm disconnect r0 || complain 'drbdadm disconnect'
look
said a fail drbd 'Connecting'
said b fail drbd 'StandAlone'
((status == 3)) || complain "exit status $status without a peer"
"$rig" reset 2>"$scratch/reset" || complain "reset: $(<"$scratch/reset")"
claim # the device is empty again
look
((status == 0)) || complain "exit status $status after all was mended: $(<"$scratch/said")"
exit $bad
