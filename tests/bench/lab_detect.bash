# SPDX-License-Identifier: GPL-2.0-or-later
# lab_detect.bash - of lab.sh: how long until a stale read is proven, by stalemate and by what else there is.
#
# Each tool has files of 64 blocks of 4 KiB of its own, made by node a and flushed before node b
# looked; a writes and flushes, b reads, again and again. A tool that finds nothing is stopped after
# $limit seconds, and b's file is compared with a's then: was there something to find? A tool that
# finds something is run $repeats times; the median of the seconds counts, and of the last run the rest.
#
#   stalemate      the workload handoff, from a node's first operation on, as in its report
#   barrier        barrier.c, from when both nodes have met
#   fio, TAG       a write job in a, then a read job in b, from the start of the first: each is a
#                  process, as whoever uses fio would have it. TAG is crc32c, a new seed for each
#                  round; `verify_only`, the same with the write job given to b too; `pattern`, a
#                  new pattern for each round, named to both. The file is fio's own from before: b is
#                  not to be helped by zeros, which no header is. Reads are those that passed
# shellcheck shell=bash
# shellcheck disable=SC2154 # scratch, mounted, loop_a, loop_b, stalemate: of lab_guests.bash

limit=${LIMIT:-40}
repeats=${REPEATS:-3}
blocks=64

detect_row()
{
	printf '%-17s %-13s %11s %7s  %s\n' "$1" "$2" "$3" "$4" "${*:5}"
}

# median NUMBER... - the lower one of the two in the middle.
median()
{
	printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}

seconds_since()
{
	awk -v start="$1" -v end="$EPOCHREALTIME" 'BEGIN { printf "%.2f", end - start }'
}

# of_cells KEY - that key of each cell of stalemate's verdict, a line each.
of_cells()
{
	python3 -c 'import json, sys
for cell in json.load(open(sys.argv[1]))["cells"]:
	print(cell[sys.argv[2]])' "$scratch/run/verdict.json" "$1"
}

# reads_until SECONDS HISTORY - those that node b had completed that long after its first operation.
reads_until()
{
	awk -v limit="$1" '$1 == "b" && !first { first = $5 }
		$1 == "b" && $3 == "r" && $6 - first <= limit * 1e9 { n++ }
		END { print n + 0 }' "$2"
}

detect_stalemate()
{
	local mode=$1 status=0 times stale exposures
	cat >"$scratch/plan.conf" <<-END
	[site]
	kind = hosts
	[host a]
	ssh = local
	device = $loop_a
	domain = user-a
	disk = vda
	on-hang = destroy
	[host b]
	ssh = local
	device = $loop_b
	domain = user-b
	disk = vda
	on-hang = destroy
	[matrix]
	cache = $mode
	repeat = $repeats
	[judge]
	max-rate = 0.02
	[expect]
	$mode = violated
	END
	"$stalemate" run -p "$scratch/plan.conf" -o "$scratch/run" >"$scratch/out" 2>"$scratch/err" ||
		status=$?
	[ $status = 0 ] || { tail -n 5 "$scratch/err" "$scratch/out" >&2; fail "stalemate run: $status"; }
	mapfile -t times < <(of_cells first_violation_s)
	mapfile -t stale < <(of_cells stale_exposures)
	mapfile -t exposures < <(of_cells exposures)
	detect_row stalemate "$mode" "$(printf %.2f "$(median "${times[@]}")")" \
		"$(reads_until "${times[0]}" "$(printf '%s\n' "$scratch"/run/cells/*/history.txt | head -n 1)")" \
		"$(sed -n 's/.*first violation: \(.*\), [0-9.]* s after.*/\1/p' "$scratch/err" | head -n 1);" \
		"in the end ${stale[0]} of ${exposures[0]} exposures stale"
}

detect_barrier()
{
	local mode=$1 i seconds=() reads=0 said=
	for i in $(seq "$repeats"); do
		on b barrier "$mounted/barrier.$i" $blocks "$limit" read 7000 >"$scratch/barrier" &
		on a barrier "$mounted/barrier.$i" $blocks "$limit" write 10.0.0.2 7000
		wait $!
		said=$(<"$scratch/barrier")
		[ -n "$said" ] || fail "the barrier test said nothing"
		case $said in
		*'nothing differs') break ;;
		esac
		seconds+=("${said%% *}")
		reads=${said#* s, } reads=${reads%% *}
	done
	if [ ${#seconds[@]} = 0 ]; then
		detect_row barrier "$mode" "none in $limit" "$reads" "$said"
	else
		detect_row barrier "$mode" "$(median "${seconds[@]}")" "$reads" "${said#*: }"
	fi
}

# fio_on NODE FILE OPTION... - one pass of fio over the file; what it complains of in $scratch/NODE.err.
fio_on()
{
	on "$1" fio --name=verify --filename="$mounted/$2" --bs=4k --size=$((blocks * 4))k \
		--fallocate=none --verify_state_save=0 --output-format=terse "${@:3}" \
		>"$scratch/$1.fio" 2>"$scratch/$1.err"
}

# fio_options TAG ROUND - what both jobs are told, as $both, and each: $writes, $verifies.
fio_options()
{
	writes=(--rw=write --do_verify=0 --end_fsync=1) verifies=(--rw=read)
	case $1 in
	crc32c) both=(--verify=crc32c) writes+=("--randseed=$2") ;;
	verify_only)
		both=(--verify=crc32c "--randseed=$2")
		verifies=(--rw=write --verify_only=1)
		;;
	pattern) both=(--verify=pattern "--verify_pattern=0x$(printf '%08x' "$2")") ;;
	esac
}

