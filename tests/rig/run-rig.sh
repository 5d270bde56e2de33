#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run-rig.sh TEST... - bring a rig up, run tests on it (tests/run-tests.sh), take it down.
#
# The rig is one of its own (RIG_DIR; /var/lib/stalemate-check-rig), so that one that somebody works
# with is left alone. Every test finds r0 as rig.sh leaves it: who breaks it mends it (rig.sh reset).
# RIG_KEEP=1 leaves the rig up: `RIG_DIR=... tests/rig/rig.sh ssh a`.
#
# exit: that of run-tests.sh; 3 the rig did not come up; 1 taking it down left something behind
set -u
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
export RIG_DIR=${RIG_DIR:-/var/lib/stalemate-check-rig}

leave()
{
	status=$?
	trap - EXIT
	if [[ $tests ]]; then # interrupted: the tests first, which clean up after themselves
		kill -TERM "$tests" 2>/dev/null
		wait "$tests"
	fi
	[[ -z ${RIG_KEEP-} ]] || exit "$status"
	"$here/rig.sh" down || status=1
	if [[ -e $RIG_DIR ]] || grep -lqsF "$RIG_DIR" /proc/[0-9]*/cmdline; then
		echo "rig.sh down left something of $RIG_DIR behind" >&2
		status=1
	fi
	exit "$status"
}
tests=
trap leave EXIT
trap 'exit 130' INT TERM HUP

"$here/rig.sh" up || exit
printf 'the rig is up after %d s\n' $SECONDS
"$here/../run-tests.sh" "$@" &
tests=$!
wait $tests || {
	status=$?
	tests=
	exit $status
}
tests=
