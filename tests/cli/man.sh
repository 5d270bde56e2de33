#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guards against a manual that falls behind: every command of `stalemate --help` has its section in
# docs/stalemate.1, and every option of `stalemate COMMAND --help` is somewhere in it.
set -eu
page=$(dirname "$0")/../../docs/stalemate.1
text=$(sed 's/\\-/-/g; s/\\f[BRIP]//g' "$page")
bad=0

missing()
{
	echo "docs/stalemate.1 does not mention $*" >&2
	bad=1
}

commands=$("${STALEMATE:?}" --help | sed -n 's/^  \([a-z]*\)  *[^ ].*/\1/p')
[[ $(wc -w <<<"$commands") -gt 3 ]] || { echo "--help lists no commands: $commands" >&2; exit 1; }
for command in $commands; do
	grep -qx "\.SS $command" <<<"$text" || missing "the command $command"
	for option in $("$STALEMATE" "$command" --help | grep -oE -- '(^|[^-[:alnum:]])--?[a-z][a-z-]*' | grep -oE -- '--?[a-z][a-z-]*' | sort -u); do
		grep -qE -- "(^|[^-[:alnum:]])$option([^-[:alnum:]]|$)" <<<"$text" || missing "$option of $command"
	done
done
exit $bad
