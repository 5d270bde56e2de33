#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# generated.sh - histories of some size, made by a register system whose answer is known.
#
# Guards against: what small histories never reach. Blocks and windows that end, clusters that are
# forgotten while their unit goes on, tables that grow: a mistake there accuses a correct
# system, or loses violations, after thousands of operations. Whatever the clocks, a correct
# history must be consistent, and of planted stale reads each must be found, and nothing else.
set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail()
{
	printf 'generated.sh: %s\n' "$*" >&2
	exit 1
}

# judge STALE OPTION... - a history with these options has so many violations.
judge()
{
	local stale=$1 said found
	shift
	rm -rf "$scratch/h"
	mkdir "$scratch/h"
	said=$("$GENERATE" "$scratch/h" "$@" stale="$stale") || fail "generate $*"
	[[ $said == *" $stale stale reads"* ]] || fail "not all planted: $said"
	"$STALEMATE" check --format json "$scratch/h"/?.history >"$scratch/json"
	found=$(sed -n 's/^ *"violations": "\([0-9]*\)".*/\1/p' "$scratch/json" | head -n 1)
	[[ $found == "$stale" ]] || fail "$stale planted, ${found:-no answer}: generate h $* stale=$stale"
}

# by_threads - the history at hand has the same verdict, however many threads share its units.
by_threads()
{
	local threads
	for threads in 1 2 3; do
		"$STALEMATE" check --threads "$threads" --format json "$scratch/h"/?.history >"$scratch/$threads.json"
		cmp -s "$scratch/1.json" "$scratch/$threads.json" ||
			fail "$threads threads: $(diff "$scratch/1.json" "$scratch/$threads.json" | head -n 5)"
	done
}

seed=1
for clock in clock=one 'clock=bounds lo=-4000 hi=7000' 'clock=bounds lo=1000000 hi=1000000'; do
	for shape in 'units=1 lanes=16 writes=0.02' 'units=64 lanes=5' 'units=3000 lanes=64'; do
		for kind in '' 'unknown=0.05 messages=0.05'; do
			# shellcheck disable=SC2086 # options are words
			judge 0 operations=40000 seed=$seed $clock $shape $kind
			# shellcheck disable=SC2086
			judge 15 operations=40000 seed=$seed $clock $shape $kind
			((seed % 4)) || by_threads
			((++seed))
		done
	done
done
judge 0 operations=40000 clock=none units=20 lanes=6 messages=0.2 unknown=0.05
judge 0 operations=40000 clock=one units=4 lanes=2 writes=1
judge 0 operations=40000 clock=one units=4 lanes=2 writes=0
# An operation during which tens of thousands of others complete: what lies that far back is in no
# window any more.
judge 0 operations=300000 units=20000 lanes=64 tail=20ms messages=0.01
judge 15 operations=300000 units=20000 lanes=64 tail=20ms clock=bounds lo=-4000 hi=7000
by_threads

# The same options, the same bytes.
mkdir "$scratch/1" "$scratch/2"
for folder in 1 2; do
	"$GENERATE" "$scratch/$folder" operations=1000 unknown=0.1 clock=bounds lo=-5 hi=5 >/dev/null ||
		fail "generate"
done
cmp "$scratch/1/a.history" "$scratch/2/a.history" || fail 'a: not the same bytes'
cmp "$scratch/1/b.history" "$scratch/2/b.history" || fail 'b: not the same bytes'
