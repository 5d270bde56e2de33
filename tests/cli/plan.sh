#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# plan.sh - guards against: a plan whose mistake is not found before something is touched, and a
# --dry-run that shows other cells than the plan has. Uses $STALEMATE.
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
run 2 "No such file" workload check "$scratch/none"
run 2 "'list' or 'check FILE' is expected" workload
run 2 "is not a run directory" report "$scratch"
run 2 "No such file" report "$scratch/none"
run 2 "format 'pdf' is unknown" report "$scratch" --format pdf
run 2 "one run directory is expected" report
exit $bad
