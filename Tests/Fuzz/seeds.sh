#!/bin/bash
# Fills a folder with one of inputs for each target: those that the targets make themselves, and the tests' fixtures.
# usage: seeds.sh PROGRAM FOLDER
set -euo pipefail
program=$1 corpus=$2
tests=$(dirname "$0")/..
mkdir -p "$corpus"
FUZZ_SEEDS=$corpus "$program" >"$corpus.targets"
cp "$tests"/PyTorchFormatTests/Fixtures/*.pt "$corpus/pytorch/"
cp "$tests"/PyTorchFormatTests/Fixtures/*_zip_*.pt "$tests"/DatasetsTests/Fixtures/*.npz "$corpus/zip/"
cp "$tests"/DatasetsTests/Fixtures/*.npz "$corpus/npz/"
cp "$tests"/NumPyFormatTests/Fixtures/*.npy "$corpus/npy/"
find "$tests/ZooImageTests/Fixtures" -size -8k \( -name '*.jpg' -o -name '*.png' -o -name '*.webp' \) \
  -exec cp -t "$corpus/picture" {} +
