#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `stalemate doctor` on this machine, and what it makes of bad words. Guards against an answer that
# depends on the form it is printed in, a failure that exits with 0, a remedy that is missing, and
# plans or options that are passed over. Two real hosts: tests/rig/test-doctor.sh.
set -u
stalemate=${STALEMATE:?set STALEMATE to the program}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bad=0

complain() {
	echo "FAILED: $*" >&2
	bad=1
}

"$stalemate" doctor >"$scratch/text" 2>"$scratch/err"
status=$?
[ ! -s "$scratch/err" ] || complain "something on stderr: $(cat "$scratch/err")"
"$stalemate" doctor --format json >"$scratch/json"
[ $? = $status ] || complain "two forms, two exit statuses"

python3 - "$scratch" "$status" <<'PYTHON' || bad=1
import json, re, sys
folder, status = sys.argv[1], int(sys.argv[2])
verdict = json.load(open(folder + '/json'))
checks = verdict['checks']
assert verdict['schema'] == 1 and set(verdict) == {'schema', 'level', 'checks'}, verdict
names = [check['check'] for check in checks]
assert names == ['root', 'programs', 'files', 'kvm', 'libvirt', 'loop', 'space', 'memory', 'lab'], names
levels = {check['level'] for check in checks}
worst = [level for level in ('ok', 'warn', 'fail') if level in levels][-1]
assert verdict['level'] == worst, (verdict['level'], levels)
assert status == (3 if worst == 'fail' else 0), (status, worst)
for check in checks:
    assert set(check) == {'subject', 'check', 'level', 'text', 'remedy'}, check
    assert check['level'] == 'ok' or check['remedy'] or 'not looked at' in check['text'], check
# Numbers may have changed in between.
text = re.sub(r'\d+', 'N', open(folder + '/text').read())
for check in checks:
    line = '  %-4s  %-12s %s' % (check['level'], check['check'], check['text'])
    assert re.sub(r'\d+', 'N', line) in text.split('\n'), (line, text)
PYTHON

# refused PATTERN OPTION...: exit 2, one message, nothing on stdout
refused() {
	local pattern=$1
	shift
	"$stalemate" doctor "$@" >"$scratch/out" 2>"$scratch/err"
	[ $? = 2 ] || complain "doctor $*: not exit 2"
	grep -qE -- "$pattern" "$scratch/err" || complain "doctor $*: no '$pattern' in: $(cat "$scratch/err")"
	[ ! -s "$scratch/out" ] || complain "doctor $*: refused, and yet an answer"
}
refused 'No such file' -p "$scratch/none.conf"
refused "not 'xml'" --format xml
refused "unexpected argument 'now'" now
refused 'unrecognized option' --all
printf '[site]\nkind = hosts\n[host a]\ndevice = /dev/x\n' >"$scratch/half.conf"
refused 'half.conf:' -p "$scratch/half.conf"

# Two hosts that are not there: each question has its answer, and none hangs.
cat >"$scratch/gone.conf" <<'PLAN'
[site]
kind = hosts
[host a]
libvirt = qemu+unix:///system?socket=/nonexistent/a
ssh = local
device = /nonexistent/drbd0
resource = r0
domain = web1
disk = vdb
[host b]
libvirt = qemu+unix:///system?socket=/nonexistent/b
device = /dev/drbd0
resource = r0
domain = web1
disk = vdb
[matrix]
cache = none
PLAN
timeout 60 "$stalemate" doctor -p "$scratch/gone.conf" >"$scratch/out" 2>"$scratch/err"
[ $? = 3 ] || complain "hosts that are not there: not exit 3: $(cat "$scratch/out" "$scratch/err")"
for line in 'host a \(local\)' 'fail  device .*/nonexistent/drbd0' 'fail  libvirt ' \
	'warn  ssh .*names no ssh'; do
	grep -qE -- "$line" "$scratch/out" || complain "no line '$line' in: $(cat "$scratch/out")"
done

# DRBD, as 8.4 printed it on a real pair of hosts; here two stand-ins print it.
mkdir "$scratch/bin"
cat >"$scratch/bin/drbdsetup" <<'STUB'
#!/bin/sh
cat <<TEXT
exists resource name:r0 role:Primary suspended:no write-ordering:flush
exists connection name:r0 peer-node-id:0 conn-name:peer connection:${CONNECTION} role:${ROLE} congested:no
exists device name:r0 volume:0 minor:0 disk:UpToDate size:532424 read:37638 written:68216 al-writes:1 bm-writes:0 upper-pending:0 lower-pending:0 al-suspended:no blocked:no
exists peer-device name:r0 peer-node-id:0 conn-name:peer volume:0 replication:${REPLICATION} peer-disk:${DISK} resync-suspended:no received:1 sent:2 out-of-sync:0 pending:0 unacked:0
exists -
TEXT
STUB
cat >"$scratch/bin/drbdadm" <<'STUB'
#!/bin/sh
case $1 in
--version) printf 'DRBDADM_BUILDTAG=x\nDRBDADM_API_VERSION=1\nDRBD_KERNEL_VERSION_CODE=0x08040b\nDRBDADM_VERSION_CODE=0x091600\nDRBDADM_VERSION=9.22.0\n' ;;
sh-dev) echo /dev/drbd0 ;;
dump) cat <<TEXT
resource r0 {
    on hosta { device /dev/drbd0 minor 0; disk /dev/vdb; meta-disk internal; address ipv4 192.0.2.1:7789; }
    on hostb { device /dev/drbd0 minor 0; disk /dev/vdb; meta-disk internal; address ipv4 192.0.2.2:7789; }
    net { protocol C; allow-two-primaries ${TWO}; after-sb-0pri disconnect; }
}
TEXT
;;
esac
STUB
chmod +x "$scratch/bin/drbdsetup" "$scratch/bin/drbdadm"

# replication VARIABLE=VALUE... - look at such a resource
replication() {
	env PATH="$scratch/bin:$PATH" CONNECTION=Connected ROLE=Primary REPLICATION=Established \
		DISK=UpToDate TWO=yes "$@" "$stalemate" doctor -p "$scratch/gone.conf" \
		>"$scratch/out" 2>"$scratch/err"
}

# says LINE - in what was printed last
says() {
	grep -qE -- "$1" "$scratch/out" || complain "no line '$1' in: $(cat "$scratch/out" "$scratch/err")"
}
replication
says 'ok    drbd +DRBD 8.4.11, drbd-utils 9.22.0'
says 'ok    drbd +r0: Primary on both hosts, Connected, UpToDate'
says 'ok    two-primary '
says 'ok    protocol '
says 'warn  fencing '
says 'warn  verify +verify-alg is not configured'
replication CONNECTION=StandAlone ROLE=Unknown REPLICATION=Off DISK=DUnknown
says 'fail  drbd .*StandAlone'
replication ROLE=Secondary
says 'fail  drbd .*Secondary'
replication TWO=no
says 'fail  two-primary '
exit $bad
