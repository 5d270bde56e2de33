#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run-tests.sh PROGRAM... - run tests, one line each, and at the end `N passed, N failed, N skipped`.
#
# *.sh run by bash, anything else directly, under $WRAP if that is set. Exit 0 is a pass, 77 a skip
# with its reason as the last line of stderr, all else a failure, whose output follows its line. A
# cmocka program prints what became of each of its tests: those are counted in its place. A name
# that does not exist and has a `*` in it is a pattern that matched nothing: no test, no complaint.
#
# TEST_JOBS (1) of them run at once: for tests that share nothing. A test's lines come when it is over.
#
# TEST_TIMEOUT (seconds, 600) ends a test that hangs, with all that it started. In CI (CI=true) a
# skipped test fails the run: there everything is installed, so a skip is a hole nobody would see.
#
# exit: 0 nothing failed, 1 something did, 2 wrong usage, 130 interrupted
set -u
export LC_ALL=C

read -ra wrap <<<"${WRAP-}"
passed=0 failed=0 skipped=0 children=()
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'kill -TERM "${children[@]}" 2>/dev/null; wait; exit 130' INT TERM HUP

# tests_of STATE - how many tests cmocka said it ran, passed, skipped or failed, all groups together.
tests_of()
{
	sed -n "s/^\[ *$1 *\] \([0-9]*\) test(s).*/\1/p" "$at/out" "$at/err" |
		{ sum=0; while read -r n; do sum=$((sum + n)); done; echo "$sum"; }
}

run()
{
	local command
	case $1 in
	*.sh) command=(bash "$1") ;;
	*) command=("${wrap[@]}" "$(realpath "$1")") ;;
	esac
	timeout -k 20 "${TEST_TIMEOUT:-600}" "${command[@]}" </dev/null >"$at/out" 2>"$at/err" &
	# timeout(1) hands the signal on to all that the test started, and gives it time to clean up.
	# shellcheck disable=SC2064
	trap "kill -TERM $! 2>/dev/null; wait; exit 130" TERM
	wait "$!"
}

# line WORD NAME MS [WHY]
line()
{
	printf '%-4s %s (%d.%02d s)%s\n' "$1" "$2" $(($3 / 1000)) $(($3 % 1000 / 10)) "${4:+: $4}"
}

# one PROGRAM FOLDER - run it, all that is to be said of it to FOLDER/lines, then the numbers of
# tests to FOLDER/counts.
one()
{
	local program=$1 at=$2 start status ms good bad skips
	start=$(date +%s%3N)
	run "$program"
	status=$?
	ms=$(($(date +%s%3N) - start))
	good=$(tests_of PASSED) bad=$(tests_of FAILED) skips=$(tests_of SKIPPED)
	case $status in
	0) ((good + bad + skips)) || good=1 ;;
	77) good=0 bad=0 skips=1 ;;
	*) ((bad)) || bad=1 ;;
	esac
	{
		if ((status == 77)); then
			line SKIP "$program" "$ms" "$(tail -n 1 "$at/err")"
		elif ((status == 124 || status == 137)); then
			line FAIL "$program" "$ms" "still running after ${TEST_TIMEOUT:-600} s"
		elif ((status || bad)); then
			line FAIL "$program" "$ms" "exit status $status"
		else
			line ok "$program" "$ms"
		fi
		if ((status != 77 && (status || bad))); then
			sed 's/^/    /' "$at/out" "$at/err"
		elif ((status != 77 && skips)); then
			# The reason is what the test printed before it gave up.
			grep --no-group-separator -B 1 "^\[ *SKIPPED *\]" "$at/out" | sed "s/^/    /"
		fi
	} >"$at/lines"
	echo "$good $bad $skips" >"$at/counts"
}

# Wait until one is over, and print what is to be said of it.
await_one()
{
	local i good bad skips
	wait -n "${children[@]}"
	for i in "${!children[@]}"; do
		kill -0 "${children[i]}" 2>/dev/null && continue
		# What says nothing of itself has failed.
		cat "$scratch/$i/lines" 2>/dev/null || echo "FAIL test $((i + 1)): its runner was killed"
		read -r good bad skips 2>/dev/null <"$scratch/$i/counts" || good=0 bad=1 skips=0
		passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
		rm -rf "${scratch:?}/$i"
		unset 'children[i]'
	done
}

n=0
for program; do
	[[ -e $program || $program != *'*'* ]] || continue
	if [[ ! -e $program ]]; then
		printf 'FAIL %s: no such test\n' "$program"
		failed=$((failed + 1))
		continue
	fi
	mkdir "$scratch/$n"
	one "$program" "$scratch/$n" &
	children[n]=$!
	n=$((n + 1))
	while ((${#children[@]} >= ${TEST_JOBS:-1})); do await_one; done
done
while ((${#children[@]})); do await_one; done

if [[ ${CI-} = true ]] && ((skipped)); then
	echo 'a skipped test is a failure in CI: install what it asks for'
fi
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
((!failed)) || exit 1
[[ ${CI-} != true ]] || ((!skipped)) || exit 1
