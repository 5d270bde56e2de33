#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `stalemate restore` on a real libvirtd: a guest that a killed run left running in another cache mode
# is put back, byte for byte in `virsh dumpxml --inactive`, and so is one that was left shut off.
here=$(dirname "$0")
# shellcheck source=tests/lab/functions.bash
. "$here/functions.bash"
requires_lab
command -v virsh >/dev/null || skip "virsh is not installed"
export LIBVIRT_DEFAULT_URI=qemu:///system

name=stalemate-test-restore-$$
run=$scratch/run
loop=''

undo()
{
	virsh -q destroy "$name" >/dev/null 2>&1
	virsh -q undefine "$name" >/dev/null 2>&1
	[ -z "$loop" ] || losetup -d "$loop"
	local pid
	for pid in "$scratch"/*.pid; do
		[ ! -e "$pid" ] || kill "$(cat "$pid")"
	done
	rm -rf "$scratch"
}
trap undo EXIT

if ! virsh -q list >/dev/null 2>&1; then
	[ ! -d /run/systemd/system ] || skip "libvirtd does not run"
	virtlogd -d -p "$scratch/virtlogd.pid" || fail "cannot start virtlogd"
	libvirtd -d -p "$scratch/libvirtd.pid" || fail "cannot start libvirtd"
	for _ in $(seq 100); do
		virsh -q list >/dev/null 2>&1 && break
		sleep 0.2
	done
fi

chmod 711 "$scratch"
truncate -s 16M "$scratch/volume" "$scratch/system"
loop=$(losetup -f --show "$scratch/volume") || skip "no loop device"

# A guest without a system: it runs, and is deaf to ACPI.
cat >"$scratch/guest.xml" <<END
<domain type='qemu'>
  <name>$name</name>
  <title>a &lt;guest&gt; of somebody's</title>
  <metadata><x:app xmlns:x='http://example.org/x'><x:disk cache='no'/></x:app></metadata>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <on_poweroff>destroy</on_poweroff>
  <on_crash>preserve</on_crash>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='raw' cache='unsafe'/>
      <source file='$scratch/system'/><target dev='vda' bus='virtio'/></disk>
    <disk type='block' device='disk'><driver name='qemu' type='raw' io='threads'/>
      <source dev='$loop'/><target dev='vdb' bus='virtio'/><shareable/></disk>
    <channel type='unix'><target type='virtio' name='org.stalemate.agent.0'/></channel>
    <graphics type='vnc' port='-1' passwd='s3cret'/>
  </devices>
</domain>
END

# saves RUNNING: what a run saves before the first change.
saves()
{
	rm -rf "$run"
	mkdir -p "$run/cells"
	mkdir -m 700 "$run/saved"
	(umask 077
		virsh -q dumpxml --inactive --security-info "$name" >"$run/saved/a.xml"
		sed -i '/^$/d' "$run/saved/a.xml" # virsh may end with an empty line of its own
		cat >"$run/saved/a.json" <<-END
			{"schema": 1, "libvirt": "qemu:///system", "domain": "$name", "disk": "vdb",
			"uuid": "$(virsh -q domuuid "$name" | head -n 1)", "running": $1,
			"autostart": false, "time": 1}
		END
		sed "/io='threads'/s/type='raw'/type='raw' cache='writethrough'/" "$run/saved/a.xml" \
			>"$run/saved/a-changed.xml")
	cmp -s "$run/saved/a.xml" "$run/saved/a-changed.xml" && fail "the test changes nothing"
}

# direct: whether the running guest's vdb goes past the host's cache, as QEMU says: true or false.
direct()
{
	virsh -q qemu-monitor-command "$name" '{"execute":"query-block"}' |
		python3 -c 'import json, sys
for drive in json.load(sys.stdin)["return"]:
	inserted = drive.get("inserted", {})
	if inserted.get("file") == sys.argv[1]:
		print(str(inserted["cache"]["direct"]).lower())' "$loop"
}

# Defined twice: of a guest that is new, libvirt lists the controllers that it added in an order that
# it gives up when it reads its own file again, whoever asks for that.
virsh -q define "$scratch/guest.xml" >/dev/null || fail "cannot define the guest"
virsh -q dumpxml --inactive --security-info "$name" >"$scratch/new"
virsh -q define "$scratch/new" >/dev/null || fail "cannot define the guest again"
virsh -q dumpxml --inactive --security-info "$name" >"$scratch/before"
same()
{
	virsh -q dumpxml --inactive --security-info "$name" >"$scratch/after"
	diff -u "$scratch/before" "$scratch/after" >&2 || fail "the definition is not what it was"
}

# 1. killed while the guest ran in writethrough
virsh -q start "$name" >/dev/null || fail "cannot start the guest"
[ "$(direct)" = true ] || fail "shareable and default is no longer none"
saves true
expect 0 "$stalemate" restore "$run"
says out 'nothing to do: it is as it was'
virsh -q destroy "$name" >/dev/null
rm "$run/saved/a-restored"
virsh -q define "$run/saved/a-changed.xml" >/dev/null || fail "cannot change the guest"
virsh -q start "$name" >/dev/null || fail "cannot start the changed guest"
[ "$(direct)" = false ] || fail "writethrough goes past the cache"

#    a run that lives keeps its guests
flock -s "$run/saved/lock" sleep 60 &
holder=$!
while flock -n -x "$run/saved/lock" true; do sleep 0.05; done
expect 3 "$stalemate" restore "$run"
says err 'still going'
kill "$holder"
wait "$holder" 2>/dev/null
while ! flock -n -x "$run/saved/lock" true; do sleep 0.05; done

#    deaf: told what to do, nothing changed
expect 3 "$stalemate" restore "$run" --timeout 1s
says err "guest $name did not shut down in 1 s; --timeout gives it more time, --destroy pulls its plug"
says err "by hand: .*virsh -c 'qemu:///system' define $run/saved/a.xml"
[ "$(direct)" = false ] || fail "it was changed while it ran"

#    put back
expect 0 "$stalemate" restore "$run" --timeout 1s --destroy
says out "guest a \\($name\\): shut down, definition put back, started"
same
[ "$(virsh -q domstate "$name" | head -n 1)" = running ] || fail "it does not run again"
[ "$(direct)" = true ] || fail "it runs in the changed mode"

#    twice
expect 0 "$stalemate" restore "$run"
says out 'nothing to do'
same

# 2. killed between the definition and the start, of a guest that had been off
virsh -q destroy "$name" >/dev/null
saves false
virsh -q define "$run/saved/a-changed.xml" >/dev/null
expect 0 "$stalemate" restore "$run"
says out "guest a \\($name\\): definition put back$"
same
[ "$(virsh -q domstate "$name" | head -n 1)" = 'shut off' ] || fail "it was started"

# 3. a guest that is new: what libvirt makes of the saved definition counts, and it knows it again
virsh -q undefine "$name" >/dev/null
virsh -q define "$scratch/guest.xml" >/dev/null || fail "cannot define the guest"
saves false
virsh -q define "$run/saved/a-changed.xml" >/dev/null
expect 0 "$stalemate" restore "$run"
says out "guest a \\($name\\): definition put back$"
rm "$run/saved/a-restored"
expect 0 "$stalemate" restore "$run"
says out 'nothing to do: it is as it was'
virsh -q dumpxml --inactive --security-info "$name" | sort >"$scratch/after"
sort "$run/saved/a.xml" | diff -u - "$scratch/after" >&2 || fail "more than an order changed"
