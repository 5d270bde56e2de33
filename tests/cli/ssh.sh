#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A host over ssh: a real sshd on the loopback interface, with keys and files of its own, asked by
# `stalemate doctor`. Guards against a key that is taken at first sight, or although it changed; a
# password that is asked for; a server that hangs and takes us with it; a message that does not say
# what to do; words of ~/.ssh/config that are passed over in silence.
set -u
stalemate=${STALEMATE:?set STALEMATE to the program}
sshd=$(PATH=$PATH:/usr/sbin command -v sshd) || { echo "skipped: sshd is not installed (openssh-server)" >&2; exit 77; }
command -v ssh-keygen >/dev/null || { echo "skipped: ssh-keygen is not installed" >&2; exit 77; }
[ "$(id -u)" = 0 ] || { echo "skipped: sshd needs root" >&2; exit 77; }
scratch=$(mktemp -d)
pids=()
unset SSH_AUTH_SOCK
bad=0

trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$scratch"' EXIT

complain() {
	echo "FAILED: $*" >&2
	bad=1
}

# free_port - one that nobody listens on now
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

for key in host other client stranger; do
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/$key" || exit 1
done
cp "$scratch/client.pub" "$scratch/authorized"
chmod 755 "$scratch"
port=$(free_port)
cat >"$scratch/sshd_config" <<CONFIG
Port $port
ListenAddress 127.0.0.1
HostKey $scratch/host
AuthorizedKeysFile $scratch/authorized
PidFile none
PasswordAuthentication yes
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin yes
CONFIG
mkdir -p /run/sshd
"$sshd" -D -e -f "$scratch/sshd_config" 2>"$scratch/sshd.log" &
pids+=($!)
server=$!
disown # it is killed below, which bash would say
for _ in $(seq 100); do
	grep -q 'Server listening' "$scratch/sshd.log" && break
	sleep 0.05
done
grep -q 'Server listening' "$scratch/sshd.log" || { cat "$scratch/sshd.log" >&2; exit 1; }

# config KNOWN_HOSTS KEY [LINE...] - the client's ~/.ssh/config
config() {
	local known=$1 key=$2
	shift 2
	cat >"$scratch/config" <<CONFIG
Host alpha
	HostName 127.0.0.1
	Port $port
	User root
	UserKnownHostsFile $known
	GlobalKnownHostsFile /dev/null
	IdentityFile $key
CONFIG
	[ $# = 0 ] || printf '\t%s\n' "$@" >>"$scratch/config"
}

# doctor SSH - look at such a host; its lines are in $scratch/out, the time it took in $took
doctor() {
	cat >"$scratch/plan.conf" <<PLAN
[site]
kind = hosts
[host a]
libvirt = qemu+unix:///system?socket=/nonexistent/a
ssh = $1
device = /dev/null
resource = r0
domain = web1
disk = vdb
[host b]
libvirt = qemu+unix:///system?socket=/nonexistent/b
device = /dev/drbd0
resource = r0
domain = web1
disk = vdb
[matrix]
cache = none
PLAN
	local begin=$SECONDS
	timeout 60 "$stalemate" doctor -p "$scratch/plan.conf" --ssh-config "$scratch/config" \
		>"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
	took=$((SECONDS - begin))
	[ $status = 3 ] || complain "$1: exit status $status: $(cat "$scratch/err")"
}

# says PATTERN - a line like this
says() {
	grep -qE -- "$1" "$scratch/out" || complain "no line '$1' in: $(cat "$scratch/out")"
}

# follow WORDS - do what the message says after these words; ssh's own question is answered with yes
follow() {
	local command
	command=$(sed -n "s/.*$1 \`\([^\`]*\)\`.*/\1/p" "$scratch/out")
	[ "$command" ] || complain "no command after '$1' in: $(cat "$scratch/out")"
	case $command in
	ssh\ *) command+=' -o StrictHostKeyChecking=accept-new true' ;;
	esac
	bash -c "$command" </dev/null >"$scratch/log" 2>&1 || complain "$command: $(cat "$scratch/log")"
}

echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$scratch/host.pub")" >"$scratch/known"
echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 "$scratch/other.pub")" >"$scratch/changed"
: >"$scratch/empty"
print=$(ssh-keygen -lf "$scratch/host.pub" | cut -d' ' -f2)
print=${print//+/\\+} # in a pattern

config "$scratch/known" "$scratch/client"
doctor alpha
says 'ok    ssh +reached, and its key is known'
says "ok    system +Linux $(uname -n) $(uname -r)"
says "ok    clock +[+-][0-9]+\.[0-9]+ s to this machine's, give or take" # it is the same clock
says 'fail  device +/dev/null is a character special file'
doctor "root@127.0.0.1:$port"
says 'fail  ssh +.*its key is not known' # the alias has the known hosts, not the address

config "$scratch/empty" "$scratch/client"
doctor alpha
says "fail  ssh +alpha: its key is not known \\(ssh-ed25519 $print\\).*accept it with .ssh -F $scratch/config alpha.\$"
grep -qE '^  [a-z]+ +system ' "$scratch/out" && complain "a host was asked although its key is not known"
[ ! -s "$scratch/empty" ] || complain "an unknown key was written down"
follow 'accept it with'
doctor alpha
says 'ok    ssh +reached'

config "$scratch/changed" "$scratch/client"
doctor alpha
says "fail  ssh +alpha: its key has CHANGED \\(ssh-ed25519 $print now\\): refused"
follow 'installed anew:'
follow 'then'
doctor alpha
says 'ok    ssh +reached'

config "$scratch/known" "$scratch/stranger"
doctor alpha
says 'fail  ssh +alpha: it takes no key of ours.*ssh-copy-id'

config "$scratch/known" "$scratch/client"
sed -i 's/User root/User no-such-user/' "$scratch/config"
doctor alpha
says 'fail  ssh +alpha: it takes no key of ours'

config "$scratch/known" "$scratch/client" 'IdentitiesOnly yes' 'HostKeyAlias x'
printf 'Host beta\n\tCertificateFile y\nHost * !alpha\n\tBatchMode yes\n' >>"$scratch/config"
doctor alpha
says 'ok    ssh +reached'
says 'warn  ssh +libssh passes over these of ~/.ssh/config: IdentitiesOnly, HostKeyAlias$'

config "$scratch/known" "$scratch/client"
sed -i "s/Port .*/Port $(free_port)/" "$scratch/config"
doctor alpha
says 'fail  ssh +alpha: cannot connect: .*refused'

# A server that takes the connection and says nothing.
python3 -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True)
time.sleep(120)' >"$scratch/silent" &
pids+=($!)
for _ in $(seq 100); do [ -s "$scratch/silent" ] && break; sleep 0.05; done
sed -i "s/Port .*/Port $(cat "$scratch/silent")/" "$scratch/config"
doctor alpha
says 'fail  ssh +alpha: cannot connect: no answer in time'
[ $took -lt 25 ] || complain "a server that says nothing held us for $took s"

# The server dies while a command runs: stop it in the middle of the first one.
mkdir "$scratch/bin"
config "$scratch/known" "$scratch/client"
cat >"$scratch/authorized" <<KEY
command="kill -9 \$PPID $server; sleep 30" $(cat "$scratch/client.pub")
KEY
doctor alpha
says 'warn  system +not looked at: alpha: uname: '
exit $bad
