#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `stalemate check --shard` and `--merge`. Guards against: a violation lost between two shards or
# counted in both, shards that are missing or of something else and yet joined, a verdict file that is
# believed though it is damaged, and options that make no sense together and are silently ignored.
set -u
stalemate=${STALEMATE:?}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bad=0

complain() {
	echo "FAILED: $*" >&2
	bad=1
}

# refused WHAT PATTERN ARGUMENT... - `check ARGUMENT...` exits with 2 and one message that says so.
refused() {
	local what=$1 pattern=$2 status
	shift 2
	"$stalemate" check "$@" >"$scratch/out" 2>"$scratch/err"
	status=$?
	[ "$status" = 2 ] || complain "$what: exit status $status, expected 2"
	grep -qE -- "$pattern" "$scratch/err" ||
		complain "$what: no message like '$pattern' but: $(cat "$scratch/err")"
	[ "$(wc -l <"$scratch/err")" = 1 ] || complain "$what: not one message: $(cat "$scratch/err")"
	[ ! -s "$scratch/out" ] || complain "$what: refused, and yet there is a verdict"
}

# Eight units, two of which hold a stale read; operations on one unit, and one on three.
{
	echo '# stalemate-history 1'
	for unit in 0 1 2 3 4 5 6 7; do
		echo "b 0 r $unit $((unit + 1)) $((unit + 2)) ok initial"
	done
	for unit in 0 1 2 3 4 5 6 7; do
		echo "a 0 w $unit $((unit * 100 + 10)) $((unit * 100 + 20)) ok a:0:$((unit + 1))"
	done
	for unit in 0 1 2 3 4 5 6 7; do
		value=a:0:$((unit + 1))
		case $unit in 2 | 5) value=initial ;; esac
		echo "b 0 r $unit $((unit * 100 + 1000)) $((unit * 100 + 1010)) ok $value"
	done
	echo 'b 1 w 5+3 3000 3010 ok b:1:1'
} >"$scratch/h.txt"
# Damage in the second of three units: another shard counts the read.
printf '%s\n' '# stalemate-history 1' 'a 0 w 1+3 10 20 ok a:0:1' \
	'b 0 r 1+3 30 40 ok torn=a:0:1*8,corrupt*8,a:0:1*8' >"$scratch/several.txt"

# keys FILE - what must be alike in the verdict of the whole, judged at once or in shards.
keys() {
	python3 - "$1" <<'PYTHON'
import json, sys

cell = json.load(open(sys.argv[1]))["cells"][0]
names = ("verdict", "operations", "reads", "writes", "unknown", "exposures", "stale_exposures",
	 "violations", "classes", "models", "suspect", "torn_permitted", "undecided", "stream_units",
	 "exact_units", "rate_lower", "rate_upper", "first_violation_s", "shard", "confidence")
print({name: cell[name] for name in names})
print(sorted((e["class"], e["unit"], [w["source"] for w in e["witness"]]) for e in cell["examples"]))
PYTHON
}

command -v python3 >/dev/null || {
	echo "no python3 to compare verdicts with" >&2
	exit 77
}
for history in several h; do
	"$stalemate" check "$scratch/$history.txt" --format json >"$scratch/whole.json"
	[ $? = 1 ] || complain "check of the whole $history.txt"
	for n in 1 3 8 20; do
		what="--merge of $n shards of $history.txt"
		parts=()
		for ((k = n; k; k--)); do
			"$stalemate" check --shard "$k/$n" --format json "$scratch/$history.txt" >"$scratch/$k-of-$n.json"
			case $? in 0 | 1) ;; *) complain "shard $k/$n of $history.txt: exit status $?" ;; esac
			parts+=("$scratch/$k-of-$n.json")
		done
		"$stalemate" check --merge "${parts[@]}" --format json >"$scratch/merged.json"
		[ $? = 1 ] || complain "$what: not exit 1, though there are violations"
		[ "$(keys "$scratch/merged.json")" = "$(keys "$scratch/whole.json")" ] ||
			complain "$what: $(diff <(keys "$scratch/whole.json") <(keys "$scratch/merged.json"))"
		"$stalemate" check --merge "${parts[@]}" >"$scratch/text" 2>&1
		grep -qE 'stale-read|corrupt' "$scratch/text" || complain "$what as text: $(cat "$scratch/text")"
	done
done

refused 'a shard that is missing' 'of 3 shards these are missing: 2' \
	--merge "$scratch/1-of-3.json" "$scratch/3-of-3.json"
refused 'a shard twice' 'shard 1 of 3 is there twice' \
	--merge "$scratch/1-of-3.json" "$scratch/2-of-3.json" "$scratch/1-of-3.json"
refused 'shards of two divisions' 'shard 1 of 3 and shard 2 of 8 are not of one whole' \
	--merge "$scratch/1-of-3.json" "$scratch/2-of-8.json"
refused 'the whole among shards' 'of the whole history' --merge "$scratch/whole.json"
"$stalemate" check --shard 2/3 --confidence 0.9 --format json "$scratch/h.txt" >"$scratch/other.json"
refused 'another confidence' 'shards 1 and 2 of 3 differ: the confidence' \
	--merge "$scratch/1-of-3.json" "$scratch/other.json" "$scratch/3-of-3.json"
sed 's/"run": null/"run": "01234567-89ab-cdef-0123-456789abcdef"/' "$scratch/2-of-3.json" >"$scratch/run.json"
refused 'another run' 'run.json are of different runs' \
	--merge "$scratch/1-of-3.json" "$scratch/run.json" "$scratch/3-of-3.json"
head -c 500 "$scratch/2-of-3.json" >"$scratch/cut.json"
refused 'a file cut short' 'cut.json:[0-9]*: not JSON' --merge "$scratch/1-of-3.json" "$scratch/cut.json"
sed 's/"reads": "/&-/' "$scratch/2-of-3.json" >"$scratch/odd.json"
refused 'a damaged file' 'odd.json: cells\[0\].reads: ' --merge "$scratch/odd.json"
sed 's/"unknown": "0"/"unknown": "9999"/' "$scratch/2-of-3.json" >"$scratch/odd.json"
refused 'a file with impossible counts' 'odd.json: cells\[0\].unknown: 9999, more than there are operations' \
	--merge "$scratch/1-of-3.json" "$scratch/odd.json" "$scratch/3-of-3.json"
for k in 1 2 3; do
	sed 's/"writes": "[0-9]*"/"writes": "0"/' "$scratch/$k-of-3.json" >"$scratch/odd-$k.json"
done
refused 'impossible counts of all shards' 'the shards together: cells\[0\].exposures: [0-9]*, though there are no writes' \
	--merge "$scratch/odd-1.json" "$scratch/odd-2.json" "$scratch/odd-3.json"
refused 'a history' 'h.txt:1: not JSON' --merge "$scratch/h.txt"
refused 'a missing file' 'missing.json.*No such file' --merge "$scratch/missing.json"
refused 'no file' 'all shards are expected' --merge
for option in '--confidence 0.9' '--max-rate 0.1' '--shard 1/2' '--cell x'; do
	# shellcheck disable=SC2086 # words
	refused "--merge with $option" "takes no ${option% *}" --merge $option "$scratch/1-of-3.json"
done
for shard in 0/3 4/3 1/0 1/4097 1 /3 1/ a/3 -1/3 1/3x ' 1/3' 1/2/3 00000001/3 ''; do
	refused "--shard '$shard'" '--shard: K/N' --shard "$shard" "$scratch/h.txt"
done
exit $bad
