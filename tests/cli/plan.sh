#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# plan.sh - guards against: a plan whose mistake is not found before something is touched, and a
# --dry-run that shows other cells than the plan has, or the lab's guests for those of the plan.
# Uses $STALEMATE.
set -u
: "${STALEMATE:?}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bad=0

# run STATUS WORDS ARGUMENT... - stalemate exits so, and says WORDS on stdout or stderr.
run()
{
	local status=$1 words=$2 got
	shift 2
	"$STALEMATE" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	got=$?
	if [[ $got != "$status" ]] || ! grep -qF -e "$words" "$scratch/out" "$scratch/err"; then
		echo "stalemate $*: status $got, not $status, or without '$words':" >&2
		cat "$scratch/out" "$scratch/err" >&2
		bad=1
	fi
}

# plan NAME - a plan file from stdin; its path.
plan()
{
	cat >"$scratch/$1.conf"
	echo "$scratch/$1.conf"
}

good=$(plan good <<-'END'
	[matrix]
	cache = none, none/writethrough
	[judge]
	max-rate = 0.02
	END
)
run 0 02-none-writethrough run -p "$good" --dry-run -o "$scratch/run"
run 0 01-none run -p "$good" --only cache=none --dry-run -o "$scratch/run"
if grep -q 02- "$scratch/out"; then
	echo "--only cache=none shows another cell:" >&2
	cat "$scratch/out" >&2
	bad=1
fi
run 2 "no cell of the plan matches" run -p "$good" --only cache=unsafe --dry-run
[[ ! -e $scratch/run ]] || { echo "--dry-run made a run directory" >&2; bad=1; }

# every pair of modes
pairs=$(printf '[matrix]\ncache = all/all\n' | plan pairs)
run 0 "# cell 25-unsafe: " run -p "$pairs" --dry-run -o "$scratch/run"
if [[ $(grep -c '^# cell' "$scratch/out") != 25 ]] || ! grep -q '^# cell 02-none-directsync: ' "$scratch/out"; then
	echo "cache = all/all is not the 25 pairs:" >&2
	grep '^# cell' "$scratch/out" >&2
	bad=1
fi

# hosts DOMAIN-A DOMAIN-B KEYS-A KEYS-B - a plan of two, one of them this machine
hosts()
{
	cat <<-END
		[site]
		kind = hosts
		[host a]
		ssh = root@alpha
		libvirt = qemu+ssh://root@alpha/system
		device = /dev/drbd0
		resource = r0
		domain = $1
		$3
		[host b]
		device = /dev/drbd/by-res/r0/0
		resource = r0
		domain = $2
		$4
		[matrix]
		cache = none/writethrough, default
	END
}

# shows WORDS... - each is in what was printed last, and nothing of the lab.
shows()
{
	local words
	for words in "$@"; do
		grep -qF -e "$words" "$scratch/out" && continue
		echo "--dry-run does not show '$words':" >&2
		cat "$scratch/out" >&2
		bad=1
	done
	! grep -e 'lab' -e '{' "$scratch/out" >&2 || { echo "... is of the lab" >&2; bad=1; }
}

# Hosts: nobody is asked, and whether this machine has KVM is all the same.
theirs=$(hosts web1 web2 'disk = vdb' 'disk = vdc' | plan theirs)
run 0 "# cell 02-default" run -p "$theirs" --dry-run --accel kvm -o "$scratch/run"
shows 'host a (root@alpha): guest web1 at qemu+ssh://root@alpha/system, disk vdb, which is /dev/drbd0' \
	"host a (root@alpha): guest web1 is shut down, redefined (disk vdb: cache='none'), started" \
	"host b (local): guest web2 is shut down, redefined (disk vdc: cache='writethrough'), started" \
	'guest web2 is shut down, redefined (disk vdc: no cache attribute), started' \
	'in the guests: /srv/shared/stalemate is written to, a folder that must be new or ours' \
	'drbdadm verify r0' \
	'guest web1 is shut down, its saved definition put back, and it is started if it ran before'
