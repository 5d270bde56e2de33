#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lint.sh FLAG... - clang-format, clang-tidy, cppcheck and shellcheck over the whole tree.
#
# The flags are the compiler's (`make lint` hands them over). All four run, whatever the first says.
# Which checks are off, and why: .clang-tidy for clang-tidy, below for cppcheck. A finding that is
# wrong is silenced where it is, with its reason, never by a wider rule.
#
# exit: 0 clean, 1 findings, 3 a linter is missing
set -u
export LC_ALL=C
cd "$(dirname "$0")/.." || exit 3

for tool in clang-format clang-tidy cppcheck shellcheck; do
	command -v "$tool" >/dev/null || {
		echo "lint: $tool is missing: tools/packages.sh ci" >&2
		exit 3
	}
done

mapfile -t sources < <(find agent common controller tests -name '*.c' | sort)
mapfile -t headers < <(find agent common controller tests -name '*.h' | sort)
mapfile -t scripts < <({
	find agent tests tools .ci -name '*.sh'
	grep -lE '^#!/bin/(ba)?sh' -r agent/image .ci tools tests
} | sort -u)
bad=0

# outcome NAME STATUS - say how a linter fared.
outcome()
{
	if (($2)); then
		bad=1
		printf 'lint: %s found something (after %d s)\n' "$1" $SECONDS
	else
		printf 'lint: %s is content (after %d s)\n' "$1" $SECONDS
	fi
}

# Warnings are the compiler's business, so of its flags only these matter.
flags=()
for flag; do
	case $flag in
	-I* | -D* | -std=*) flags+=("$flag") ;;
	esac
done

# clang-tidy counts suppressed warnings on stderr: only what it says about a file counts.
run_clang_tidy()
{
	# shellcheck disable=SC2016 # expanded by the inner shell
	printf '%s\0' "${sources[@]}" | xargs -0 -I '{}' -P "$(nproc)" sh -c '
		file=$1
		shift
		said=$(clang-tidy --quiet "$file" -- "$@" 2>/dev/null)
		status=$?
		[ -z "$said" ] || printf "%s\n" "$said"
		exit $status
	' tidy-one '{}' "${flags[@]}"
}

# variableScope   the house declares at the top of the function, as the kernel does
# missingInclude* cppcheck does not get the headers of the system, on purpose (ten times slower)
# constParameter  callbacks of cmocka, libvirt and libxml2 fix the signature
# varFuncNullUB   NULL is ((void *)0) in every C library of Linux: a sentinel of pointer size
# shadowFunction  a local may be called what a function of some file is called: gcc has -Wshadow
# clarifyCalculation  asks for parentheses around a / b ? c : d
# AssignmentIntegerToAddress  takes an array of pointers in a struct for integers (2.10)
# unusedFunction  is not asked for: it needs all of the program at once, and tests count as users
run_cppcheck()
{
	cppcheck -q --enable=warning,style,performance,portability --std=c11 --error-exitcode=1 \
		--inline-suppr -j "$(nproc)" --suppress=variableScope --suppress=missingInclude \
		--suppress=missingIncludeSystem --suppress=constParameter \
		--suppress=varFuncNullUB --suppress=shadowFunction \
		--suppress=clarifyCalculation --suppress=AssignmentIntegerToAddress --template=gcc \
		-D_GNU_SOURCE -I. -Icontroller agent common controller tests
}

clang-format --dry-run -Werror "${sources[@]}" "${headers[@]}"
outcome clang-format $?
shellcheck -x -a "${scripts[@]}" # with the parts that they source
outcome shellcheck $?
run_cppcheck
outcome cppcheck $?
run_clang_tidy
outcome clang-tidy $?
exit $bad
