#!/usr/bin/env bash
# embed.sh PLUGIN MODEL: builds Examples/Embed in an empty folder, on a git address and a version as strangers do, and runs it.
# PLUGIN brings what MODEL needs.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
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

cp -r "$root/Examples/Embed" "$work/Embed"
rm -rf "$work/Embed/.build"
sed -i "s|\.package(name: \"ModelZoo\", path: .*)\]|.package(url: \"file://$work/ModelZoo.git\", exact: \"99.0.0\")]|" \
  "$work/Embed/Package.swift"
cd "$work/Embed"
# The kernels optimized, as a text would take minutes otherwise.
swift build --quiet -Xcc -O2
program=$(swift build --show-bin-path)/answer
[ -z "$(ls "$(dirname "$program")"/*.so 2>/dev/null)" ] || fail "libraries beside the program"
needed=$(readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | xargs)
for library in libFoundation.so libxml2 libcrypto libcairo libexpat; do
  case " $needed " in *" $library"*) fail "the program needs $library" ;; esac
done

zoo=$root/Zoo
cd /
run() { env -u ZOO_PLUGIN_PATH "$@"; }
expect "^cat" "$(run "$program" "$zoo/ResNet/resnet20-cifar10.zoo" "$root/Examples/Images/cat.jpg")"
expect WBC "$(run "$program" "$zoo/RCNN/rcnn-bccd.zoo" "$root/Examples/Images/smear.jpg")"
expect Hund "$(run "$program" "$zoo/Transformer/transformer-en-de.zoo" "A dog is running.")"
run "$program" "$2" 2>/dev/null && fail "$2 needs no plugin"
ZOO_PLUGIN_PATH=$1 "$program" "$2" || fail "the plugin $1 is of no use to a program with operators of its own"
echo "PASS: Examples/Embed, by address and version"
