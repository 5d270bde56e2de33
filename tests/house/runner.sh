#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guards against a test runner that swallows failures: every way a test can end is played here, and
# the closing line and the exit status must tell. (`make check` is worth what this file is worth.)
set -eu
runner=$(cd "$(dirname "$0")/.." && pwd)/run-tests.sh
unset CI WRAP TEST_TIMEOUT TEST_JOBS
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# script NAME TEXT - NAME.sh for bash, NAME a program.
script()
{
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

# try STATUS CLOSING [VARIABLE=VALUE...] -- PROGRAM...
try()
{
	local status=$1 closing=$2 got=0 settings=()
	shift 2
	while [[ $1 != -- ]]; do
		settings+=("$1")
		shift
	done
	shift
	said=$(env "${settings[@]}" "$runner" "$@" 2>&1) || got=$?
	if [[ $got != "$status" || ${said##*$'\n'} != "$closing" ]]; then
		printf '%s: status %s, not %s, or not "%s":\n%s\n' "$*" "$got" "$status" "$closing" "$said" >&2
		exit 1
	fi
}

script good.sh 'echo noise'
script bad.sh 'echo why it failed; exit 1'
script skip.sh 'echo no unicorn here >&2; exit 77'
script hang.sh 'sleep 60 & echo $! >child; wait'
script crash 'kill -SEGV $$'
script cmocka-good 'echo "[  PASSED  ] 3 test(s)."; echo "[  PASSED  ] 2 test(s)."'
script cmocka-bad 'echo "[  PASSED  ] 3 test(s)."; echo "[  FAILED  ] 2 test(s), listed below:"; exit 2'
script cmocka-skip 'echo no unicorn; echo "[  SKIPPED ] ride"; echo "[  PASSED  ] 3 test(s)."
	echo "[  SKIPPED ] 1 test(s), listed below:" >&2'
script cmocka-leak 'echo "[  PASSED  ] 3 test(s)."; exit 100'
script wrapper 'echo wrapped >>wraps; exec "$@"'

try 0 '1 passed, 0 failed, 0 skipped' -- ./good.sh
[[ $said != *noise* ]]
try 1 '1 passed, 1 failed, 0 skipped' -- ./good.sh ./bad.sh
[[ $said = *'FAIL ./bad.sh'*'why it failed'* ]]
try 0 '1 passed, 0 failed, 1 skipped' -- ./good.sh ./skip.sh
[[ $said = *'SKIP ./skip.sh'*'no unicorn here'* ]]
try 1 '1 passed, 0 failed, 1 skipped' CI=true -- ./good.sh ./skip.sh
[[ $said = *'in CI'* ]]
try 0 '1 passed, 0 failed, 0 skipped' CI=true -- ./good.sh ./none/*.sh
try 1 '0 passed, 1 failed, 0 skipped' -- ./gone.sh
try 1 '0 passed, 1 failed, 0 skipped' -- ./crash
try 0 '5 passed, 0 failed, 0 skipped' -- ./cmocka-good
try 1 '3 passed, 2 failed, 0 skipped' -- ./cmocka-bad
try 1 '3 passed, 1 failed, 0 skipped' -- ./cmocka-leak
try 0 '3 passed, 0 failed, 1 skipped' -- ./cmocka-skip
[[ $said = *'no unicorn'* ]]
try 1 '3 passed, 0 failed, 1 skipped' CI=true -- ./cmocka-skip
try 0 '6 passed, 0 failed, 0 skipped' WRAP="$scratch/wrapper" -- ./cmocka-good ./good.sh
[[ $(<wraps) = wrapped ]] # the program, not the script
try 1 '0 passed, 1 failed, 0 skipped' TEST_TIMEOUT=1 -- ./hang.sh
[[ $said = *'still running after 1 s'* ]]
# A zombie is gone too: PID 1 of a container may never collect it.
if grep -qs '^State:[[:space:]]*[A-Ya-z]' "/proc/$(<child)/status"; then
	echo 'a test that hung left its child behind' >&2
	exit 1
fi

# several at once: none is lost, none counted twice
try 1 '13 passed, 4 failed, 2 skipped' TEST_JOBS=3 -- ./good.sh ./bad.sh ./skip.sh ./crash ./cmocka-good \
	./cmocka-bad ./good.sh ./cmocka-skip
[[ $said = *$'FAIL ./bad.sh'*$'\n    why it failed'* ]]
# shellcheck disable=SC2016 # the scripts'
script meet-a 'touch a; for i in $(seq 100); do [ -e b ] && exit; sleep 0.05; done; exit 1'
# shellcheck disable=SC2016
script meet-b 'touch b; for i in $(seq 100); do [ -e a ] && exit; sleep 0.05; done; exit 1'
try 0 '2 passed, 0 failed, 0 skipped' TEST_JOBS=2 -- ./meet-a ./meet-b
# shellcheck disable=SC2016
script killed 'kill -KILL $(ps -o ppid= -p $PPID); sleep 1'
try 1 '1 passed, 1 failed, 0 skipped' TEST_JOBS=2 -- ./killed ./good.sh

# and an interrupt ends all of them
"$runner" ./hang.sh >/dev/null 2>&1 &
rm -f child
for ((i = 0; i < 100; i++)); do [[ ! -e child ]] || break; sleep 0.05; done
kill -TERM $!
got=0
wait $! || got=$?
if [[ $got != 130 ]] || grep -qs '^State:[[:space:]]*[A-Ya-z]' "/proc/$(<child)/status"; then
	echo "an interrupted runner: status $got, or it left a child behind" >&2
	exit 1
fi
