#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guards against a layer check that lets things through: each breach below, planted in a tree that is
# empty but for them, must be refused by its own rule; the tree as it is, and the empty one, must pass.
set -eu
check=$(cd "$(dirname "$0")/.." && pwd)/check-layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{agent,common,controller/{rundir,history,order,passes,check,export,report,plan,drbd,host,virt,site,doctor,run}}
echo '#include <stdio.h>' >"$tree/controller/main.c"

if ! "$check" || ! "$check" "$tree"; then
	echo 'a tree without a breach is refused' >&2
	exit 1
fi

files=() wanted=()
# breach FOLDER/PREFIX LINE WANTED - plant LINE in a file of its own, for which the check must say WANTED.
breach()
{
	local file=$1${#files[@]}.c
	printf '%s\n' "$2" >"$tree/$file"
	files+=("$file")
	wanted+=("$3")
}

breach common/x '#include "rundir/facts.h"' 'common may include only: common'
breach common/x '#include "x.h"' 'common may include only: common'
breach agent/x '#include "check/verdict.h"' 'agent may include only: common agent'
breach agent/x '#include "../controller/check/verdict.h"' 'agent may include only'
breach controller/rundir/x '#include "check/verdict.h"' 'rundir may include only'
breach controller/history/x '#include "order/feed.h"' 'history may include only'
breach controller/order/x '#include "passes/live.h"' 'order may include only'
breach controller/passes/x '#include "check/judge.h"' 'passes may include only'
breach controller/export/x '#include "report/report.h"' 'export may include only'
breach controller/check/x '#include "plan/plan.h"' 'check may include only'
breach controller/report/x '#include "run/runner.h"' 'report may include only'
breach controller/plan/x '  #  include "site/lab.h"' 'plan may include only'
breach controller/drbd/x '#include "host/process.h"' 'drbd may include only'
breach controller/host/x '#include "virt/hypervisor.h"' 'host may include only'
breach controller/virt/x '#include "site/site.h"' 'virt may include only'
breach controller/site/x '#include "run/runner.h"' 'site may include only'
breach controller/doctor/x '#include "run/runner.h"' 'doctor may include only'
breach controller/run/x '#include "check/check.h"' 'run may include only'
breach controller/cmd_x '#include "agent/io.h"' 'the commands include only'
breach controller/doctor/x '#include "run/runner.h"' 'doctor may include only'
breach controller/run/x '#include <libvirt/libvirt.h>' 'libvirt/ belongs in controller/virt/'
breach controller/site/x '#include "virt/stream_pump.h"' 'belongs in controller/virt/(hypervisor'
breach controller/site/x '#include "virt/hypervisor_internal.h"' 'hypervisor_internal.h belongs in'
breach controller/site/x '#include "virt/domain_xml_internal.h"' 'domain_xml_internal.h belongs in'
breach controller/site/x '#include <libxml/tree.h>' 'belongs in controller/virt/domain_xml'
breach controller/run/x '#include <libssh/sftp.h>' 'libssh/ belongs in controller/host/ssh_'
breach controller/site/x '#include "host/ssh.h"' 'belongs in controller/host/(host'
breach controller/check/x '#include <xxhash.h>' 'xxhash.h belongs in'
breach controller/site/x '	printf("hello\n");' 'only main.c and cmd_*.c print'
breach common/x '	fprintf(stderr, "hello\n");' 'only main.c and cmd_*.c print'
breach agent/x '	exit(1);' 'only main.c and cmd_*.c print'

bad=0
if said=$("$check" "$tree" 2>&1); then
	echo "a tree of breaches passes" >&2
	bad=1
fi
for i in "${!files[@]}"; do
	grep -F -A 1 "${files[i]}" <<<"$said" | grep -qF "${wanted[i]}" && continue
	printf '%s: not refused, or not for "%s": %s\n' "${files[i]}" "${wanted[i]}" \
		"$(<"$tree/${files[i]}")" >&2
	bad=1
done
exit $bad
