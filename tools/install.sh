#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# install.sh PREFIX BUILD        copy what a machine needs to run us below PREFIX
# install.sh --uninstall PREFIX  remove exactly that again
#
#   bin/                       both programs (the agent is what the guest image is built with)
#   share/stalemate/image/     what builds the guest image
#   share/stalemate/workloads/
#   share/man/man1/            share/doc/stalemate/
#
# The program finds the rest from its own place (../share/stalemate), so PREFIX may be anything.
set -eu

usage()
{
	printf 'usage: install.sh PREFIX BUILD | --uninstall PREFIX\n' >&2
	exit 2
}

[ $# -eq 2 ] || usage
here=$(cd "$(dirname "$0")/.." && pwd)

if [ "$1" = --uninstall ]; then
	prefix=$2
	rm -rf "$prefix/share/stalemate" "$prefix/share/doc/stalemate"
	rm -f "$prefix/bin/stalemate" "$prefix/bin/stalemate-agent" "$prefix/share/man/man1/stalemate.1"
	exit 0
fi

prefix=$1
build=$2
share=$prefix/share/stalemate
for program in stalemate stalemate-agent; do
	[ -x "$build/$program" ] || {
		printf 'install: %s is not there: run make first\n' "$build/$program" >&2
		exit 3
	}
	install -D -m 755 "$build/$program" "$prefix/bin/$program"
done
for file in "$here"/agent/image/*; do
	install -D -m 755 "$file" "$share/image/${file##*/}"
done
for file in "$here"/workloads/*.workload; do
	[ ! -f "$file" ] || install -D -m 644 "$file" "$share/workloads/${file##*/}"
done
for file in "$here"/docs/*.1; do
	install -D -m 644 "$file" "$prefix/share/man/man1/${file##*/}"
done
for file in "$here/README.md" "$here/NEWS.md" "$here/LICENSE" "$here"/docs/*.md "$here"/docs/*.json; do
	[ ! -f "$file" ] || install -D -m 644 "$file" "$prefix/share/doc/stalemate/${file##*/}"
done
