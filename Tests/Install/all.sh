#!/usr/bin/env bash
# all.sh BUILD: everything in this folder, with what BUILD holds.
set -euo pipefail
umask 022
cd "$(dirname "$0")/../.."
operator=Examples/CustomOperator
swift build -c release --package-path $operator
plugin=$(swift build -c release --package-path $operator --show-bin-path)/libSoftsign.so
ZOO_PLUGIN_PATH=$plugin "$1/zoo" run $operator/softsign.onnx --seed 1 \
  || { echo "FAIL: zoo does not run a model with the operator of $operator" >&2; exit 1; }
echo "PASS: zoo runs a model with the operator of $operator"
Tests/Install/check.sh "$plugin" $operator/softsign.onnx
Tests/Install/library.sh
Tests/Install/wheel.sh "$1"
Tests/Install/dist.sh
Tests/Install/examples.sh "$plugin" "$PWD/$operator/softsign.onnx"
