#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guards against a `stalemate restore` that answers wrongly for what is no run, for a run that changed
# nothing, and for files that are not the user's own. (tests/lab/restore.sh restores real guests.)
set -u
stalemate=${STALEMATE:?}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bad=0

# expect STATUS PATTERN OPTION... - what `restore` says must match.
expect()
{
	local status=$1 pattern=$2 said got=0
	shift 2
	said=$("$stalemate" restore "$@" 2>&1) || got=$?
	if [[ $got != "$status" ]] || ! grep -qE -- "$pattern" <<<"$said"; then
		printf 'restore %s: exit status %s instead of %s, or not "%s":\n%s\n' \
			"$*" "$got" "$status" "$pattern" "$said" >&2
		bad=1
	fi
}

run=$scratch/run
mkdir -p "$run/cells"
expect 2 'not a run directory' "$scratch"
expect 2 'give one run directory'
expect 2 'give one run directory' "$run" "$run"
expect 2 'timeout' --timeout soon "$run"
expect 2 'unrecognized option' --now "$run"
expect 0 'nothing to do: this run changed no guest' "$run"

mkdir -m 700 "$run/saved"
expect 0 'nothing to do: this run changed no guest' "$run"

# saved LIBVIRT - as a run saves its guest a.
saved()
{
	rm -f "$run"/saved/*
	(umask 077
		echo "<domain><name>db1</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid></domain>" \
			>"$run/saved/a.xml"
		echo '{"schema": 1, "libvirt": "'"$1"'", "domain": "db1", "disk": "vdb", "running": true,
			"uuid": "6695eb01-f6a4-8304-79aa-97f2502e193f", "autostart": false, "time": 1}' \
			>"$run/saved/a.json")
}

# nobody listens there: how to do it by hand
saved 'qemu+tcp://127.0.0.1:1/system'
expect 3 "by hand: .*virsh -c 'qemu\+tcp://127.0.0.1:1/system' define $run/saved/a.xml" "$run"

# libvirt's own test driver knows no such guest
saved 'test:///default'
expect 3 'guest a \(db1\): .*Domain not found' "$run"

# a program that a file names is not run
saved "qemu+ssh://x/system?command=touch%20$scratch/ran"
expect 3 'names a program' "$run"
saved "qemu+ext:///system?command=$scratch/program"
expect 3 'names a program' "$run"
[[ ! -e $scratch/ran ]] || bad=1

# nor is a host believed whose key nobody knows
saved "qemu+ssh://x/system?no_verify=1"
expect 3 'saved libvirt URI: .*no_verify' "$run"

# put back already
saved 'qemu+tcp://127.0.0.1:1/system'
(umask 077; : >"$run/saved/a-restored")
expect 0 'nothing to do: it was put back already' "$run"
expect 3 'by hand' --force "$run"

# what others may write, they could have written
saved 'test:///default'
chmod 666 "$run/saved/a.xml"
expect 2 'a.xml belongs to another user, or others may write it' "$run"
saved 'test:///default'
echo '{}' >"$run/saved/a.json"
expect 2 'a.json is not of this version' "$run"

exit $bad
