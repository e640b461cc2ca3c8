#!/usr/bin/env bash
# library.sh: installs into a folder and builds and runs the examples in C and Python there, whose answers have to be those of
# `zoo predict`.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/usr

fail() { echo "FAIL: $*" >&2; exit 1; }

make --no-print-directory -s -C "$root" install PREFIX="$prefix"
library=$prefix/lib/libmodelzoo.so.1
for file in lib/libmodelzoo.so.1 lib/libmodelzoo.so include/modelzoo.h; do
  [ -s "$prefix/$file" ] || fail "no $file"
done
readelf -d "$library" | grep -q 'SONAME.*\[libmodelzoo.so.1\]' || fail "another soname"
# Symbols that only the library's own relocations name are local, and nobody else's to use.
others=$(nm -D --defined-only --extern-only "$library" | awk '$3 !~ /^mz_/ { print $3 }' | head -5 | xargs)
[ -z "$others" ] || fail "the library shows symbols of others: $others"
# Each function of the header is there.
for name in $(grep -o 'mz_[a-z_]*(' "$prefix/include/modelzoo.h" | tr -d '(' | sort -u); do
  nm -D --defined-only --extern-only "$library" | grep -q " T $name\$" || fail "the library lacks $name"
done

cd "$work"
options="-I$prefix/include -L$prefix/lib -lmodelzoo"
if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
  options=$(pkg-config --cflags --libs modelzoo)
  [ "$(pkg-config --modversion modelzoo)" = "$("$prefix/bin/zoo" --version | cut -d' ' -f2)" ] \
    || fail "pkg-config has another version of the library"
fi
# shellcheck disable=SC2086
cc -std=c11 -Wall -Wextra -Werror -o predict "$root/Examples/C/predict.c" $options -Wl,-rpath,"$prefix/lib"
if command -v c++ >/dev/null; then
  echo '#include <modelzoo.h>' >header.cpp
  c++ -std=c++11 -Wall -Wextra -Werror -pedantic -I "$prefix/include" -c header.cpp
fi

# same MODEL INPUT [OPTIONS]: the three answers, as JSON, but for what `zoo predict` says besides.
same() {
  local model=$root/Zoo/$1
  "$prefix/bin/zoo" predict "$model" "$2" --json "${@:3}" >zoo.json
  env -u LD_LIBRARY_PATH ./predict "$model" "$2" >c.json
  LD_LIBRARY_PATH=$prefix/lib python3 "$root/Examples/Python/predict.py" "$model" "$2" >python.json
  python3 - <<'PYTHON' || fail "C and Python give other answers than zoo predict $1 $2: $(head -c 300 c.json)"
import json
(answer,) = json.load(open("zoo.json"))["predictions"]
for told in ["finish_reason", "prompt_token_count", "token_count"]:
    answer.pop(told, None)
del answer["input"]
assert answer == json.load(open("c.json")) == json.load(open("python.json"))
PYTHON
}
same ResNet/resnet20-cifar10.zoo "$root/Examples/Images/cat.jpg" --top 1000
same RCNN/rcnn-bccd.zoo "$root/Examples/Images/smear.jpg"
same Transformer/transformer-en-de.zoo "A dog is running."

./predict "$root/Zoo/ResNet/resnet20-cifar10.zoo" >c.txt
LD_LIBRARY_PATH=$prefix/lib python3 "$root/Examples/Python/predict.py" "$root/Zoo/ResNet/resnet20-cifar10.zoo" >python.txt
grep -q '^10 numbers' c.txt && cmp c.txt python.txt || fail "tensors: $(cat c.txt python.txt)"
if ./predict "$work/none.zoo" 2>error.txt; then fail "a model that is not there was opened"; fi
grep -q 'none.zoo' error.txt || fail "no word of the missing model: $(cat error.txt)"
python3 "$root/Tests/Install/lifetimes.py" "$library" "$root/Zoo/ResNet/resnet20-cifar10.zoo" "$root/Examples/Images/cat.jpg" \
  || fail "forks, or a library that goes and comes back"
echo "PASS: libmodelzoo.so, from C and from Python"
