#!/usr/bin/env bash
# docs.sh BUILD OUT: the documentation of the public modules that BUILD holds, as one archive that any web server serves,
# OUT/modelzoo.doccarchive. Warnings are errors.
set -euo pipefail
source_root=$(cd "$(dirname "$0")/.." && pwd)
build=$1 out=$2
rm -rf "$out"
mkdir -p "$out"
python3 "$source_root/Tests/API/api.py" "$build" --graphs "$out/graphs"
for graphs in "$out"/graphs/*; do
  module=$(basename "$graphs")
  docc convert "$source_root/Sources/$module/$module.docc" --additional-symbol-graph-dir "$graphs" --warnings-as-errors \
    --fallback-display-name "$module" --fallback-bundle-identifier "modelzoo.$module" \
    --output-path "$out/$module.doccarchive"
done
docc merge "$out"/*.doccarchive --synthesized-landing-page-name ModelZoo --output-path "$out/modelzoo.doccarchive" >/dev/null
echo "$out/modelzoo.doccarchive: $(find "$out/modelzoo.doccarchive/data" -name '*.json' | wc -l) pages"
