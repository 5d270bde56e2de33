# SPDX-License-Identifier: GPL-2.0-or-later
# functions.bash - what the tests of whole runs share (tests/lab, tests/rig): a place, and checks.
# shellcheck shell=bash

set -u
stalemate=${STALEMATE:?set STALEMATE to the program}
scratch=$(mktemp -d /var/tmp/stalemate-test.XXXXXX)
pid= # of a program in the background
trap 'rm -rf "$scratch"' EXIT

skip() {
	echo "skipped: $*" >&2
	exit 77
}

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# expect STATUS COMMAND...: run it, keep its output in $scratch/out and err, compare the status.
expect() {
	local wanted=$1 got=0
	shift
	"$@" >"$scratch/out" 2>"$scratch/err" || got=$?
	if [ "$got" != "$wanted" ]; then
		cat "$scratch/out" "$scratch/err" >&2
		fail "$*: exit status $got, expected $wanted"
	fi
}

# says FILE PATTERN: the output holds a line like this.
says() {
	grep -qE -- "$2" "$scratch/$1" || {
		cat "$scratch/$1" >&2
		fail "no line of $1 matches: $2"
	}
}

# await PATTERN SECONDS: until a program in the background ($pid) has written such a line to
# $scratch/err.
await() {
	local end=$((SECONDS + $2))
	until grep -qE -- "$1" "$scratch/err"; do
		if ! kill -0 "$pid" 2>/dev/null || ((SECONDS > end)); then
			cat "$scratch/out" "$scratch/err" >&2
			fail "it never came to: $1"
		fi
		sleep 0.1
	done
}
