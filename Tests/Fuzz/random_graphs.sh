#!/bin/bash
# Compares random graphs with ONNX Runtime for some seconds; the first that differ stay in .build-fuzz/graphs.
# usage: random_graphs.sh ZOO FIRST_SEED SECONDS
set -euo pipefail
zoo=$1 seed=$2 end=$((SECONDS + $3))
root=$(cd "$(dirname "$0")/../.." && pwd)
graphs=$root/.build-fuzz/graphs
count=0
while ((SECONDS < end)); do
  rm -rf "$graphs"
  mkdir -p "$graphs"
  made=$("$root/.venv/bin/python3" "$root/Tests/Fuzz/random_graphs.py" "$graphs" "$seed" 300)
  "$zoo" verify "$graphs" --tolerance 1e-4 >"$graphs/report" || {
    grep -v ^pass "$graphs/report"
    exit 1
  }
  count=$((count + made)) seed=$((seed + 1))
done
rm -rf "$graphs"
echo "$count graphs agree with ONNX Runtime"
