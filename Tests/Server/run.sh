#!/usr/bin/env bash
# run.sh [--load SECONDS] BUILD [TEST…]: the tests of the server (clients.py; all, or those named), or a load of so many
# seconds (load.py), with BUILD's zoo and zoo-serve.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=
if [ "$1" = --load ]; then
  seconds=$2
  shift 2
fi
models=$(mktemp -d)
trap 'rm -rf "$models"' EXIT
.venv/bin/python3 Tests/Server/make_models.py "$models"
for model in bert bert-ranking bert-entities; do
  "$1/zoo" pack "Tests/ModelZooTests/Fixtures/$model" --output "$models/$model.zoo" >/dev/null
done
if [ -n "$seconds" ]; then
  .venv-server/bin/python3 Tests/Server/load.py "$1/zoo-serve" "$models" "$seconds"
else
  .venv-server/bin/python3 Tests/Server/clients.py "$1/zoo-serve" "$models" "${@:2}"
fi
