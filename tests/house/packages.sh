#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Guards against a set-up that asks, waits on the network when nothing is missing, or fails with
# apt's last words lost. apt-get, dpkg-query and id are played by scripts, so nothing is installed.
set -eu
packages=$(cd "$(dirname "$0")/../.." && pwd)/tools/packages.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"
export PATH=$scratch/bin:$PATH SCRATCH=$scratch

# Installed are all but those that $SCRATCH/missing names.
cat >"$scratch/bin/dpkg-query" <<'EOT'
#!/bin/sh
shift 3
for name; do
	grep -qx "$name" "$SCRATCH/missing" || printf 'ii %s\n' "$name"
done
EOT
# Installs what it is told, fails where $SCRATCH/broken says so.
cat >"$scratch/bin/apt-get" <<'EOT'
#!/bin/sh
echo "$*" >>"$SCRATCH/asked"
for word; do
	case $word in
	update | install) [ "$word" != "$(cat "$SCRATCH/broken")" ] || { echo 'E: the mirror is on fire'; exit 100; } ;;
	esac
done
case $* in
*install*) : >"$SCRATCH/missing" ;;
esac
read -r answer && echo "asked a question, got $answer" >>"$SCRATCH/asked"
exit 0
EOT
cat >"$scratch/bin/id" <<'EOT'
#!/bin/sh
cat "$SCRATCH/uid"
EOT
chmod +x "$scratch"/bin/*

# scene UID MISSING BROKEN
scene()
{
	printf '%s\n' "$1" >"$scratch/uid"
	printf '%s\n' "$2" >"$scratch/missing"
	printf '%s\n' "$3" >"$scratch/broken"
	: >"$scratch/asked"
}

# try STATUS ARGUMENT... - the output goes to $said, what apt-get was asked for to $asked.
try()
{
	local wanted=$1 status=0
	shift
	said=$(sh "$packages" "$@" 2>&1 <<<'an answer nobody should read') || status=$?
	asked=$(<"$scratch/asked")
	[[ $status = "$wanted" ]] || {
		printf '%s: status %s, not %s\n%s\n' "$*" "$status" "$wanted" "$said" >&2
		exit 1
	}
}

# holds WHAT TEXT PATTERN
holds()
{
	# shellcheck disable=SC2053 # a pattern
	[[ $2 == $3 ]] || { printf '%s: %q is not like %q\n' "$1" "$2" "$3" >&2; exit 1; }
}

scene 1000 '' ''
try 0 build test ci
holds 'nothing missing: silent' "$said" ''
holds 'nothing missing: apt is left alone' "$asked" ''

scene 0 'mmdebstrap' ''
try 0 build test
holds 'the rig is for who asks for it' "$asked" ''
try 0 rig
holds 'the rig, asked for' "$asked" '*install mmdebstrap*'

scene 1000 $'libinih-dev\nlibjansson-dev' ''
try 3 build test
holds 'not root' "$said" '*libjansson-dev libinih-dev*root*sudo make*apt-get install*libinih-dev*'
holds 'not root: apt is left alone' "$asked" ''

scene 0 'libinih-dev' ''
try 0 build test
holds 'installs what is missing, after an update' "$asked" $'*update\n*--no-install-recommends install libinih-dev'

scene 0 'libinih-dev' update
try 3 build
holds 'update fails' "$said" '*on fire*package lists failed*check the network*'

scene 0 'libinih-dev' install
try 3 build
holds 'install fails' "$said" '*on fire*installing packages failed*'

try 2
try 2 nonsense
holds 'unknown set' "$said" "*'nonsense'*usage*"
