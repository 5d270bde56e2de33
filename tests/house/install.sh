#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guards against an installation that only works beside its sources, and one that cannot be undone:
# below DESTDIR there must be a program that answers and everything it will look for, and after
# `make uninstall` no file at all.
set -eu
tree=$(cd "$(dirname "$0")/../.." && pwd)
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT

"$tree/tools/install.sh" "$there/usr" "$(dirname "${STALEMATE:?}")"
for file in bin/stalemate bin/stalemate-agent share/stalemate/image/build.sh \
	share/stalemate/image/init share/stalemate/workloads/handoff.workload \
	share/man/man1/stalemate.1 share/doc/stalemate/README.md; do
	[[ -s $there/usr/$file ]] || { echo "$file is not installed" >&2; exit 1; }
done
cd /
"$there/usr/bin/stalemate" --version >/dev/null
status=0
"$there/usr/share/stalemate/image/build.sh" 2>/dev/null || status=$?
[[ $status = 2 ]] || { echo "an installed image script lacks parts of it: status $status, not 2 (usage)" >&2; exit 1; }
listed=$("$there/usr/bin/stalemate" workload list)
[[ $listed = *handoff* ]] || { echo "an installed program does not find its workloads: $listed" >&2; exit 1; }

"$tree/tools/install.sh" --uninstall "$there/usr"
left=$(find "$there" -type f)
[[ -z $left ]] || { printf 'left behind:\n%s\n' "$left" >&2; exit 1; }

status=0
"$tree/tools/install.sh" "$there/usr" /nonexistent 2>/dev/null || status=$?
[[ $status = 3 ]] || { echo "installed without a build: status $status" >&2; exit 1; }
