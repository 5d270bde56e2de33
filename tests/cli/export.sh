#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `stalemate history export`: others must be able to judge what we judge. Guards against an export
# that others would call a violation though it is none, one that hides a violation with one clock,
# forms that their readers refuse, and options that do half of what they say.
#
# The judge here is written from the public description of the two checkers, not from our code: it
# parses both forms, enforces what Knossos asserts of a history, and searches all orders.
set -u
stalemate=${STALEMATE:?}
histories=$(dirname "$0")/../histories
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
bad=0

complain() {
	echo "FAILED: $*" >&2
	bad=1
}

# refused STATUS PATTERN ARGUMENT...: one message, nothing on stdout
refused() {
	local wanted=$1 pattern=$2
	shift 2
	"$stalemate" history "$@" >"$scratch/out" 2>"$scratch/err"
	[ $? = "$wanted" ] || complain "history $*: not exit $wanted"
	grep -qE -- "$pattern" "$scratch/err" ||
		complain "history $*: no message like '$pattern' but: $(cat "$scratch/err")"
	[ "$(wc -l <"$scratch/err")" = 1 ] || complain "history $*: not one message"
	[ ! -s "$scratch/out" ] || complain "history $*: refused, and yet something is printed"
}

good=$histories/stale-read.txt
refused 2 'histories to export' export --format edn
refused 2 '--format edn or --format porcupine is missing' export "$good"
refused 2 'jepsen.*edn.*porcupine' export --format jepsen "$good"
refused 2 '--unit' export --format edn --unit seventeen "$good"
refused 2 'unit 18 ' export --format edn --unit 18 "$good"
refused 2 'No such file' export --format edn "$scratch/missing"
refused 2 'belong to export' dump --unit 17 "$good"
refused 2 'belong to export' import --format edn -o "$scratch/never" "$good"
refused 2 'expected, not exports' exports "$good"
echo kept >"$scratch/there"
refused 3 'there.*exists' export --format edn -o "$scratch/there" "$good"
[ "$(cat "$scratch/there")" = kept ] || complain "export -o overwrites a file"
refused 3 'cannot create' export --format edn -o "$scratch/no/where" "$good"
if [ -c /dev/full ]; then
	"$stalemate" history export --format edn "$good" >/dev/full 2>"$scratch/err"
	[ $? = 3 ] || complain "export to a full device: not exit 3"
fi

# -o has what stdout would have, and the two forms of a history are exported alike.
"$stalemate" history import "$good" -o "$scratch/binary" || complain "import"
for format in edn porcupine; do
	"$stalemate" history export --format $format "$good" >"$scratch/a" || complain "export $format"
	"$stalemate" history export --format $format "$good" -o "$scratch/$format" ||
		complain "export $format -o"
	cmp -s "$scratch/a" "$scratch/$format" || complain "export $format: -o and stdout differ"
	"$stalemate" history export --format $format "$scratch/binary" >"$scratch/b" ||
		complain "export $format of a binary history"
	for name in a b; do
		sed -E -i 's/(:source |"Metadata":)"[^"]*"//' "$scratch/$name"
	done
	diff "$scratch/a" "$scratch/b" >&2 ||
		complain "export $format: text and binary differ"
done

if ! command -v python3 >/dev/null; then
	[ $bad = 0 ] || exit 1
	echo "no python3: what others make of the export is not tried" >&2
	exit 77
fi

cat >"$scratch/judge.py" <<'PYTHON'
import glob, json, random, re, subprocess, sys

stalemate, histories, scratch = sys.argv[1:]
TOKEN = re.compile(r'[\s,]*(?:([{}\[\]])|:([a-z]+)|"((?:[^"\\]|\\.)*)"|(-?\d+)|(nil))')


