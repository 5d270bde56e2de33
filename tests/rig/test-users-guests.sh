#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests that were there before, on two real hosts: persistent domains of libvirtd there, on DRBD.
# Guards against what tests/lab/existing.sh does, through ssh and remote libvirt; and against a host
# whose power is cut in mid-cell: that must be an error which names the host, the guest on the other
# one must be put back at once, and the one on the dead host by `restore` when it is there again.
here=$(dirname "$0")
# shellcheck source=tests/rig/functions.bash
. "$here/functions.bash"
# shellcheck source=tests/user_guest.bash
. "$here/../user_guest.bash"
requires_rig
command -v virsh >/dev/null || skip "virsh is not installed (libvirt-clients)"
agent=${AGENT:?set AGENT to the agent}
PATH=$rig_dir:$PATH # libvirt's qemu+ssh takes keys and known hosts from ssh: from the rig's

clean_up()
{
	local node
	"$rig" up 2>/dev/null
	for node in a b; do
		"$rig" ssh $node "virsh -q destroy user-$node; virsh -q undefine user-$node" 2>/dev/null
	done
	"$rig" reset 2>/dev/null
	rm -rf "$scratch"
}
trap clean_up EXIT

# definition NODE
definition()
{
	virsh -q -c "qemu+ssh://rig-$1/system" dumpxml --inactive "user-$1"
}

# kept NODE - the definition is what it was.
kept()
{
	definition "$1" | diff -u "$scratch/$1.xml" - || fail "the definition of user-$1 is not what it was"
}

# is NODE STATE - of the guest, as libvirt says.
is()
{
	local state
	state=$(virsh -q -c "qemu+ssh://rig-$1/system" domstate "user-$1" | head -n 1)
	[ "$state" = "$2" ] || fail "user-$1 was $2 before, and is '$state' now"
}

# Where a run keeps the image of guests of its own, which are made of the same.
image=$("$here/../../agent/image/build.sh" "$agent" /var/cache/stalemate 2>/dev/null) ||
	skip "the guest image cannot be built"
initramfs=$(sed -n 's/^initramfs=//p' <<<"$image")
folder=/var/cache/stalemate/$(basename "$(dirname "$initramfs")")
for node in a b; do
	for file in "$(sed -n 's/^kernel=//p' <<<"$image")" "$initramfs"; do
		path=$folder/$(basename "$file")
		"$rig" ssh $node "test -s $path || { mkdir -p $folder; cat >$path; }" <"$file" ||
			fail "the image does not reach host $node"
	done
done
kernel=$folder/$(basename "$(sed -n 's/^kernel=//p' <<<"$image")")
initramfs=$folder/$(basename "$initramfs")

"$rig" ssh a "mkfs.gfs2 -O -q -K -p lock_dlm -t stalemate:lab -j 2 -J 8 -r 32 /dev/drbd0" >"$scratch/mkfs" 2>&1 || fail "mkfs.gfs2: $(<"$scratch/mkfs")"
for node in a b; do
	"$rig" ssh $node "blockdev --flushbufs /dev/drbd0"
	case $node in
	a) user_guest a kvm /dev/drbd0 10.77.0.1 23401 10.77.0.2 23402 ;;
	b) user_guest b kvm /dev/drbd0 10.77.0.2 23402 10.77.0.1 23401 ;;
	esac >"$scratch/define.xml"
	# twice: libvirt sorts the devices of what it reads back, as any `virsh edit` or restart would
	for _ in 1 2; do
		virsh -q -c qemu+ssh://rig-$node/system define "$scratch/define.xml" || fail "virsh define"
		definition $node >"$scratch/define.xml"
	done
	cp "$scratch/define.xml" "$scratch/$node.xml"
done
# one runs, one does not: each must be so afterwards
virsh -q -c qemu+ssh://rig-a/system start user-a || fail "virsh start"

{
	printf '[site]\nkind = hosts\n'
	for node in a b; do
		cat <<-END
			[host $node]
			ssh = rig-$node
			libvirt = qemu+ssh://rig-$node/system
			device = /dev/drbd0
			resource = r0
			domain = user-$node
			disk = vda
			on-hang = destroy
		END
	done
	printf '[matrix]\ncache = none, writethrough\n[judge]\nmax-rate = 0.02\n'
} >"$scratch/plan"

if [ "${RIG-}" = full ]; then # each mode is a boot of both guests: minutes
	expect 1 run_plan "$scratch/plan" "$scratch/run"
	says out '^none .* consistent'
	says out '^writethrough .* violated'
	says out 'Replicas: identical'
	kept a
	kept b
	is a running
	is b 'shut off'
fi

# a host's power is cut, in a mode that shows no fault before (which would stand: exit 1)
sed 's/^cache = .*/cache = directsync/' "$scratch/plan" >"$scratch/plan.cut"
begin "$scratch/plan.cut" "$scratch/cut"
await 'handoff: round 1' 300
definition a | grep -q "cache='directsync'" || fail "nothing is redefined: the test tests nothing"
"$rig" kill b
ends 3
says out '^directsync .* error'
says out 'host b does not answer any more'
says err "guest b \(user-b\): not all was put back .*stalemate restore $scratch/cut"
kept a
is a running
expect 3 "$stalemate" restore "$scratch/cut"
says err 'guest b'

# and is there again
"$rig" up 2>"$scratch/up" || fail "$(<"$scratch/up")"
definition b | grep -q "cache='directsync'" || fail "b's definition is the old one: the test tests nothing"
expect 0 "$stalemate" restore "$scratch/cut"
says out 'guest b \(user-b\): definition put back'
kept b
is b 'shut off'
expect 0 "$stalemate" restore "$scratch/cut"
says out 'guest b .*nothing to do'
