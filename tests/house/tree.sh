#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guards against a tree check that sees nothing: each kind of dirt below, planted in a repository of
# its own, must be named; the clean repository must pass.
set -eu
check=$(cd "$(dirname "$0")/.." && pwd)/check-tree.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{tests,common,agent}
cp "$check" "$tree/tests/"
cd "$tree"
spdx='/* SPDX-License-Identifier: GPL-2.0-or-later */'
printf '%s\nint x;\n' "$spdx" >common/clean.c
printf '# SPDX-License-Identifier: GPL-2.0-or-later\nall:\n' >Makefile
printf '/build/\n' >.gitignore
mkdir build
echo object >build/x.o
git init -q .
git add .

if ! tests/check-tree.sh; then
	echo 'a clean tree is refused' >&2
	exit 1
fi

# Put together from parts, so that this file is clean.
printf 'int x;\n' >common/nospdx.c
printf '%s\n// TO%s: later\n' "$spdx" DO >common/todo.c
printf '%s\n\tspr%s(buf, "x");\n' "$spdx" intf >common/call.c
printf '%s\n\tx = at%s(text);\n' "$spdx" oi >common/number.c
printf '%s\nconst char *p = "/ho%s/me/x";\n' "$spdx" me >common/path.c
{ echo "$spdx"; yes 'int x;' | head -n 400; } >common/long.c
{ echo "# $spdx"; yes 'x=1' | head -n 400; } >agent/long.bash
printf 'text\0binary\n' >agent/blob
git add .
printf 'leftover\n' >agent/leftover

bad=0
if said=$(tests/check-tree.sh 2>&1); then
	echo 'a dirty tree passes' >&2
	bad=1
fi
while read -r file why; do
	grep -F "$file" <<<"$said" | grep -qF "$why" && continue
	printf '%s: not refused, or not for "%s"\n' "$file" "$why" >&2
	bad=1
done <<'EOT'
common/nospdx.c no SPDX line
common/todo.c unfinished
common/call.c forbidden call
common/number.c forbidden call
common/path.c a path of some machine
common/long.c too long
agent/long.bash too long
agent/blob not text
agent/leftover not under version control
EOT
if grep -F clean.c <<<"$said"; then
	echo 'the clean file is accused' >&2
	bad=1
fi
exit $bad
