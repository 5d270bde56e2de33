#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz.sh FOLDER SECONDS - run each fuzz target of FOLDER (`make fuzz` has built them) for SECONDS.
#
# A target works on a copy of its committed corpus in FOLDER/corpus, which keeps what it finds, so
# that the next run begins there. A finding lies in FOLDER, and how to see it again is said.
#
# exit: 0 no finding, 1 one or more, 2 wrong usage
set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 2
folder=${1-} seconds=${2-}
[[ -d $folder && $seconds =~ ^[1-9][0-9]*$ ]] || {
	echo 'usage: tests/fuzz/fuzz.sh FOLDER SECONDS (make fuzz FUZZ_SECONDS=60)' >&2
	exit 2
}
bad=0
for program in "$folder"/fuzz_*; do
	[[ -x $program && -f $program ]] || continue
	target=${program##*/fuzz_}
	name=${target//_/-}
	corpus=$folder/corpus/$name
	log=$folder/$name.log
	options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192
		-print_final_stats=1 -artifact_prefix="$folder/$name-")
	words=tests/fuzz/$name.dict
	[[ $name != judge ]] || words=tests/fuzz/history-text.dict
	[[ ! -f $words ]] || options+=(-dict="$words")
	mkdir -p "$corpus"
	cp -p "tests/fuzz/corpus/$name"/* "$corpus"/
	if "$program" "${options[@]}" "$corpus" >"$log" 2>&1; then
		printf 'fuzz: %s: no finding in %s inputs (%s s)\n' "$name" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$seconds"
		continue
	fi
	bad=1
	tail -n 60 "$log" | sed 's/^/    /'
	input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
	printf 'fuzz: %s: a finding; see it again with: %s %s\n' "$name" "$program" "${input:-(no input)}"
done
exit $bad
