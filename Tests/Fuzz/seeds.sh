#!/bin/bash
# Fills a folder with one of inputs for each target: those that the targets make themselves, and the tests' fixtures.
# usage: seeds.sh PROGRAM FOLDER
set -euo pipefail
program=$1 corpus=$2
tests=$(dirname "$0")/..
mkdir -p "$corpus"
FUZZ_SEEDS=$corpus "$program" >"$corpus.targets"
cp "$tests"/Fuzz/Seeds/decoder/* "$corpus/decoder/"
cp "$tests"/PyTorchFormatTests/Fixtures/*.pt "$corpus/pytorch/"
cp "$tests"/PyTorchFormatTests/Fixtures/*_zip_*.pt "$tests"/DatasetsTests/Fixtures/*.npz "$corpus/zip/"
cp "$tests"/DatasetsTests/Fixtures/*.npz "$corpus/npz/"
cp "$tests"/NumPyFormatTests/Fixtures/*.npy "$corpus/npy/"
find "$tests/ZooImageTests/Fixtures" -size -8k \( -name '*.jpg' -o -name '*.png' -o -name '*.webp' -o -name '*.gif' -o -name '*.bmp' \
  -o -name '*.tif' \) \
  -exec cp -t "$corpus/picture" {} +
find "$tests/GraphFormatTests/TFLite/Fixtures" -size -32k -name '*.tflite' -exec cp -t "$corpus/tflite" {} +
find "$tests/KerasFormatTests/Fixtures" -size -64k -name '*.*5' -exec cp -t "$corpus/keras" {} +
cp "$tests"/KerasFormatTests/Fixtures/*.keras "$corpus/keras/"
find "$tests/SVMModelFormatTests/Fixtures" -size -16k -name '*.model' -exec cp -t "$corpus/svm" {} +
for network in "$tests"/GraphFormatTests/Caffe/Fixtures/*.prototxt; do
  name=$(basename "$network" .prototxt)
  { cat "$network"; printf '\0'; cat "${network%.prototxt}.caffemodel"; } >"$corpus/caffe/$name"
done
