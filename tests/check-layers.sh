#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check-layers.sh [TREE] - arrows go one way (docs/design.md, "Layers"): refuse any include, print or
# exit that goes the other. tests/cli/layers.sh proves that it does. Exit 0 or 1.
set -u
cd "${1:-$(dirname "$0")/..}" || exit 1
bad=0

# refuse WHY - for each line FILE:NUMBER:TEXT of stdin.
refuse()
{
	while IFS= read -r line; do
		printf '%s\n    %s\n' "$line" "$1" >&2
		bad=1
	done
}

# folder NAME ALLOWED... - quoted includes of its files begin with one of ALLOWED.
folder()
{
	local where=$1
	shift
	local allowed
	allowed=$(printf '%s|' "$@")
	refuse "${where#controller/} may include only: $*" < <(grep -rnE --include='*.[ch]' \
		'^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$where" |
		grep -vE "include[[:space:]]*\"(${allowed%|})/[^/\"]*\"")
}

# only_in HEADER FILES - HEADER is included by FILES (a pattern) alone; without FILES, by any one file.
only_in()
{
	local users
	users=$(grep -rlE --include='*.[ch]' "include[[:space:]]*[<\"]$1" agent common controller | sort)
	if [[ ${2-} ]]; then
		users=$(grep -vxE "$2" <<<"$users")
	else
		users=$(tail -n +2 <<<"$users")
	fi
	[[ -z $users ]] || refuse "$1 belongs in ${2:-one file}" <<<"$users"
}

folder common common
folder agent common agent
folder controller/rundir common rundir
folder controller/history common rundir history
folder controller/order common rundir history order
folder controller/passes common rundir history order passes
folder controller/check common rundir history order passes check
folder controller/export common rundir history order check export
folder controller/report common rundir history check report
folder controller/plan common rundir plan
folder controller/drbd common drbd
folder controller/host common plan host
folder controller/virt common rundir host virt
folder controller/site common rundir plan drbd host virt site
folder controller/doctor common rundir plan drbd host virt site doctor
folder controller/run common rundir plan host virt site run
refuse 'the commands include only common/ and the controller' < <(
	grep -nE 'include[[:space:]]*"(\.|agent|tests|workloads)' controller/*.[ch])

# libvirt is known to one part, its streams to a helper of that part.
only_in libvirt/ 'controller/virt/(hypervisor(_[a-z]+)?\.c|hypervisor_internal\.h|stream_pump\.[ch])'
only_in virt/hypervisor_internal.h 'controller/virt/hypervisor(_[a-z]+)?\.c'
only_in virt/stream_pump.h 'controller/virt/(hypervisor|stream_pump)\.c'
only_in libxml/ 'controller/virt/domain_xml(_[a-z]+)?\.[ch]'
only_in virt/domain_xml_internal.h 'controller/virt/domain_xml(_[a-z]+)?\.c'
only_in libssh/ 'controller/host/ssh_[a-z]*\.[ch]'
only_in host/ssh 'controller/host/(host\.c|ssh_[a-z]*\.[ch])'
only_in ini.h 'controller/plan/[a-z_]*\.c'
# Checksums belong to the files that own a format; all others go through these.
only_in xxhash.h '((common/[a-z_]*|controller/rundir/history_file)\.c|common/tag_sector\.h)'

# Library code never prints or exits (_exit, after fork, is another thing).
refuse 'only main.c and cmd_*.c print or exit' < <(
	grep -rnE --include='*.[ch]' '\<(v?printf|puts|putchar|perror|exit|quick_exit|abort)\(|\<std(out|err)\>' \
		agent common controller |
		grep -vE '^(agent/main|controller/main|controller/cmd_[a-z]*)\.c:|^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)')
exit $bad
