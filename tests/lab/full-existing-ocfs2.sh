#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guests that were there before, as in existing.sh, in the other ways there are: their volume is an
# OCFS2, which they mount by themselves; the agent is put into one by ssh, into the other by QEMU's
# guest agent. Guards against a way to the agent that only works beside a stand-in, against an agent
# or a virtio port that is left in the guest, and against OCFS2 being taken for what it is not.
#
# The cluster's heartbeat is on a disk of its own, whose cache mode is not changed.
here=$(dirname "$0")
# shellcheck source=tests/lab/functions.bash
. "$here/functions.bash"
# shellcheck source=tests/lab/users_guests.bash
. "$here/users_guests.bash"
for program in sshd ssh-keygen qemu-ga mkfs.ocfs2; do
	PATH=$PATH:/usr/sbin command -v $program >/dev/null ||
		skip "$program is not installed (openssh-server, qemu-guest-agent, ocfs2-tools)"
done

ocfs2()
{
	mkfs.ocfs2 -q -x -F -b 4096 -C 4096 -N 2 -J size=4M --nodiscard --fs-features=nobackup-super \
		--cluster-stack=o2cb --cluster-name=stalemate --global-heartbeat "$@"
}

for key in host client; do
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/$key" || fail "ssh-keygen"
done
cp "$scratch/client.pub" "$scratch/authorized"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf '[127.0.0.1]:%s %s\n' "$port" "$(<"$scratch/host.pub")" >"$scratch/known_hosts"
cat >"$scratch/ssh_config" <<END
Host guest-a
	HostName 127.0.0.1
	Port $port
	User root
	UserKnownHostsFile $scratch/known_hosts
	GlobalKnownHostsFile /dev/null
	IdentityFile $scratch/client
END

users_image
bash "$here/guest_extras.bash" "$scratch" >"$scratch/extras" || fail "guest_extras.bash"
chmod 711 "$scratch" # libvirt's QEMU looks for the image there
cat "$initramfs" "$scratch/extras" >"$scratch/initramfs"
initramfs=$scratch/initramfs
users_volume 96 ocfs2
truncate -s 16M "$scratch/heartbeat"
ocfs2 -U 5354414C454D4154454845415254424D "$scratch/heartbeat" >"$scratch/mkfs" 2>&1 </dev/null ||
	fail "mkfs.ocfs2: $(<"$scratch/mkfs")"
users_libvirtd

heartbeat="<disk type='file' device='disk'><driver name='qemu' type='raw'/>
	<source file='$scratch/heartbeat'/><target dev='vdb' bus='virtio'/><shareable/>
	<serial>stalemate-beats</serial></disk>"
# shellcheck disable=SC2034 # user_guest.bash has these
{
	user_parameters='stalemate.cluster=o2cb stalemate.agent=0'
	# a: reached by ssh through QEMU's own network, on a bus behind those of libvirt's devices
	user_devices=$heartbeat
	user_domain="<qemu:commandline>
		<qemu:arg value='-netdev'/><qemu:arg value='user,id=ssh,hostfwd=tcp:127.0.0.1:$port-:22'/>
		<qemu:arg value='-device'/><qemu:arg value='pcie-root-port,id=ssh-port,bus=pcie.0,addr=0x1c,chassis=90'/>
		<qemu:arg value='-device'/><qemu:arg value='virtio-net-pci,netdev=ssh,bus=ssh-port'/>
		</qemu:commandline>"
	users_define a
	# b: has QEMU's guest agent
	user_devices="$heartbeat<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
	user_domain=
	users_define b
}
cat >"$scratch/plan.conf" <<END
[site]
kind = hosts
volume = ocfs2
[host a]
ssh = local
device = $loop_a
domain = user-a
disk = vda
agent = ssh
guest-ssh = guest-a
on-hang = destroy
[host b]
ssh = local
device = $loop_b
domain = user-b
disk = vda
agent = guest-agent
on-hang = destroy
[matrix]
cache = none, writethrough
[judge]
max-rate = 0.02
[expect]
writethrough = violated
END
expect 0 "$stalemate" run -p "$scratch/plan.conf" --ssh-config "$scratch/ssh_config" -o "$scratch/run"
says out '^none +none .* consistent, expected'
says out '^writethrough +writethrough .* violated, expected'
for node in a b; do
	grep -qE "^! [0-9]+ $node note file system: ocfs2 [0-9]+:[0-9]+ vda\$" "$scratch/run/cells/01-none/history.txt" ||
		fail "node $node does not note by which name its kernel speaks of the volume"
done
kept a
kept b
[ "$(state_of a)" = "shut off" ] || fail "user-a did not run before, and does now"
[ "$(state_of b)" = "shut off" ] || fail "user-b did not run before, and does now"
