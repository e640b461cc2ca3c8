#!/usr/bin/env bash
# embed.sh PLUGIN MODEL: builds Examples/Embed in an empty folder, on a git address and a version as strangers do, with all traits
# and with none, and runs it. PLUGIN brings what MODEL needs.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
zoo=$root/Zoo
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

fail() { echo "FAIL: $*" >&2; exit 1; }
expect() { grep -q "$1" <<<"$2" || fail "no \"$1\" in: $2"; }

# The files as they are now, committed or not.
release() {
  git --git-dir="$work/ModelZoo.git" --work-tree="$root" -c user.name=zoo -c user.email=zoo@example.com \
    -c core.hooksPath=/dev/null "$@"
}
release init --quiet --initial-branch=main
(cd "$root" && release add --all && release commit --quiet --message=Release && release tag 99.0.0)

# build FOLDER [OPTION OF THE DEPENDENCY]
build() {
  cp -r "$root/Examples/Embed" "$work/$1"
  rm -rf "$work/$1/.build"
  sed -i "s|\.package(name: \"ModelZoo\", path: .*)\]|.package(url: \"file://$work/ModelZoo.git\", exact: \"99.0.0\"${2:-})]|" \
    "$work/$1/Package.swift"
  # The kernels optimized, as a text would take minutes otherwise.
  (cd "$work/$1" && swift build --quiet -Xcc -O2)
  program=$work/$1/.build/debug/answer
  [ -z "$(ls "$work/$1"/.build/debug/*.so 2>/dev/null)" ] || fail "libraries beside the program"
}

# needs_none LIBRARY…
needs_none() {
  local needed
  needed=$(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | xargs)
  for library in "$@"; do
    case " $needed " in *" $library"*) fail "the program needs $library" ;; esac
  done
}

build all
needs_none libFoundation.so libxml2 libcrypto libcairo libexpat
cd /
unset ZOO_PLUGIN_PATH
expect "^cat" "$("$program" "$zoo/ResNet/resnet20-cifar10.zoo" "$root/Examples/Images/cat.jpg")"
expect WBC "$("$program" "$zoo/RCNN/rcnn-bccd.zoo" "$root/Examples/Images/smear.jpg")"
expect Hund "$("$program" "$zoo/Transformer/transformer-en-de.zoo" "A dog is running.")"
bash -c "$program $2; exit \$?" 2>/dev/null && fail "$2 needs no plugin"
ZOO_PLUGIN_PATH=$1 "$program" "$2" || fail "the plugin $1 is of no use to a program with operators of its own"
echo "PASS: Examples/Embed, by address and version"

# Without the headers that it is to do without, where this may be tried.
export -f build fail
export root work
headers="tiffio.h webp/decode.h openjpeg.h oniguruma.h utf8proc.h expat.h cairo.h"
if unshare --mount true 2>/dev/null; then
  # shellcheck disable=SC2016
  unshare --mount bash -euc '
    for header in $1; do
      find /usr/include -path "*/$header" -exec mount --bind /dev/null {} \;
    done
    build none ", traits: []"' - "$headers"
else
  build none ", traits: []"
fi
program=$work/none/.build/debug/answer
needs_none libFoundation.so libtiff libwebp libopenjp2 libonig libutf8proc
expect "^cat" "$("$program" "$zoo/ResNet/resnet20-cifar10.zoo" "$root/Examples/Images/cat.jpg")"
echo "PASS: Examples/Embed without traits"
