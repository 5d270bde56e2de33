#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `stalemate check` on histories written by hand: tests/histories has the smallest bad history of
# each class, and a twin that differs in one thing and is consistent. Guards against a class, unit or
# witness that is wrong, an accusation of a correct history, forms that are judged differently, and
# damaged files that are judged at all.
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

# judge FILE...: exit status to $status, JSON to $scratch/json
judge() {
	"$stalemate" check "$@" --format json >"$scratch/json" 2>"$scratch/err"
	status=$?
}

# The first string value of a key in the verdict.
value() {
	grep -oE "\"$1\": *\"?[^\",]*" "$scratch/json" | head -1 | sed 's/.*: *"*//'
}

# The line numbers of the first violation's witness.
witness() {
	sed '/"class"/,$!d' "$scratch/json" | awk '/"class"/ && seen++ { exit } { print }' |
		grep -oE '"source": *"[^"]*' | sed 's/.*://' | tr '\n' ' ' | sed 's/ $//'
}

# compare FILE WANTED... (verdict class unit "witness" lines)
compare() {
	local name=$1 verdict=$2 class=${3-} unit=${4-} lines
	if [ "$verdict" = consistent ]; then
		[ "$status" = 0 ] || complain "$name: exit status $status, expected 0: $(cat "$scratch/err")"
		[ "$(value verdict)" = consistent ] || complain "$name: $(value verdict), expected consistent"
		return
	fi
	[ "$status" = 1 ] || complain "$name: exit status $status, expected 1: $(cat "$scratch/err")"
	[ "$(value class)" = "$class" ] || complain "$name: class $(value class), expected $class"
	grep -q "\"unit\": \"$unit\"" "$scratch/json" || complain "$name: unit $unit is not named"
	shift 5
	lines=$*
	[ -z "$lines" ] || [ "$(witness)" = "$lines" ] ||
		complain "$name: witness lines $(witness), expected $lines"
}

classes=0
for file in "$histories"/*.txt; do
	read -ra wanted < <(sed -n 's/^# expect: //p' "$file")
	[ "${#wanted[@]}" -gt 0 ] || complain "$file says not what to expect"
	judge "$file"
	compare "$file" "${wanted[@]}"
	[ "${wanted[0]}" = consistent ] || classes=$((classes + 1))
	# its binary twin, and that one's text: the same verdict (lines are others)
	name=$(basename "$file" .txt)
	"$stalemate" history import "$file" -o "$scratch/$name.history" || complain "import of $file"
	judge "$scratch/$name.history"
	compare "$name.history" "${wanted[@]:0:4}" ""
	"$stalemate" history dump "$scratch/$name.history" >"$scratch/$name.txt" ||
		complain "dump of $name"
	judge "$scratch/$name.txt"
	compare "$name.txt, dumped" "${wanted[@]:0:4}" ""
done
[ "$classes" -ge 13 ] || complain "only $classes bad histories found"

# refused WHAT PATTERN FILE...: exit 2 and one message that says so
refused() {
	local what=$1 pattern=$2
	shift 2
	judge "$@"
	[ "$status" = 2 ] || complain "$what: exit status $status, expected 2"
	grep -qE "$pattern" "$scratch/err" ||
		complain "$what: no message like '$pattern' but: $(cat "$scratch/err")"
	[ "$(wc -l <"$scratch/err")" = 1 ] || complain "$what: not one message: $(cat "$scratch/err")"
}

good=$scratch/stale-read.history
size=$(stat -c %s "$good")
: >"$scratch/empty"
refused "0 bytes" 'empty' "$scratch/empty"
refused "a directory" 'directory' "$scratch"
refused "a missing file" 'missing.*No such file' "$scratch/missing"
head -c 5000 /dev/zero | tr '\0' '\337' >"$scratch/noise"
refused "binary noise" 'noise' "$scratch/noise"
printf 'NOTAHIST' | cat - <(tail -c +9 "$good") >"$scratch/magic"
refused "wrong magic" 'magic' "$scratch/magic"
printf '# stalemate-history 99\n' >"$scratch/newer.txt"
refused "a newer text version" 'newer.txt:1.*version' "$scratch/newer.txt"
cp "$good" "$scratch/newer"
printf '\143' | dd of="$scratch/newer" bs=1 seek=8 conv=notrunc status=none
refused "a newer binary version" 'newer' "$scratch/newer"
printf '# stalemate-history 1\na 0 w 17 2500 1000 ok a:0:1\n' >"$scratch/backwards.txt"
refused "completion before invocation" 'backwards.txt:2.*completion \(1000\) before invocation \(2500\)' \
	"$scratch/backwards.txt"
cat <(head -c $((size - 64 - 20)) "$good") <(tail -c 64 "$good") >"$scratch/cut"
refused "a record cut short in the middle" 'cut.*record.*' "$scratch/cut"
cp "$good" "$scratch/flipped"
printf '\377' | dd of="$scratch/flipped" bs=1 seek=$((128 + 20)) conv=notrunc status=none
refused "a damaged record" 'flipped.*record 1' "$scratch/flipped"

# cut short at its very end, with no run that says it is complete: a warning, and the rest is judged
head -c $((size - 20)) "$good" >"$scratch/tail"
judge "$scratch/tail"
[ "$status" != 2 ] || complain "a record cut short at the end: refused: $(cat "$scratch/err")"
grep -qi 'cut' "$scratch/json" "$scratch/err" || complain "a record cut short at the end: no warning"

"$stalemate" check >/dev/null 2>&1
[ $? = 2 ] || complain "check without a file: not exit 2"
exit $bad
