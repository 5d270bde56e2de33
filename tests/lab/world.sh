#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the world can refuse: each time one message that says what to do, exit 3, nothing left.
here=$(dirname "$0")
# shellcheck source=tests/lab/functions.bash
. "$here/functions.bash"
requires_lab

# no root
chmod 755 "$scratch"
program=$scratch/bin
mkdir "$program"
cp "$stalemate" "$(dirname "$stalemate")/stalemate-agent" "$program"
mkdir "$scratch/nobody"
chown nobody "$scratch/nobody"
cp -r "$here/../../workloads" "$scratch/nobody/workloads"
expect 3 env -C "$scratch/nobody" setpriv --reuid=nobody --clear-groups "$program/stalemate" demo
says err 'needs root.*sudo'

# a guest that does not boot in time: its console is shown
expect 3 "$stalemate" demo --only cache=none --boot-timeout 2s -o "$scratch/boot"
says err 'guest does not boot \(end of its console'
nothing_left

# libvirtd not there
if [ ! -d /run/systemd/system ]; then
	mkdir "$scratch/path"
	ln -s /usr/bin/* "$scratch/path/"
	rm -f "$scratch/path/libvirtd" "$scratch/path/virtlogd"
	expect 3 env PATH="$scratch/path" "$stalemate" demo --only cache=none -o "$scratch/libvirt"
	says err 'libvirtd is not reachable.*libvirt-daemon-system'
	nothing_left
fi

# no room for the image: a file system of 8 MiB where it is cached
mkdir -p /var/cache/stalemate
if unshare -m true 2>/dev/null; then
	expect 3 unshare -m sh -c "mount -t tmpfs -o size=8M none /var/cache/stalemate &&
		exec '$stalemate' demo --only cache=none -o '$scratch/space'"
	says err 'the guest image could not be built:.*(space|MiB|MB)'
	nothing_left
fi

# no kernel package: apt knows no packages
if unshare -m true 2>/dev/null; then
	expect 3 unshare -m sh -c "mount -t tmpfs none /var/lib/apt/lists && mount -t tmpfs none /var/cache/apt &&
		mount -t tmpfs none /var/cache/stalemate && mount -t tmpfs none /etc/apt &&
		exec '$stalemate' demo --only cache=none -o '$scratch/apt'"
	says err 'the guest image could not be built:.*linux-image-amd64'
	nothing_left
fi

# --dry-run touches nothing, and needs no root
before=$(find /run/stalemate /var/lib/stalemate "$scratch/nobody" | sort)
expect 0 env -C "$scratch/nobody" setpriv --reuid=nobody --clear-groups "$program/stalemate" demo --dry-run
says out '<driver name="qemu" type="raw" cache="writethrough"/>'
says out '<shareable/>'
says out '^# cell 06-default'
[ "$before" = "$(find /run/stalemate /var/lib/stalemate "$scratch/nobody" | sort)" ] ||
	fail "--dry-run touched something"
