#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `stalemate doctor` of hosts that are both this machine: a loop device, and guests that libvirt's
# own test driver pretends. Guards against an answer that `run` does not share: of a disk that is the
# plan's device by another name, of a device that a run would refuse to overwrite, and of one that
# somebody uses whom a run would overwrite.
set -u
stalemate=${STALEMATE:?set STALEMATE to the program}
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || { echo "skipped: loop devices need root" >&2; exit 77; }
for tool in losetup wipefs mkswap; do
	command -v $tool >/dev/null || { echo "skipped: $tool is not installed" >&2; exit 77; }
done
scratch=$(mktemp -d)
loop=
bad=0

trap '[ -z "$loop" ] || losetup -d "$loop"; rm -rf "$scratch"' EXIT

complain() {
	echo "FAILED: $*" >&2
	bad=1
}

truncate -s 64M "$scratch/disk"
loop=$(losetup -f --show "$scratch/disk" 2>"$scratch/err") || {
	echo "skipped: no loop device: $(cat "$scratch/err")" >&2
	exit 77
}
ln -s "$loop" "$scratch/by-name"
ln -s "$loop" "$scratch/by-another"

# domain NAME - with the device as vdb, by another name than the plan's
domain() {
	cat <<-XML
		<domain type='test'><name>$1</name><memory>65536</memory><os><type>hvm</type></os><devices>
		<disk type='block' device='disk'><driver name='qemu' type='raw'/>
		<source dev='$scratch/by-another'/><target dev='vdb' bus='virtio'/><shareable/></disk>
		<disk type='block' device='disk'><driver name='qemu' type='raw'/>
		<source dev='/dev/null'/><target dev='vdc' bus='virtio'/></disk>
		<channel type='unix'><target type='virtio' name='org.stalemate.agent.0'/></channel>
		</devices></domain>
	XML
}
printf '<node>%s%s</node>\n' "$(domain web1)" "$(domain web2)" >"$scratch/node.xml"

# look VOLUME DISK [auto] - what doctor says of such hosts, in $scratch/out
look() {
	local host guest=("disk = $2" "domain = web1" "domain = web2")
	[ "${3-}" != auto ] || guest=('address = 127.0.0.1' 'domain = auto' 'domain = auto')
	{
		printf '[site]\nkind = hosts\n%s\n' "$1"
		for host in a b; do
			printf '[host %s]\nssh = local\nlibvirt = test://%s\ndevice = %s\n%s\n%s\n' $host \
				"$scratch/node.xml" "$scratch/by-name" "${guest[0]}" "${guest[1]}"
			guest[1]=${guest[2]}
		done
		printf '[matrix]\ncache = none\npath = direct\n'
	} >"$scratch/plan.conf"
	timeout 60 "$stalemate" doctor -p "$scratch/plan.conf" >"$scratch/out" 2>"$scratch/err"
	status=$?
	more=$(grep -vE '^ +[0-9.]+ looking at ' "$scratch/err") && complain "something on stderr: $more"
}

# says LINE / denies LINE - in what was printed last
says() {
	grep -qE -- "$1" "$scratch/out" || complain "no line '$1' in: $(cat "$scratch/out")"
}
denies() {
	! grep -qE -- "$1" "$scratch/out" || complain "a line '$1' in: $(cat "$scratch/out")"
}
raw=$'volume = raw\ntarget = /dev/vdb'

# The disk is the device, whatever each of them is called; on a cluster file system there is no claim.
look '' vdb
says 'ok +disk +disk vdb is .*/by-another \(virtio\), shareable'
says 'ok +openers +nobody'
denies ' claim '
denies 'fail .* was given'
[ $status = 0 ] || complain "exit status $status: $(cat "$scratch/out")"
look '' vdc
says "fail +disk +disk vdc is /dev/null, which is not the plan's device $scratch/by-name"
[ $status = 3 ] || complain "another device: exit status $status"

# The claim, for what a run overwrites as a whole.
for how in existing auto; do
	volume=$raw
	[ $how != auto ] || volume='volume = raw'
	look "$volume" vdb $how
	says "fail +claim +$scratch/by-name does not bear our mark"
	says "stalemate claim $scratch/by-name"
done
look '' vdb auto
says 'fail +claim +.* does not bear our mark'
"$stalemate" claim --yes "$loop" >"$scratch/out" 2>&1 || complain "claim: $(cat "$scratch/out")"
look "$raw" vdb
says "ok +claim +$scratch/by-name bears our mark"
look '' vdb auto
says "ok +claim +$scratch/by-name bears our mark"
says 'ok +openers +nobody has the device open'
# what guests of ours need, and where the file system is made: on host a
says '(ok|fail) +space +[0-9]+ MiB'
says "$(command -v mkfs.gfs2 >/dev/null && echo ok || echo fail) +gfs2-utils "
[ "$(grep -c ' gfs2-utils ' "$scratch/out")" = 1 ] || complain 'gfs2-utils: asked of both hosts'

# A QEMU that has it open is as it should be where the guest is the user's, and another's where it is ours.
cp "$(command -v sleep)" "$scratch/qemu-sleep"
"$scratch/qemu-sleep" 60 3<"$loop" &
sleeper=$!
look "$raw" vdb
says 'ok +openers +QEMU alone'
look '' vdb auto
says "fail +openers +process $sleeper \(qemu-sleep\) has $loop open"
kill $sleeper
wait $sleeper 2>/dev/null

# A mark beside what somebody put there since.
mkswap "$loop" >/dev/null 2>&1
blockdev --flushbufs "$loop"
look "$raw" vdb
says 'fail +claim +the claim is not believed: .* holds swap'
exit $bad
