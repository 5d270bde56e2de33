#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guards against a build that lies: one that compiles too little (an object older than a header or
# than the flags it should have) or too much (nobody waits for that twice a day). In a copy of the
# tree, with a compiler that counts:
#   no change               nothing is compiled, nothing is linked
#   a header is touched     exactly the objects that read it are compiled
#   CFLAGS change           every object is compiled
#   a header disappears     the build does not stumble over a dependency on it
set -eu
tree=$(cd "$(dirname "$0")/../.." && pwd)
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CFLAGS LDFLAGS CC SAN WERROR WRAP B
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r "$tree"/{Makefile,agent,common,controller} "$copy/"
mkdir "$copy/tests"

# Notes what it does: c FILE for a compilation, l for a link. It only preprocesses, which makes the
# dependencies that all this is about, and links nothing: whether the code compiles is not in question.
cat >"$copy/counting-cc" <<EOT
#!/bin/sh
kind=l
for word; do
	[ "\$word" != -c ] || kind=c
	[ "\$last" != -o ] || object=\$word
	last=\$word
done
echo "\$kind \$last" >>"$copy/log"
[ \$kind = l ] || exec gcc -E -MT "\$object" "\$@"
: >"\$object"
EOT
chmod +x "$copy/counting-cc"

# build [ARGUMENT...] - and leave in $compiled and $linked how much was done.
build()
{
	: >"$copy/log"
	make -C "$copy" -j"$(nproc)" CC="$copy/counting-cc" "$@" >"$copy/output" 2>&1 || {
		tail -n 30 "$copy/output" >&2
		exit 1
	}
	compiled=$(grep -c '^c' "$copy/log") || :
	linked=$(grep -c '^l' "$copy/log") || :
}

expect()
{
	[[ $2 = "$3" ]] || { echo "$1: $3 expected, $2 counted" >&2; cat "$copy/log" >&2; exit 1; }
}

build CFLAGS=-O0
all=$compiled
[[ $all -gt 10 ]] || { echo "only $all files were compiled at first" >&2; exit 1; }
expect 'programs linked at first' "$linked" 2

build CFLAGS=-O0
expect 'compiled without a change' "$compiled" 0
expect 'linked without a change' "$linked" 0

touch "$copy/common/frame.h"
readers=$(grep -rlE '\<common/frame\.h' "$copy/build/obj" --include='*.d' | wc -l)
build CFLAGS=-O0
expect 'compiled after touching common/frame.h' "$compiled" "$readers"
[[ $compiled -gt 0 && $compiled -lt $all ]] || {
	echo "common/frame.h: $compiled of $all objects are no subset" >&2
	exit 1
}

printf '/* x */\n' >"$copy/common/gone.h"
printf '#include "common/gone.h"\n' >>"$copy/common/clock.c"
build CFLAGS=-O0
expect 'compiled after a change to one file' "$compiled" 1
rm "$copy/common/gone.h"
sed -i '$d' "$copy/common/clock.c"
build CFLAGS=-O0
expect 'compiled after a header disappeared' "$compiled" 1

build CFLAGS='-O0 -DOTHER'
expect 'compiled after CFLAGS changed' "$compiled" "$all"
