# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make.bash - part of rig.sh: what a new rig consists of, before anything is booted: kernel and
# initrd, ports, keys, disks.
# shellcheck disable=SC2154 # rig, cache, here are rig.sh's

# free_port PARITY - so that two ports are never one.
free_port()
{
	local port
	while :; do
		port=$((20000 + RANDOM % 6000 * 2 + $1))
		if ! (exec 3<>/dev/tcp/127.0.0.1/$port) 2>/dev/null; then
			echo $port
			return
		fi
	done
}

# Keys, ports and addresses.
make_identity()
{
	local host parity=0
	ssh-keygen -q -t ed25519 -N '' -C rig -f "$rig/key"
	for host in a b; do
		ssh-keygen -q -t ed25519 -N '' -C "rig-$host" -f "$rig/host-$host"
		free_port $parity >"$rig/port-$host"
		parity=1
		printf '[127.0.0.1]:%s %s\n' "$(<"$rig/port-$host")" "$(<"$rig/host-$host.pub")"
	done >"$rig/known_hosts"
	for host in a b; do
		cat <<-CONFIG
			Host rig-$host
				HostName 127.0.0.1
				Port $(<"$rig/port-$host")
				User root
				IdentityFile $rig/key
				UserKnownHostsFile $rig/known_hosts
				GlobalKnownHostsFile /dev/null
		CONFIG
	done >"$rig/ssh_config"
}

# make_disks HOST - its own root, with the keys in it, and an empty disk for DRBD.
make_disks()
{
	local host=$1
	long cp --sparse=always --reflink=auto "$root" "$rig/$host.img"
	debugfs -w -f - "$rig/$host.img" >"$rig/debugfs.log" 2>&1 <<-SCRIPT
		write $rig/host-$host /etc/ssh/ssh_host_ed25519_key
		write $rig/host-$host.pub /etc/ssh/ssh_host_ed25519_key.pub
		write $rig/key.pub /root/.ssh/authorized_keys
	SCRIPT
	debugfs -R 'cat /root/.ssh/authorized_keys' "$rig/$host.img" 2>>"$rig/debugfs.log" |
		cmp -s - "$rig/key.pub" || die "no keys in the image of host $host:" \
		"$(tail -n 1 "$rig/debugfs.log")"
	truncate -s 128M "$rig/$host.r0"
}

# make_rig - all that is not there when nothing is. The script ssh is made last: it says that the
# rest is whole.
make_rig()
{
	local name path kernel='' initrd='' root=''
	begun=1
	rm -rf --one-file-system "${rig:?}"/*
	long "$here/build.sh" "$cache" >"$rig/image" || exit
	while IFS='=' read -r name path; do
		case $name in
		kernel | initrd | root) declare "$name=$path" ;;
		esac
	done <"$rig/image"
	cp "$kernel" "$rig/kernel"
	cp "$initrd" "$rig/initrd"
	make_identity
	make_disks a
	make_disks b
	cat >"$rig/ssh" <<-SCRIPT
		#!/bin/sh
		exec $(command -v ssh) -F '$rig/ssh_config' -o BatchMode=yes -o IdentitiesOnly=yes "\$@"
	SCRIPT
	chmod 700 "$rig/ssh"
}
