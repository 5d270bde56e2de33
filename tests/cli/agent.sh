#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guards against an agent that a guest cannot run (shared libraries, too large for the image), and
# against wrong usage that passes, or that is told on the wrong stream.
set -eu
: "${AGENT:?the agent to test}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

die()
{
	echo "$*" >&2
	exit 1
}

# runs STATUS ARGUMENT... - the agent must end with STATUS; its output is in $dir/out and $dir/err.
runs()
{
	local wanted=$1 status=0
	shift
	timeout 20 "$AGENT" "$@" </dev/null >"$dir/out" 2>"$dir/err" || status=$?
	((status == wanted)) || die "stalemate-agent $*: exit $status, not $wanted: $(cat "$dir/err")"
}

runs 0 --help
grep -q '^usage: stalemate-agent' "$dir/out" || die '--help prints no usage'
[[ ! -s $dir/err ]] || die '--help prints to stderr'
for option in --port --stdio --socket --version --help; do
	grep -q -- "$option" "$dir/out" || die "--help does not mention $option"
done
awk 'length > 100 { exit 1 }' "$dir/out" || die '--help has lines of more than 100 columns'

runs 0 --version
grep -Eqx 'stalemate-agent [0-9]+\.[0-9]+\.[0-9]+' "$dir/out" || die "--version: $(cat "$dir/out")"

# refused ARGUMENT... - wrong usage: status 2, one to three lines on stderr, nothing on stdout.
refused()
{
	runs 2 "$@"
	[[ ! -s $dir/out ]] || die "stalemate-agent $*: prints to stdout"
	if [[ ! -s $dir/err ]] || (($(wc -l <"$dir/err") > 3)); then
		die "stalemate-agent $*: no short message"
	fi
}
refused
refused --no-such-option
refused -x
refused --port
refused --stdio=x
refused --stdio operand
refused --stdio --port "$dir/port"
refused --stdio --stdio
refused --socket "$dir/$(printf 'x%.0s' {1..200})"

# what is in the way of its socket is not removed
echo precious >"$dir/file"
runs 3 --socket "$dir/file"
[[ $(cat "$dir/file") = precious ]] || die '--socket replaced a file'
runs 3 --socket "$dir/no/such/folder"

# nothing to serve: the end of the input is the end of the agent
runs 0 --stdio
[[ ! -s $dir/out ]] || die '--stdio speaks before it is spoken to'

# noise is not answered, and does no harm
head -c 300000 /dev/urandom | timeout 20 "$AGENT" --stdio >"$dir/out" || die "noise: exit $?"
[[ ! -s $dir/out ]] || die '--stdio answers noise'

# a sanitized build is neither small nor static
if ! grep -q __asan_init "$AGENT"; then
	size=$(stat -c %s "$AGENT")
	((size <= 1048576)) || die "$AGENT has $size bytes, more than 1 MiB"
	! readelf -lW "$AGENT" | grep -q INTERP || die "$AGENT is not static"
	! readelf -dW "$AGENT" | grep -q NEEDED || die "$AGENT needs shared libraries"
fi
