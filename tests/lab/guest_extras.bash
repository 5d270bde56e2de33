# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# bash guest_extras.bash KEYS [PROGRAM...] > ARCHIVE - what a user's guest has beside the lab's image: sshd
# (with the host key KEYS/host, for the keys in KEYS/authorized), QEMU's guest agent and each PROGRAM,
# as an archive to stand behind that image's own. They and their libraries are those of this machine.
#
# The image's init stays PID 1; what this adds runs beside it. It also makes the names below
# /dev/virtio-ports, which is udev's work in other guests.
set -eu
keys=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
PATH=$PATH:/usr/sbin
programs=("$(command -v sshd)" /usr/lib/openssh/sftp-server "$(command -v qemu-ga)" "${@:2}")

mkdir -p "$tree"/etc/ssh "$tree"/root/.ssh "$tree"/usr/{bin,sbin,lib/openssh,lib64,lib/x86_64-linux-gnu}
cp "${programs[0]}" "${programs[2]}" "$tree/usr/sbin/"
cp "${programs[1]}" "$tree/usr/lib/openssh/"
[ $# = 1 ] || cp "${@:2}" "$tree/usr/bin/"
ldd "${programs[@]}" 2>/dev/null | awk '$2 == "=>" && $3 ~ "^/" { print $3 }' | sort -u |
	xargs cp -L -t "$tree/usr/lib/x86_64-linux-gnu"
cp -L /lib64/ld-linux-x86-64.so.2 "$tree/usr/lib64/"
cp "$keys/host" "$tree/etc/ssh/host"
cp "$keys/authorized" "$tree/root/.ssh/authorized_keys"
chmod -R go= "$tree/root" "$tree/etc/ssh/host"
printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'sshd:x:100:100::/run/sshd:/bin/false' >"$tree/etc/passwd"
printf '%s\n' 'root:x:0:' >"$tree/etc/group"
printf '%s\n' 'HostKey /etc/ssh/host' 'PasswordAuthentication no' 'PermitRootLogin prohibit-password' \
	'Subsystem sftp /usr/lib/openssh/sftp-server' >"$tree/etc/ssh/sshd_config"
# where init is: QEMU's image comes first, so this one's /init is the one that counts
install -m 755 "$(dirname "$0")/../../agent/image/init" "$tree/init.image"
cat >"$tree/init" <<'INIT'
#!/bin/sh
PATH=/usr/sbin:/usr/bin
export PATH
extras()
{
	until [ -e /sys/class/net/eth0 ] && [ -d /run/stalemate-init ]; do
		usleep 200000
	done
	if [ -e /sys/class/net/eth1 ]; then
		ip addr add 10.0.2.15/24 dev eth1
		ip link set eth1 up
	fi
	mkdir -p /run/sshd
	/usr/sbin/sshd -f /etc/ssh/sshd_config
	while :; do
		for name in /sys/class/virtio-ports/*/name; do
			read -r line <"$name" || continue
			device=${name%/name}
			[ -e "/dev/virtio-ports/$line" ] ||
				ln -sf "../${device##*/}" "/dev/virtio-ports/$line"
		done 2>/dev/null
		if [ -e /dev/virtio-ports/org.qemu.guest_agent.0 ] && ! [ -e /run/qemu-ga.pid ]; then
			qemu-ga -d -f /run/qemu-ga.pid -t /run
		fi
		usleep 500000
	done
}
mknod /dev/null c 1 3 # what a background command has for its input, until /dev is mounted
extras &
exec /init.image
INIT
chmod 755 "$tree/init"
cd "$tree"
find . -print0 | cpio --quiet -0 -o -H newc -R 0:0