def edn(line):
    """One EDN value: maps with keyword keys, vectors, strings, integers, keywords, nil."""
    at = 0

    def value():
        nonlocal at
        match = TOKEN.match(line, at)
        if not match:
            raise ValueError('no EDN at %d: %s' % (at, line))
        at = match.end()
        bracket, keyword, text, number, _ = match.groups()
        if bracket in ('{', '['):
            items = []
            while not re.compile(r'[\s,]*[}\]]').match(line, at):
                items.append(value())
            at = re.compile(r'[\s,]*[}\]]').match(line, at).end()
            return items if bracket == '[' else dict(zip(items[::2], items[1::2]))
        if keyword:
            return ':' + keyword
        return text if text is not None else int(number) if number else None

    result = value()
    if line[at:].strip():
        raise ValueError('more than one value: ' + line)
    return result


def from_edn(text, plain):
    """{unit: [(call, return or None, is write, value)]}, by place in the file."""
    units, running, crashed, last = {}, {}, set(), None
    for place, line in enumerate(text.splitlines()):
        op = edn(line)
        process, kind, f = op[':process'], op[':type'], op[':f']
        unit, value = (0, op[':value']) if plain else op[':value']
        assert op[':index'] == place, line
        assert last is None or op[':time'] >= last, line
        last = op[':time']
        if kind == ':invoke':
            assert process not in running and process not in crashed, line
            running[process] = (place, unit, f, value)
            continue
        call, unit_called, f_called, value_called = running.pop(process)
        assert (unit_called, f_called) == (unit, f), line
        assert value_called == (value if f == ':write' else None), line
        if kind == ':info':
            crashed.add(process)
        else:
            assert kind in (':ok', ':fail'), line
        if kind != ':fail':
            units.setdefault(unit, []).append(
                (call, None if kind == ':info' else place, f == ':write', value))
    assert not running, running
    return units


def from_json(text):
    events, units, busy = [], {}, {}
    for i, line in enumerate(text.splitlines()):
        op = json.loads(line)
        assert set(op) == {'ClientId', 'Input', 'Call', 'Output', 'Return', 'Metadata'}, line
        assert set(op['Input']) == {'Op', 'Key', 'Value'} and set(op['Output']) == {'Value'}, line
        assert op['Call'] > busy.get(op['ClientId'], -2 ** 63), line
        busy[op['ClientId']] = op['Return']
        events += [(op['Call'], 0, i, op), (op['Return'], 1, i, op)]
    events.sort(key=lambda event: event[:3])
    place = {event[1:3]: at for at, event in enumerate(events)}
    for _, is_return, i, op in events:
        write = op['Input']['Op'] == 1
        if not is_return:
            units.setdefault(op['Input']['Key'], []).append(
                (place[0, i], place[1, i], write, op['Input' if write else 'Output']['Value']))
    return units


def linearizable(ops, state, nil_reads_anything):
    """Wing and Gong: try all orders that respect what returned before what was called."""
    ends = [float('inf') if op[1] is None else op[1] for op in ops]
    wanted = sum(1 << i for i, op in enumerate(ops) if op[1] is not None)
    stack, tried = [(0, state)], set()
    while stack:
        done, state = stack.pop()
        if done & wanted == wanted:
            return True
        if (done, state) in tried:
            continue
        tried.add((done, state))
        first = min(ends[i] for i in range(len(ops)) if not done >> i & 1)
        for i, (call, _, write, value) in enumerate(ops):
            if done >> i & 1 or call > first:
                continue
            if write:
                stack.append((done | 1 << i, value))
            elif value == state or (value is None and nil_reads_anything):
                stack.append((done | 1 << i, state))
    return False


def run(*arguments):
    return subprocess.run((stalemate,) + arguments, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True)


def others(path, each_unit=False):
    """What Knossos and porcupine would say of each export, and whether something was lost."""
    verdicts, lost = [], False
    for form in ('edn', 'porcupine'):
        result = run('history', 'export', '--format', form, path)
        assert result.returncode == 0, result.stderr
        lost = lost or 'one clock cannot say' in result.stderr
        if form == 'edn':
            units = from_edn(result.stdout, False)
            verdicts.append(all(linearizable(u, None, True) for u in units.values()))
            for unit in units if each_unit else ():
                plain = run('history', 'export', '--format', form, '--unit', str(unit), path)
                assert from_edn(plain.stdout, True).keys() == {0}, plain.stdout
        else:
            units = from_json(result.stdout)
            verdicts.append(all(linearizable(u, '', False) for u in units.values()))
    assert verdicts[0] == verdicts[1], (path, verdicts)
    return verdicts[0], lost