# fio_write TAG FILE ROUND
fio_write()
{
	local both writes verifies
	fio_options "$1" "$3"
	fio_on a "$2" "${both[@]}" "${writes[@]}" || fail "fio, writing: $(<"$scratch/a.err")"
}

# fio_verify TAG FILE ROUND - 0 if b's fio is content.
fio_verify()
{
	local both writes verifies
	fio_options "$1" "$3"
	fio_on b "$2" "${both[@]}" "${verifies[@]}" && [ ! -s "$scratch/b.err" ]
}

# same_file FILE - says whether both nodes have the same in it.
same_file()
{
	if [ "$(on a md5sum "$mounted/$1")" = "$(on b md5sum "$mounted/$1")" ]; then
		echo "the nodes' files are the same"
	else
		echo "yet b's file is not a's"
	fi
}

detect_fio()
{
	local mode=$1 tag=$2 i round start seconds=() reads=0 said=
	for i in $(seq "$repeats"); do
		fio_write "$tag" "fio.$tag.$i" 1000
		blockdev --flushbufs "$loop_a" "$loop_b"
		start=$EPOCHREALTIME reads=0 said=
		for ((round = 1; ; round++)); do
			fio_write "$tag" "fio.$tag.$i" $round
			fio_verify "$tag" "fio.$tag.$i" $round || said=$(head -n 1 "$scratch/b.err")
			reads=$((reads + $(awk -F';' 'NR == 1 { print $6 / 4 }' "$scratch/b.fio")))
			[ -z "$said" ] || break
			[ "$(seconds_since "$start" | cut -d. -f1)" -lt "$limit" ] || break 2
		done
		seconds+=("$(seconds_since "$start")")
	done
	if [ -z "$said" ]; then
		detect_row "fio, $tag" "$mode" "none in $limit" "$reads" \
			"nothing, in $round rounds; $(same_file "fio.$tag.$i")"
	else
		detect_row "fio, $tag" "$mode" "$(median "${seconds[@]}")" "$reads" "round $round: $said"
	fi
}

detect_files()
{
	local i
	for i in $(seq "$repeats"); do
		echo barrier."$i" fio.{crc32c,verify_only,pattern}."$i"
	done
}

# detect_others MODE - what is not stalemate; the guests are off.
detect_others()
{
	local tag
	guests_start
	# shellcheck disable=SC2046 # names
	guests_files $blocks $(detect_files)
	detect_barrier "$1"
	for tag in pattern crc32c verify_only; do
		detect_fio "$1" $tag
	done
}
