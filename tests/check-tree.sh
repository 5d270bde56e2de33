#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check-tree.sh - what no compiler and no linter looks at: is the tree fit to be published?
#
# Run after a build in a clone. Exit 0 or 1, every finding on a line of its own.
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 1
bad=0

# refuse WHY - each line of stdin is a finding.
refuse()
{
	while IFS= read -r line; do
		printf 'check-tree: %s: %s\n' "$line" "$1" >&2
		bad=1
	done
}

# no_spdx FILE... - those that do not say their licence on one of their first lines.
no_spdx()
{
	local file
	for file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2\.0-or-later' || echo "$file"
	done
}

# too_long FILE... - tests hold tables of cases, and are read one case at a time.
too_long()
{
	wc -l "$@" | awk '$2 != "total" {
		limit = $2 ~ /^tests\// ? 600 : 400
		if ($1 > limit)
			print $2 " (" $1 " lines)"
	}'
}

# not_text FILE... - NUL bytes; an empty file is neither.
not_text()
{
	local file
	for file; do
		[[ ! -s $file ]] || grep -qI . "$file" || echo "$file"
	done
}

mapfile -t files < <(git ls-files -- . ':!tests/fuzz/corpus')
mapfile -t code < <(git ls-files -- '*.c' '*.h')
# A part of a script is sourced, and has no #!.
mapfile -t scripts < <({ git grep -l '^#!' -- . ':!*.md'; git ls-files -- '*.bash'; } | sort -u)
# This script holds the words it looks for; the licence is not ours to word; what a fuzzer eats may be
# any bytes.
mapfile -t texts < <(git ls-files -- . ':!tests/check-tree.sh' ':!LICENSE' ':!tests/fuzz/corpus')
if ((${#code[@]} == 0)); then
	echo 'check-tree: no source is under version control here' >&2
	exit 1
fi

refuse 'not under version control, not ignored: what left it there?' < <(
	git ls-files --others --exclude-standard)
refuse 'no SPDX line among the first three' < <(no_spdx "${code[@]}" "${scripts[@]}" Makefile)
refuse 'too long (400 lines, a test 600): which two things does it do?' < <(
	too_long "${code[@]}" "${scripts[@]}")
refuse 'not text: generated or binary files have no place here' < <(not_text "${files[@]}")
refuse 'a path of some machine' < <(
	grep -nHE '(^|[^[:alnum:]_.])/(home|work|Users)/[[:alnum:]]' "${texts[@]}")
refuse 'unfinished' < <(grep -nHwE 'TODO|FIXME|XXX|HACK' "${texts[@]}")
refuse 'forbidden call: common/parse.h and snprintf are there for it' < <(
	grep -nHE '\<(ato[ilf]|atoll|strto(k|l|ul|ll|ull)|v?sprintf|str(cpy|cat)|gets|system|popen)\(' \
		"${code[@]}" | grep -vE '^common/parse\.c:|^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)')
exit $bad
