#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A disk switched in guests that run on, against guests booted anew for each cell. Guards against
# verdicts that come from what a cell leaves behind, in a guest or in a host's page cache.
here=$(dirname "$0")
# shellcheck source=tests/lab/functions.bash
. "$here/functions.bash"
requires_lab

for guests in switched cold; do
	cat >"$scratch/guests.conf" <<-EOF
		[site]
		guests = $guests
		[matrix]
		cache = writethrough, none
		[judge]
		max-rate = 0.02
		[expect]
		writethrough = violated
	EOF
	expect 0 "$stalemate" run -p "$scratch/guests.conf" -o "$scratch/$guests"
	[ "$guests" = switched ] || says err 'rebooting the guests'
	grep -o '"verdict": "[a-z]*"\|"[a-z-]*-\(read\|write\|inversion\)": "' \
		"$scratch/$guests/verdict.json" >"$scratch/$guests.short"
	# nothing from before was in either host's page cache
	[ "$(grep -c '"cached_before": "0"' "$scratch/$guests/verdict.json")" = 4 ] ||
		fail "$guests: what the hosts had cached before is not 0, or not known"
	nothing_left
done
cmp "$scratch/switched.short" "$scratch/cold.short" || fail "switched and cold differ"
