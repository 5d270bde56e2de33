#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mutants.sh [NAME...] - do the tests notice when the judge is wrong?
#
# Each line of tests/mutants.list is one wrong line in the judge. One after another they are built
# from a copy of the sources, and shown to the oracle test with more and more histories, and to the
# unit tests of the judge, until one fails: the mutant is killed. One that none of them kills has
# survived: the tests have a hole.
#
# MUTANTS_HISTORIES (240000, what `make check` judges) is the most that the oracle gets, CC and
# CFLAGS are yours. NAMEs choose among the mutants.
#
# exit: 0 all killed; 1 one survived, or the list no longer fits the sources; 2 wrong usage;
#       3 what is not mutated does not build or fails itself
set -u
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
most=${MUTANTS_HISTORIES:-240000}

# compile SOURCE OBJECT, in the copy
compile()
{
	# shellcheck disable=SC2086 # flags are words
	$CC -std=gnu11 -D_GNU_SOURCE -DVERSION='"mutant"' -I. -Icontroller -O1 -w \
		$MUTANTS_FLAGS ${CFLAGS-} -c -o "$2" "$1"
}

# link TEST PROGRAM [OBJECT] - what the object defines comes before what the library has
link()
{
	$CC -o "$2" "objects/tests/unit/$1.o" ${3+"$3"} objects/judge.a -lcmocka -lxml2 \
		-ljansson -linih -lm -lpthread
}

# ask PROGRAM OUTPUT SECONDS - run a test where a mutant can do no harm
ask()
{
	(
		ulimit -v 8000000
		ulimit -c 0
		exec timeout -k 1 "$3" "$1"
	) </dev/null >"$2" 2>&1
}

# One mutant, given as its line of the list; prints its line of the report. In the copy.
if [[ ${1-} == --one ]]; then
	IFS=$'\t' read -r name file expression why <<<"$2"
	own=$(mktemp -d work/XXXXXX)
	export TMPDIR=$PWD/$own
	object=$own/mutant.o

	# verdict STATUS TEXT
	verdict()
	{
		printf '%-28s %-62s %s: %s\n' "$name" "$2" "${file##*/}" "$why"
		rm -rf "$own"
		exit "$1"
	}

	# failed - the first test that the output says has failed
	failed()
	{
		grep -aoE '^\[  FAILED  \] [a-z_0-9]+$' "$own/out" | head -n 1 | sed 's/.* //'
	}

	if [[ ! -f $file ]]; then
		verdict 1 "NO SUCH FILE"
	fi
	sed -e "$expression" "$file" >"$own/mutant.c" || verdict 1 "NO SED EXPRESSION"
	if (($(diff "$file" "$own/mutant.c" | grep -c '^[0-9]') != 1 ||
		$(diff "$file" "$own/mutant.c" | grep -c '^<') != 1)); then
		verdict 1 "NO LONGER APPLIES: it must change one line"
	fi
	compile "$own/mutant.c" "$object" 2>"$own/out" || {
		cat "$own/out" >&2
		verdict 1 "DOES NOT COMPILE"
	}
	# Under its own name, both would have the same symbols of files: compare the code.
	for section in .text .rodata .text.unlikely; do
		objcopy -O binary -j $section "$object" "$own/a" 2>/dev/null
		objcopy -O binary -j $section "objects/${file%.c}.o" "$own/b" 2>/dev/null
		cmp -s "$own/a" "$own/b" || { differs=1 && break; }
	done
	[[ ${differs-} ]] || verdict 1 "CHANGES NOTHING: the compiler makes the same code of it"

	# oracle HISTORIES - returns if it finds nothing wrong with so many
	oracle()
	{
		local status number
		ORACLE_HISTORIES=$1 ask "$own/oracle" "$own/out" $((10 + $1 / 1000))
		status=$?
		((status)) || return
		((status == 124)) && verdict 0 "killed within $1 histories (test_oracle hangs)"
		number=$(grep -aoE 'history [0-9]+, saved' "$own/out" | grep -oE '[0-9]+' | head -n 1)
		verdict 0 "killed after $((${number:-$(($1 - 1))} + 1)) histories ($(failed))"
	}

	link test_oracle "$own/oracle" "$object" || verdict 1 "DOES NOT LINK"
	for histories in 400 4000 40000; do
		((histories >= most)) || oracle "$histories"
	done
	# The unit tests take less time than the rest of the histories.
	for test in $MUTANTS_TESTS; do
		link "$test" "$own/$test" "$object" || verdict 1 "DOES NOT LINK"
		ask "$own/$test" "$own/out" 120 || verdict 0 "killed by $test ($(failed))"
	done
	oracle "$most"
	verdict 1 "SURVIVED $most histories and ${MUTANTS_TESTS//test_/}"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
cd "$root" || exit 3
mkdir "$scratch/work"
cp -r common controller tests "$scratch"
cd "$scratch" || exit 3

# The list: NAME :: FILE :: SED EXPRESSION :: WHAT IT BREAKS
mapfile -t mutants < <(awk -F ' :: ' -v OFS='\t' '!/^(#|$)/ {
	if (NF != 4) { print "mutants.list:" NR ": four fields expected" > "/dev/stderr"; exit 1 }
	print $1, $2, $3, $4 }' tests/mutants.list)
chosen=()
for mutant in "${mutants[@]}"; do
	(($# == 0)) || [[ " $* " == *" ${mutant%%$'\t'*} "* ]] || continue
	chosen+=("$mutant")
done
if ((${#chosen[@]} == 0)); then
	echo "mutants: no mutant of that name in tests/mutants.list" >&2
	exit 2
fi

# What is judged by which tests: all unit tests that include something of order/, passes/ or check/.
mapfile -t tests < <(grep -lE '"(order|passes|check)/' tests/unit/test_*.c | sed 's,.*/,,; s,\.c$,,' |
	grep -vxE 'test_(oracle|report.*|history.*|export.*)')
MUTANTS_FLAGS=$(pkg-config --cflags libxml-2.0 jansson inih) || exit 3
export CC=${CC-gcc} CFLAGS=${CFLAGS-} MUTANTS_FLAGS
export -f compile
# shellcheck disable=SC2016 # expanded by the inner shell
{
	printf '%s\n' common/*.c controller/{rundir,history,order,passes,check,export,report,plan}/*.c tests/unit/test_oracle.c
	find tests/unit -name '*.c' ! -name 'test_*' # what tests share
	printf 'tests/unit/%s.c\n' "${tests[@]}"
} | xargs -P "$(nproc)" -I '{}' bash -c '
	object=objects/${1%.c}.o
	mkdir -p "${object%/*}" && compile "$1" "$object"' compile '{}' || exit 3
find objects -name '*.o' ! -name 'test_*' -print0 | xargs -0 ar rcs objects/judge.a || exit 3
for test in test_oracle "${tests[@]}"; do
	link "$test" "objects/$test" || exit 3
	ORACLE_HISTORIES=4000 ask "objects/$test" out 300 || {
		tail -n 20 out >&2
		echo "mutants: $test fails without any mutant" >&2
		exit 3
	}
done

export MUTANTS_TESTS="${tests[*]}" MUTANTS_HISTORIES=$most
printf '%s\0' "${chosen[@]}" | xargs -0 -P "$(nproc)" -I '{}' bash tests/mutants.sh --one '{}' |
	tee report
killed=$(grep -cE '^[^ ]+ +killed ' report)
printf '%d of %d mutants killed (%d s)\n' "$killed" ${#chosen[@]} $SECONDS
((killed == ${#chosen[@]}))
