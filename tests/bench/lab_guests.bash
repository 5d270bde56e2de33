# SPDX-License-Identifier: GPL-2.0-or-later
# lab_guests.bash - the guests of lab.sh: those of tests/lab/users_guests.bash, two on one GFS2 that they
# mount by themselves, and in them fio, the barrier test and sshd, through which both are started.
#
# They take the lab's lock, so that no other lab is up beside them, and for one part at a time: who
# waits for the lab gets it in between. Whatever ends the program ends the guests.
# shellcheck shell=bash
# shellcheck disable=SC2154 # scratch, here, cache, uri, initramfs: of users_guests.bash

lock_file=/run/stalemate/lab.lock
lab_wait=${LAB_WAIT:-1200} # seconds to wait for another one's lab
mounted=/srv/shared

lab_take()
{
	mkdir -p "${lock_file%/*}"
	exec 9<>"$lock_file"
	if ! flock -n 9; then
		echo "waiting for the lab: $(<"$lock_file") has it" >&2
		flock -w "$lab_wait" 9 || skip "another has the lab: $(<"$lock_file")"
	fi
	printf 'stalemate bench, pid %d' $$ >"$lock_file"
	! virsh -q -c "$uri" domstate user-a >/dev/null 2>&1 ||
		skip "there is a guest called user-a (or-b): other tests use it"
}

free_ports()
{
	python3 -c 'import socket
held = [socket.socket() for _ in range(2)]
for s in held:
	s.bind(("127.0.0.1", 0))
	print(s.getsockname()[1])'
}

# guests_prepare PROGRAM... - the image with the programs in it, keys, and the two guests' names for ssh.
guests_prepare()
{
	local key node number=0
	for key in host client; do
		ssh-keygen -q -t ed25519 -N '' -f "$scratch/$key" || fail "ssh-keygen"
	done
	cp "$scratch/client.pub" "$scratch/authorized"
	mapfile -t ports < <(free_ports)
	for node in a b; do
		printf '[127.0.0.1]:%s %s\n' "${ports[number]}" "$(<"$scratch/host.pub")" \
			>>"$scratch/known_hosts"
		cat >>"$scratch/ssh_config" <<-END
		Host guest-$node
			HostName 127.0.0.1
			Port ${ports[number]}
			User root
			UserKnownHostsFile $scratch/known_hosts
			GlobalKnownHostsFile /dev/null
			IdentityFile $scratch/client
			IdentitiesOnly yes
			BatchMode yes
			LogLevel ERROR
			ControlPath $scratch/%n.control
		END
		number=$((number + 1))
	done
	users_image
	bash "$here/../lab/guest_extras.bash" "$scratch" "$@" >"$scratch/extras" ||
		fail "guest_extras.bash"
	chmod 711 "$scratch" # libvirt's QEMU looks for the image there
	cat "$initramfs" "$scratch/extras" >"$scratch/initramfs"
	rm "$scratch/extras"
	initramfs=$scratch/initramfs
}

# guests_define MODE - as they are to be used: not running, the volume's disk in that cache mode.
# shellcheck disable=SC2034 # user_cache and user_domain are user_guest's
guests_define()
{
	local node number=0
	user_cache=$1
	for node in a b; do
		user_domain="<qemu:commandline>
			<qemu:arg value='-netdev'/>
			<qemu:arg value='user,id=ssh,hostfwd=tcp:127.0.0.1:${ports[number]}-:22'/>
			<qemu:arg value='-device'/>
			<qemu:arg value='pcie-root-port,id=ssh-port,bus=pcie.0,addr=0x1c,chassis=90'/>
			<qemu:arg value='-device'/><qemu:arg value='virtio-net-pci,netdev=ssh,bus=ssh-port'/>
			</qemu:commandline>"
		users_define $node
		number=$((number + 1))
	done
}

# on NODE COMMAND... - in the guest, for 100 s at most.
on()
{
	timeout -k 5 100 ssh -F "$scratch/ssh_config" "guest-$1" "${*:2}" </dev/null 9>&-
}

# A connection for all that follows: none of them is to pay for a handshake.
guest_reached()
{
	local end=$((SECONDS + 120))
	until [ -S "$scratch/guest-$1.control" ]; do
		((SECONDS < end)) || fail "no way into user-$1"
		timeout 110 ssh -F "$scratch/ssh_config" -o ConnectTimeout=10 -M -f -N "guest-$1" \
			2>"$scratch/ssh.err" </dev/null 9>&- || sleep 0.5
	done
	until on "$1" "grep -q ' $mounted gfs2 ' /proc/mounts"; do
		((SECONDS < end)) || fail "user-$1 has not mounted its volume"
		sleep 0.3
	done
}

guests_start()
{
	local node
	for node in a b; do
		virsh -q -c "$uri" start user-$node || fail "virsh start"
	done
	guest_reached a
	guest_reached b
}

guests_stop()
{
	local node
	for node in a b; do
		[ ! -S "$scratch/guest-$node.control" ] ||
			ssh -F "$scratch/ssh_config" -O exit "guest-$node" 2>/dev/null
		virsh -q -c "$uri" destroy "user-$node" >/dev/null 2>&1
	done
}

# guests_files BLOCKS FILE... - a makes them; then neither host has anything of the volume cached.
guests_files()
{
	on a "for file in ${*:2}; do dd if=/dev/zero of=$mounted/\$file bs=4096 count=$1; done 2>&1; sync" \
		>"$scratch/dd" || fail "dd: $(<"$scratch/dd")"
	blockdev --flushbufs "$loop_a" "$loop_b"
}

# The next to have the lab starts a libvirtd of its own: not beside ours, which takes a moment to end.
libvirtd_ended()
{
	local end=$((SECONDS + 10))
	[ -n "${libvirtd:-}" ] || return
	while kill -0 "$libvirtd" 2>/dev/null && ((SECONDS < end)); do
		sleep 0.1
	done
}
