#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Clock samples through `stalemate history import` and `dump`. Guards against: samples that the binary
# form loses, so that a history of two clocks is judged otherwise than its text; in one file, in a
# file for each node (read where they lie, or loaded), wherever the samples stand.
set -u
stalemate=${STALEMATE:?}
histories=$(dirname "$0")/../histories
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bad=0

complain() {
	echo "FAILED: $*" >&2
	bad=1
}

# import FILE... - FILE.txt to FILE.history, of which there is nothing to say.
import() {
	local name
	for name; do
		rm -f "$scratch/$name.history"
		"$stalemate" history import "$scratch/$name.txt" -o "$scratch/$name.history" 2>"$scratch/err" ||
			complain "import of $name"
		[ ! -s "$scratch/err" ] || complain "import of $name says: $(cat "$scratch/err")"
	done
}

# twins FILE SAMPLES - the file, imported and dumped, is the same text as when it is dumped at once.
twins() {
	"$stalemate" history dump "$scratch/$1.txt" >"$scratch/text" || complain "dump of $1.txt"
	"$stalemate" history dump "$scratch/$1.history" >"$scratch/again" || complain "dump of $1.history"
	cmp -s "$scratch/text" "$scratch/again" || complain "$1: $(diff "$scratch/text" "$scratch/again")"
	[ "$(grep -c '^# sample ' "$scratch/text")" = "$2" ] || complain "$1 has not $2 samples"
}

# judged WHAT FILE... - exit status $wanted, and what is said is what was said of the one text.
judged() {
	local what=$1 status
	shift
	"$stalemate" check "$@" >"$scratch/out" 2>&1
	status=$?
	# names of the files and their lines apart
	sed -E "s,$scratch/[a-z]+\.(txt:|history:record )[0-9]+,PLACE,; s,^$scratch/[^:]*,HISTORY," \
		"$scratch/out" >"$scratch/said"
	[ -e "$scratch/first" ] || cp "$scratch/said" "$scratch/first"
	[ $status = "$wanted" ] || complain "$what: exit status $status, expected $wanted"
	cmp -s "$scratch/first" "$scratch/said" ||
		complain "$what: $(diff "$scratch/first" "$scratch/said")"
}

for name in stale-read-by-samples stale-read-by-samples-ok; do
	case $name in *-ok) wanted=0 ;; *) wanted=1 ;; esac
	cp "$histories/$name.txt" "$scratch/both.txt"
	rm -f "$scratch/first"
	judged "$name" "$scratch/both.txt"
	import both
	twins both 2
	# The same operations, a file for each node: the samples all in one, or one in each.
	for where in a b each; do
		for node in a b; do
			other=$(tr ab ba <<<$node)
			sed "/^$other /d; 1a # nodes $node" "$scratch/both.txt" >"$scratch/$node.txt"
			case $where-$node in
			a-b | b-a) sed -i '/^# sample/d' "$scratch/$node.txt" ;;
			each-a) sed -i '/^# sample 100 /d' "$scratch/a.txt" ;;
			each-b) sed -i '/^# sample 9000 /d' "$scratch/b.txt" ;;
			esac
		done
		import a b
		[ $where = b ] || twins a "$([ $where = each ] && echo 1 || echo 2)"
		for kind in txt history; do
			judged "$name in two $kind files, samples in $where" "$scratch/a.$kind" "$scratch/b.$kind"
		done
	done
	judged "$name as a binary file" "$scratch/both.history"
	# Without the last sample nothing proves it, so it is the samples that are judged here.
	sed -i '/^# sample 9000 /d' "$scratch/both.txt"
	import both
	"$stalemate" check "$scratch/both.history" >"$scratch/said" ||
		complain "$name with one sample: $(cat "$scratch/said")"
done
exit $bad
