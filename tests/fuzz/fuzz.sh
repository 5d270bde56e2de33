#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz.sh FOLDER SECONDS - run each fuzz target of FOLDER (`make fuzz` has built them) for SECONDS,
# as many at once as there are processors.
#
# A target works on a copy of its committed corpus in FOLDER/corpus, which keeps what it finds, so
# that the next run begins there. A finding lies in FOLDER, and how to see it again is said.
#
# exit: 0 no finding, 1 one or more, 2 wrong usage
set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit 2
# one FOLDER SECONDS PROGRAM
one()
{
	local folder=$1 seconds=$2 program=$3 target name log options words input
	target=${program##*/fuzz_}
	name=${target//_/-}
	log=$folder/$name.log
	options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192
		-print_final_stats=1 -artifact_prefix="$folder/$name-")
	words=tests/fuzz/$name.dict
	[[ $name != judge ]] || words=tests/fuzz/history-text.dict
	[[ ! -f $words ]] || options+=(-dict="$words")
	mkdir -p "$folder/corpus/$name"
	cp -p "tests/fuzz/corpus/$name"/* "$folder/corpus/$name"/
	if "$program" "${options[@]}" "$folder/corpus/$name" >"$log" 2>&1; then
		printf 'fuzz: %s: no finding in %s inputs (%s s)\n' "$name" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$seconds"
		return 0
	fi
	input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
	printf '%s\nfuzz: %s: a finding; see it again with: %s %s\n' "$(tail -n 60 "$log" | sed 's/^/    /')" \
		"$name" "$program" "${input:-(no input)}"
	return 1
}

if [[ ${1-} = --one ]]; then
	one "$2" "$3" "$4"
	exit
fi
folder=${1-} seconds=${2-}
[[ -d $folder && $seconds =~ ^[1-9][0-9]*$ ]] || {
	echo 'usage: tests/fuzz/fuzz.sh FOLDER SECONDS (make fuzz FUZZ_SECONDS=60)' >&2
	exit 2
}
mapfile -d '' programs < <(find "$folder" -maxdepth 1 -name 'fuzz_*' -type f -executable -print0)
if ((${#programs[@]} == 0)); then
	echo "fuzz: no fuzz target in $folder (make fuzz builds them)" >&2
	exit 2
fi
printf '%s\0' "${programs[@]}" |
	xargs -0 -P "$(nproc)" -I '{}' bash tests/fuzz/fuzz.sh --one "$folder" "$seconds" '{}' || exit 1
