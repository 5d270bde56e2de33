# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# packages.bash - part of build.sh: which packages, in which versions, and their files.
#
# find_packages makes $list, a file with a line "FILE SHA256 NAME VERSION" for each package, and
# download has these files in $cache/debs. Which packages in which versions apt offers is asked only
# if apt's files changed since the last time, for apt takes longer than all the rest of an unchanged
# build.

# Of these only lib* and linux-image-* packages are followed to what they depend on: the rest (perl,
# python, adduser) serves maintainer scripts and tools that the guest does not have.
roots=(linux-image-amd64 busybox-static corosync dlm-controld gfs2-utils ocfs2-tools)

# What apt's answer depends on, without asking apt.
apt_state()
{
	local conf=/dev/null
	[[ ! -r ${APT_CONFIG-} ]] || conf=$APT_CONFIG
	sha256sum "${BASH_SOURCE[0]}" "$conf"
	find /etc/apt /var/lib/apt/lists /var/lib/dpkg/status -type f -printf '%p %s %T@\n' \
		2>/dev/null | sort
}

# Names of the packages wanted: walk the graph that apt-cache prints, first alternatives only.
package_names()
{
	apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
		--no-replaces --no-enhances "${roots[@]}" |
		awk -v roots="${roots[*]}" '
		/^[^ <]/ { package = $1; other = 0; next }
		/^ [ |](Pre)?Depends:/ {
			if (!other && $2 ~ /^(lib|linux-image-[0-9])/)
				needs[package] = needs[package] " " $2
			other = /^ [|]/
		}
		END {
			n = split(roots, queue)
			for (i = 1; i <= n; i++) {
				if (queue[i] in seen)
					continue
				seen[queue[i]] = 1
				print queue[i]
				m = split(needs[queue[i]], next_ones)
				for (j = 1; j <= m; j++)
					queue[++n] = next_ones[j]
			}
		}'
}

# Lines "FILE SHA256 NAME VERSION" on stdout; in an empty directory, for apt-get is silent about
# files that are already there.
ask_apt()
{
	local names file checksum rest
	names=$(package_names) || return
	cd "$tmp"
	# shellcheck disable=SC2086 # package names are words
	apt-get -qq download --print-uris $names |
		while read -r _ file _ checksum; do
			[[ $checksum == SHA256:* ]] || return 1
			rest=${file#*_}
			rest=${rest%_*}
			printf '%s %s %s %s\n' "$file" "${checksum#SHA256:}" "${file%%_*}" \
				"${rest//%3a/:}"
		done
}

# Fills $list with the file that ask_apt's lines are in.
find_packages()
{
	local state
	list=$cache/package-list
	state=$(apt_state)
	if [[ -r $list && -r $list.state && $(<"$list.state") == "$state" ]]; then
		return
	fi
	begin "asking apt for package versions"
	rm -f "$list.state"
	(ask_apt) >"$tmp/list" || die "apt does not offer the packages the guest is made of" \
		"(${roots[*]}) or cannot tell where they are: see its messages above," \
		"check /etc/apt/sources.list, run apt-get update"
	grep -q ' linux-image-[0-9][^ ]* ' "$tmp/list" ||
		die "apt offers no kernel (linux-image-amd64): check /etc/apt/sources.list," \
			"run apt-get update"
	mv "$tmp/list" "$list"
	printf '%s' "$state" >"$list.state"
}

good_deb()
{
	[[ -f $cache/debs/$1 ]] && sha256sum --status -c - <<<"$2  $cache/debs/$1"
}

download()
{
	local file checksum name version missing=()
	mkdir -p "$cache/debs"
	while read -r file checksum name version; do
		if ! good_deb "$file" "$checksum"; then
			rm -f "$cache/debs/$file"
			missing+=("$name=$version")
		fi
	done <"$list"
	if ((${#missing[@]})); then
		begin "downloading ${#missing[@]} packages"
		(
			cd "$cache/debs"
			apt-get -q -o APT::Sandbox::User=root download "${missing[@]}"
		) >"$tmp/apt.log" 2>&1 || {
			cat "$tmp/apt.log" >&2
			(($(free_mb) >= 20)) || return
			die "cannot download the guest's packages into $cache/debs (apt-get" \
				"download): check the network and /etc/apt/sources.list," \
				"run apt-get update"
		}
	fi
	while read -r file checksum name version; do
		good_deb "$file" "$checksum" ||
			die "$cache/debs/$file is not what apt announced: remove it and try again"
	done <"$list"
	prune_debs
}

prune_debs()
{
	local deb
	for deb in "$cache"/debs/*; do
		grep -qF "${deb##*/} " "$list" || rm -f "$deb"
	done
}