def history(rng, clock):
    """A register that two nodes use, now and then a wrong read; true times, then as recorded."""
    theta = rng.randrange(-40, 40) if clock != 'one' else 0
    low, high = theta - rng.randrange(20), theta + rng.randrange(20)
    ops, sequence, used = [], 0, set()
    for node in 'ab':
        for lane in range(rng.choice((1, 2))):
            at = 100 + rng.randrange(20)
            for _ in range(rng.randrange(1, 4)):
                begin = at + rng.randrange(12)
                end = begin + rng.randrange(20)
                while (node, end) in used:
                    end += 1
                used.add((node, end))
                sequence += 1
                name = '%s:%d:%d' % (node, lane, sequence)
                ops.append([node, lane, rng.choice('rrw'), begin, end, name, rng.randint(begin, end)])
                at = end + rng.randrange(2)
    state, values = 'initial', ['initial']
    for op in sorted(ops, key=lambda op: op[6]):
        fate = rng.random()
        op.append('ok' if fate < 0.85 else 'unknown')
        if op[2] == 'w':
            if op[7] == 'ok' or rng.random() < 0.5:
                state = op[5]
            values.append(op[5])
        elif op[7] == 'unknown':
            op[5] = '-'
        else:
            op[5] = state if rng.random() < 0.9 else rng.choice(values + ['corrupt', 'zero'])
    lines = ['# stalemate-history 1']
    if clock != 'one':
        lines.append('# clock none' if clock == 'none' else '# clock b-a %d %d' % (low, high))
    for node, lane, kind, begin, end, value, _, outcome in ops:
        shift = theta if node == 'b' else 0
        known = sum(1 for other in ops if other[0] != node and other[4] < begin)
        edge = ' after=%s:%d' % ('b' if node == 'a' else 'a', known)
        lines.append('%s %d %s 7 %d %d %s %s%s' % (
            node, lane, kind, begin + shift, end + shift, outcome, value,
            edge if known and clock != 'one' and rng.random() < 0.5 else ''))
    return '\n'.join(lines) + '\n'


for path in sorted(glob.glob(histories + '/*.txt')):
    # What shows across units only cannot show in registers judged one by one; what a fence ends
    # others take for under way for ever.
    if re.search('/(causal-violation|store-buffering|fenced-write)', path):
        continue
    expected = re.search(r'^# expect: (\w+)', open(path).read(), re.M).group(1)
    verdict, lost = others(path, True)
    assert verdict == (expected == 'consistent'), (path, expected, verdict)

seed = int.from_bytes(open('/dev/urandom', 'rb').read(4), 'big')
rng = random.Random(seed)
count = {}
for number in range(90):
    clock = ('one', 'bounds', 'none')[number % 3]
    path = scratch + '/random.txt'
    text = history(rng, clock)
    open(path, 'w').write(text)
    ours = run('check', path)
    assert ours.returncode in (0, 1), ours.stderr
    if not re.search(r' (ok|unknown) (?!-)', text):
        continue
    verdict, lost = others(path)
    consistent = ours.returncode == 0
    if consistent and not verdict or (not lost and consistent != verdict):
        sys.exit('seed %d: check says %s, the export %s\n%s' % (
            seed, 'consistent' if consistent else 'violated',
            'linearizable' if verdict else 'not linearizable', text))
    key = clock, consistent, verdict
    count[key] = count.get(key, 0) + 1
print('seed %d:' % seed, *('%s clock, %s, exported as %s: %d;' % (
    clock, 'consistent' if c else 'violated', 'linearizable' if v else 'not', n)
    for (clock, c, v), n in sorted(count.items())))
PYTHON
python3 "$scratch/judge.py" "$stalemate" "$histories" "$scratch" || complain "what others make of it"
exit $bad
