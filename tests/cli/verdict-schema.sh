#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# verdict-schema.sh - guards against: JSON that docs/verdict.schema.json does not allow, and a schema
# so loose that it allows anything. A real validator (python3-jsonschema) reads the golden verdicts.
set -u
cd "$(dirname "$0")/../.." || exit 1
python3 -c 'import jsonschema' 2>/dev/null || {
	echo "no python3-jsonschema: apt-get install python3-jsonschema" >&2
	exit 77
}
python3 - tests/golden/*.json <<'PYTHON'
import copy, json, sys
from jsonschema import Draft202012Validator, ValidationError

schema = json.load(open("docs/verdict.schema.json"))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
for name in sys.argv[1:]:
    validator.validate(json.load(open(name)))

good = json.load(open("tests/golden/demo.json"))

def refused(change):
    bad = copy.deepcopy(good)
    change(bad)
    try:
        validator.validate(bad)
    except ValidationError:
        return
    sys.exit("the schema allows what it must not: %s" % change.__doc__)

def extra(v):
    "an unknown key"
    v["cells"][0]["colour"] = "red"

def number(v):
    "a count that is a JSON number"
    v["cells"][0]["exposures"] = 5

def missing(v):
    "a key that is missing"
    del v["cells"][0]["gfs2"]

def unknown(v):
    "an unknown class"
    v["cells"][0]["classes"]["odd"] = "1"

def newer(v):
    "another version"
    v["schema"] = 2

for change in (extra, number, missing, unknown, newer):
    refused(change)
PYTHON
