#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `stalemate check` on histories written by hand: tests/histories has the smallest bad history of
# each class, and a twin that differs in one word and is consistent. Guards against a class, unit or
# witness that is wrong, one fault counted twice, an accusation of a correct history, forms that are
# judged differently, and damaged files that are judged at all.
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

# The unit of the first violation, not of a witness.
unit() {
	sed '/"class"/,$!d' "$scratch/json" | grep -oE '"unit": *"[0-9]*' | head -1 | sed 's/.*"//'
}

# The line numbers of the first violation's witness.
witness() {
	sed '/"class"/,$!d' "$scratch/json" | awk '/"class"/ && seen++ { exit } { print }' |
		grep -oE '"source": *"[^"]*' | sed 's/.*://' | tr '\n' ' ' | sed 's/ $//'
}

# compare FILE WANTED... (verdict class unit "witness" lines)
compare() {
	local name=$1 verdict=$2 class=${3-} unit=${4-}
	if [ "$verdict" = consistent ]; then
		[ "$status" = 0 ] || complain "$name: exit status $status, expected 0: $(cat "$scratch/err")"
		[ "$(value verdict)" = consistent ] || complain "$name: $(value verdict), expected consistent"
		return
	fi
	[ "$status" = 1 ] || complain "$name: exit status $status, expected 1: $(cat "$scratch/err")"
	[ "$(value class)" = "$class" ] || complain "$name: class $(value class), expected $class"
	[ "$(unit)" = "$unit" ] || complain "$name: unit $(unit), expected $unit"
	[ "$(value violations)" = 1 ] || complain "$name: $(value violations) violations, expected 1"
	shift 4
	[ $# = 0 ] || [ "$(witness)" = "${*:2}" ] ||
		complain "$name: witness lines '$(witness)', expected '${*:2}'"
}

# The words of a history, one a line, without what is said of it.
words() {
	grep -vE '^# (bug:|expect:|the twin)' "$1" | tr -s ' ' '\n'
}

# Every class that a verdict may name has its history and its twin, which differ in one word.
mapfile -t classes < <(sed -n '/"class": {/,/]/s/^ *"\([a-z-]*\)",*$/\1/p' \
	"$histories/../../docs/verdict.schema.json")
[ "${#classes[@]}" -ge 13 ] || complain "only ${#classes[@]} classes in the schema"
for class in "${classes[@]}"; do
	grep -q "^# expect: violated $class [0-9]* witness [0-9]" "$histories/$class.txt" ||
		complain "$class.txt does not expect $class, with a unit and witness"
	grep -qx '# expect: consistent' "$histories/$class-ok.txt" ||
		complain "$class-ok.txt does not expect consistent"
	changed=$(diff <(words "$histories/$class.txt") <(words "$histories/$class-ok.txt"))
	[ "$(grep -c '^<' <<<"$changed") $(grep -c '^>' <<<"$changed")" = "1 1" ] ||
		complain "$class.txt and its twin do not differ in one word: $changed"
done

for file in "$histories"/*.txt; do
	read -ra wanted < <(sed -n 's/^# expect: //p' "$file")
	[ "${#wanted[@]}" -gt 0 ] || complain "$file says not what to expect"
	judge "$file"
	compare "$file" "${wanted[@]}"
	# its binary twin, and that one's text: the same verdict (lines are others)
	name=$(basename "$file" .txt)
	"$stalemate" history import "$file" -o "$scratch/$name.history" || complain "import of $file"
	judge "$scratch/$name.history"
	compare "$name.history" "${wanted[@]:0:3}"
	"$stalemate" history dump "$scratch/$name.history" >"$scratch/$name.txt" ||
		complain "dump of $name"
	judge "$scratch/$name.txt"
	compare "$name.txt, dumped" "${wanted[@]:0:3}"
done

# What the file system said is found in a bare history, and accuses nobody there: nobody says that no
# fault was injected, and into which volume.
{
	printf '# stalemate-history 1\na 0 w 17 1000 2000 ok a:0:1\nb 0 r 17 3000 4000 ok a:0:1\n'
	printf '! 5000 a kernel gfs2: fsid=stalemate:lab.0: %s\n' 'first mount done, others may mount' \
		'fatal: invalid metadata block - bh = 2072' 'about to withdraw this file system'
} >"$scratch/said.txt"
judge "$scratch/said.txt"
compare said.txt consistent
tr -d ' \n' <"$scratch/json" >"$scratch/flat"
grep -qF '"file_system":{"verdict":"unclear","why":"whetherafaultwasinjectedisnotknown","churned":"0","kinds":{"invalid-metadata":{"count":"1","accuses":false,"node":"a","first_s":' "$scratch/flat" ||
	complain "what the file system said: $(grep -A 20 file_system "$scratch/json")"

# refused WHAT PATTERN FILE...: exit 2 and one message that says so
refused() {
	local what=$1 pattern=$2
	shift 2
	judge "$@"
	[ "$status" = 2 ] || complain "$what: exit status $status, expected 2"
	grep -qE "$pattern" "$scratch/err" ||
		complain "$what: no message like '$pattern' but: $(cat "$scratch/err")"
	grep -qF "$1" "$scratch/err" || complain "$what: does not name $1: $(cat "$scratch/err")"
	[ "$(wc -l <"$scratch/err")" = 1 ] || complain "$what: not one message: $(cat "$scratch/err")"
	[ ! -s "$scratch/json" ] || complain "$what: refused, and yet there is a verdict"
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

head -c 100 "$good" >"$scratch/head"
refused "a header cut short" 'header.*ends within it \(offset 100\)' "$scratch/head"
cp "$good" "$scratch/badhead"
printf '\377' | dd of="$scratch/badhead" bs=1 seek=50 conv=notrunc status=none
refused "a damaged header" 'damaged header' "$scratch/badhead"
printf '# stalemate-history 1\na 0 w 1 10 20 ok a:0:1\na 0 w 2 30 40 ok a:0:1\n' >"$scratch/same.txt"
refused "one value written twice" 'same.txt:2 and .*same.txt:3 write the same value' \
	"$scratch/same.txt"
printf '# stalemate-history 1\na 0 w 1 10 20 ok a:0:1\nb 0 r 1 30 40 ok initial after=a:2\n' \
	>"$scratch/after.txt"
refused "a message from the future" 'after.txt:3: after=a:2' "$scratch/after.txt"

# What a crash leaves: the last record (the stale read) is cut, or half on disk, in a history of which
# no run says that it is complete. A warning, and the write before it is judged.
head -c $((size - 20)) "$good" >"$scratch/cut-end"
cp "$good" "$scratch/half-end"
printf '\377' | dd of="$scratch/half-end" bs=1 seek=$((size - 20)) conv=notrunc status=none
for name in cut-end half-end; do
	judge "$scratch/$name"
	compare "$name" consistent
	grep -q "$name: the last record (2, at offset 192) is cut short" "$scratch/json" ||
		complain "$name: no warning of the record cut short"
done

# history import and dump take no damaged file either, and import replaces none.
for command in "dump $scratch/flipped" "import $scratch/flipped -o $scratch/never"; do
	# shellcheck disable=SC2086 # words
	"$stalemate" history $command >/dev/null 2>"$scratch/err"
	[ $? = 2 ] || complain "history $command: not exit 2"
done
[ ! -e "$scratch/never" ] || complain "history import of a damaged file leaves one"
if "$stalemate" history import "$histories/stale-read.txt" -o "$scratch/flipped" 2>"$scratch/err"; then
	complain "history import replaces a file"
fi

"$stalemate" check >/dev/null 2>&1
[ $? = 2 ] || complain "check without a file: not exit 2"
exit $bad
