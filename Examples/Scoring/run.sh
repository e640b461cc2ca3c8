#!/usr/bin/env bash
# run.sh spark|ray WHEEL [COUNT]: scores COUNT pictures, 10,000 without it, by one process, by one worker and by two on Spark or Ray,
# and while a worker is killed. The answers have to be the same each time, and two have to take less time than one.
set -euo pipefail
cd "$(dirname "$0")/../.."
engine=$1 wheel=$2 count=${3:-10000}
case $engine in
  spark)
    command -v java >/dev/null || { echo "run: Spark needs Java: Debian's openjdk-17-jre-headless" >&2; exit 69; }
    example=Examples/Spark others=("--udf" "--kill worker" "--kill executor") ;;
  ray) example=Examples/Ray others=("--kill") ;;
  *) echo "run: spark or ray" >&2; exit 64 ;;
esac
environment=.build/scoring-$engine pictures=.build/scoring/$count
python=$environment/bin/python3
cmp -s "$example/requirements.txt" "$environment/complete" || {
  python3 -m venv "$environment"
  "$python" -m pip install --quiet --disable-pip-version-check --requirement "$example/requirements.txt"
  cp "$example/requirements.txt" "$environment/complete"
}
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
"$python" Examples/Scoring/pictures.py "$pictures" "$count"

# score OPTION…: what the example says, and in `seconds` how long it took.
score() {
  "$python" "$example/score.py" "$pictures" "$@" 2>"$pictures/said" | tee "$pictures/out" \
    || { tail -n 50 "$pictures/said" >&2; exit 1; }
  seconds=$(sed -n 's/.*; \([0-9.]*\) s from .*/\1/p' "$pictures/out")
}
score --workers 1
one=$seconds
score --workers 2
for options in "${others[@]}"; do
  two=${two:-$seconds}
  # shellcheck disable=SC2086
  score $options
done
awk -v one="$one" -v two="$two" 'BEGIN { printf "two workers: %.2f times as fast as one\n", one / two; exit two >= one }'