ours=$(hosts auto auto 'address = 192.0.2.1' 'address = 192.0.2.2' | plan ours)
run 0 "# cell 02-default" run -p "$ours" --dry-run --accel kvm -o "$scratch/run"
shows 'host a (root@alpha): a guest is booted at qemu+ssh://root@alpha/system, and destroyed at the end' \
	'/dev/drbd0 is written to as a whole, if it bears our claim' 'host a: a new gfs2 on /dev/drbd0' \
	'cache="writethrough"' '<source dev="/dev/drbd/by-res/r0/0"/>'
[[ ! -e $scratch/run ]] || { echo "--dry-run made a run directory" >&2; bad=1; }
run 2 "not this machine" run --dry-run -p "$(sed 's/^ssh = .*/ssh = local/' "$theirs" | plan local)"
run 2 "[host b] needs 'resource'" run --dry-run -p "$(sed '12d' "$theirs" | plan half)"

run 2 "$scratch/none.conf: No such file" run -p "$scratch/none.conf" --dry-run
run 2 "$scratch: is a folder" run -p "$scratch" --dry-run
head -c 300 /dev/urandom >"$scratch/noise.conf"
run 2 "$scratch/noise.conf" run -p "$scratch/noise.conf" --dry-run
run 2 ":2: unknown key 'cash'" run -p "$(printf '[matrix]\ncash = none\n' | plan key)" --dry-run
run 2 ":2: cache mode: 'off'" run -p "$(printf '[matrix]\ncache = off\n' | plan mode)" --dry-run
run 2 ":2: size: must be" run -p "$(printf '[site]\nsize = 0\n' | plan zero)" --dry-run
run 2 ":2: size: 1000 is not a multiple" \
	run -p "$(printf '[site]\nsize = 1000\n[matrix]\ncache = none\n' | plan odd)" --dry-run
run 2 ":2: size: 64M do not fit" \
	run -p "$(printf '[site]\nsize = 64M\n[matrix]\ncache = none\n' | plan large)" --dry-run
run 2 ":2: section [host a] given twice" run -p "$(printf '[host a]\n[host a]\n' | plan twice)" \
	--dry-run

run 0 "handoff" workload list
run 0 "handoff: 4 steps" workload check workloads/handoff.workload
run 2 ":1: 'noise' is unknown" workload check "$(echo noise | plan noise2)"
for text in workloads/*.workload; do
	run 0 "$(sed -n 's/^# [a-z-]*: //p' "$text" | head -n 1)" workload check "$text"
done
head -c 10000000 /dev/urandom >"$scratch/noise.workload"
run 2 "$scratch/noise.workload" workload check "$scratch/noise.workload"
run 2 ":4: a lane without its 'end'" workload check \
	"$(printf 'files 1\nunits 8\nrounds 1\nlane both\nread 1\nops 1\n' | plan open)"
run 2 ":6: the lane of line 4 never ends" workload check \
	"$(printf 'files 1\nunits 8\nrounds 1\nlane both\nread 1\nend\n' | plan endless)"
# what a workload cannot be run with
run 2 "workload race has lanes that run free, which do not go with path = uring" run --dry-run \
	-p "$(printf '[matrix]\ncache = none\npath = uring\nworkload = race\n' | plan ring)"
run 2 "may leave a mixture, though nothing is wrong" run --dry-run \
	-p "$(printf '[matrix]\ncache = none\npath = mmap\nworkload = race-settle\n' | plan mixture)"
run 2 "a log of 1048576 bytes or more is not read" run --dry-run -p "$(printf \
	'[site]\nsize = 16M\nvolume-size = 64M\nunit = 64K\n[matrix]\ncache = none\nworkload = append\n' |
	plan log)"
run 2 "unit = 512 is too small, at least 1024 is needed" run --dry-run \
	-p "$(printf '[site]\nunit = 512\n[matrix]\ncache = none\nworkload = metadata\n' | plan slot)"
for text in append metadata extend-truncate churn; do
	run 2 "workload $text needs files" run --dry-run -p "$(printf \
		'[site]\nvolume = raw\n[matrix]\ncache = none\npath = direct\nworkload = %s\n' $text |
		plan beside)"
done
run 2 "No such file" workload check "$scratch/none"
run 2 "'list' or 'check FILE' is expected" workload
run 2 "is not a run directory" report "$scratch"
run 2 "No such file" report "$scratch/none"
run 2 "format 'pdf' is unknown" report "$scratch" --format pdf
run 2 "one run directory is expected" report
exit $bad
