#!/bin/sh
# The SARIF of the linter's whole corpus against the official schema, which the npm registry has.
#   sarif.sh BUILD
set -u
cd "$(dirname "$0")/../.."
dialtone=${1:-build}/dialtone
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
package=@microsoft/jest-sarif@1.0.0-beta.0
schema=$work/package/lib/schemas/sarif-2.1.0-rtm.5.json
python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q jsonschema==4.26.0 &&
    (cd "$work" && npm pack --silent "$package" >/dev/null && tar xzf ./*.tgz) || {
    echo 'sarif: 0 passed, 1 failed (no schema: npm and pip are needed)'
    exit 1
}
mkdir "$work/corpus" # the sources alone: what is expected stands behind ten dashes
for file in corpus/lint/*.caddyfile; do
    sed '/^----------$/,$d' "$file" >"$work/corpus/${file##*/}"
done
"$dialtone" check --profile strict --format sarif "$work"/corpus/*.caddyfile >"$work/log"
"$work/venv/bin/python" - "$schema" "$work/log" <<'PYTHON'
import json
import sys

import jsonschema

schema, log = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:3])
results = log["runs"][0]["results"]
assert len(results) > 100 and any("fixes" in one for one in results), len(results)
assert any("relatedLocations" in one for one in results)
errors = list(jsonschema.validators.validator_for(schema)(schema).iter_errors(log))
for error in errors[:10]:
    print(list(error.absolute_path), error.message[:200])
print(f"sarif: {len(results)} results, {len(log['runs'][0]['tool']['driver']['rules'])} rules")
print(f"sarif: {not errors:d} passed, {len(errors):d} failed")
sys.exit(bool(errors))
PYTHON
