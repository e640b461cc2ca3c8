#!/usr/bin/env bash
# examples.sh PLUGIN MODEL: builds the examples that depend on ModelZoo, each in an empty folder, on a git address and a version as
# strangers do, and runs them. PLUGIN brings what MODEL needs.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
zoo=$root/Zoo
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
umask 022
unset ZOO_PLUGIN_PATH

fail() { echo "FAIL: $*" >&2; exit 1; }
expect() { grep -q "$1" <<<"$2" || fail "no \"$1\" in: $2"; }
now() { date +%s; }

# The files as they are now, committed or not.
release() {
  git --git-dir="$work/ModelZoo.git" --work-tree="$root" -c user.name=zoo -c user.email=zoo@example.com \
    -c core.hooksPath=/dev/null "$@"
}
release init --quiet --initial-branch=main
(cd "$root" && release add --all && release commit --quiet --message=Release && release tag 99.0.0)

# copy EXAMPLE FOLDER [OPTION OF THE DEPENDENCY]
copy() {
  cp -r "$root/Examples/$1" "$work/$2"
  rm -rf "$work/$2/.build" "$work/$2/Package.resolved"
  sed -i "s|\.package(name: \"ModelZoo\", path: [^)]*)|.package(url: \"file://$work/ModelZoo.git\", exact: \"99.0.0\"${3:-})|" \
    "$work/$2/Package.swift"
}

# build FOLDER [OPTION…]
build() {
  local began
  began=$(now)
  (cd "$work/$1" && swift build --quiet "${@:2}")
  echo "built $1: $(($(now) - began)) s"
}

# needs_none PROGRAM LIBRARY…
needs_none() {
  local needed
  needed=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | xargs)
  for library in "${@:2}"; do
    case " $needed " in *" $library"*) fail "$1 needs $library" ;; esac
  done
}

# Each example is a package that depends on an address, which its own manifest shows. They are built as targets of one package, as
# SwiftPM would compile ModelZoo anew for each.
examples="Embed PhotoTagger Translator CustomOperator"
copy Service Service
if (cd "$work/Service" && swift package resolve >"$work/resolve" 2>&1); then
  examples+=" Service"
else
  # It has others' packages, which have to be fetched.
  [ -z "${ZOO_CI:-}" ] || fail "Service: $(tail -n 5 "$work/resolve")"
  echo "SKIP: Service, whose packages can't be fetched: $(tail -n 1 "$work/resolve")"
fi
mkdir -p "$work/all/Sources"
for example in $examples; do
  [ -d "$work/$example" ] || copy "$example" "$example"
  (cd "$work/$example" && swift package dump-package) >"$work/$example.json"
  cp -r "$work/$example/Sources/." "$work/all/Sources"
done
python3 - "$work" $examples >"$work/all/Package.swift" <<'PYTHON'
import json, re, sys
work, *examples = sys.argv[1:]
dependencies, products, targets = [], [], []
for example in examples:
    manifest = open(f"{work}/{example}/Package.swift").read()
    for line in re.findall(r"\.package\(.*\)", re.sub(r"//  ?Elsewhere.*|// Elsewhere.*", "", manifest)):
        line = line.rstrip("],")
        if line not in dependencies:
            dependencies.append(line)
    for target in json.load(open(f"{work}/{example}.json"))["targets"]:
        kind = "executableTarget" if target["type"] == "executable" else "target"
        needs = ", ".join(
            f'.product(name: "{need["product"][0]}", package: "{need["product"][1]}")' if "product" in need
            else f'"{need["byName"][0]}"' for need in target["dependencies"])
        targets.append(
            f'.{kind}(name: "{target["name"]}", dependencies: [{needs}], exclude: {json.dumps(target["exclude"])})')
        if kind == "target":
            products.append(f'.library(name: "{target["name"]}", type: .dynamic, targets: ["{target["name"]}"])')
print(f"""// swift-tools-version: 6.2
import PackageDescription
let package = Package(
  name: "all", products: [{", ".join(products)}], dependencies: [{", ".join(dependencies)}], targets: [{", ".join(targets)}],
  swiftLanguageModes: [.v6])""")
PYTHON
# With the kernels optimized, as a text would take minutes otherwise.
build all -Xcc -O2
programs=$work/all/.build/debug
program=$programs/answer
[ "$(cd "$programs" && ls -- *.so)" = libSoftsign.so ] || fail "libraries beside the program"
needs_none "$program" libFoundation.so libxml2 libcrypto libcairo libexpat
cd /
expect "^cat" "$("$program" "$zoo/ResNet/resnet20-cifar10.zoo" "$root/Examples/Images/cat.jpg")"
expect WBC "$("$program" "$zoo/RCNN/rcnn-bccd.zoo" "$root/Examples/Images/smear.jpg")"
expect Hund "$("$program" "$zoo/Transformer/transformer-en-de.zoo" "A dog is running.")"
bash -c "$program $2; exit \$?" 2>/dev/null && fail "$2 needs no plugin"
ZOO_PLUGIN_PATH=$1 "$program" "$2" || fail "the plugin $1 is of no use to a program with operators of its own"
ZOO_PLUGIN_PATH=$programs/libSoftsign.so "$program" "$2" || fail "the plugin that depends on an address is of no use"
echo "PASS: Examples/Embed and Examples/CustomOperator, by address and version"

tagger=$programs/tag-photos
needs_none "$tagger" libFoundation.so
mkdir "$work/photos"
cp "$root/Examples/Images/cat.jpg" "$work/photos/a cat.JPG"
cp "$root/Examples/Images/smear.jpg" "$work/photos/smear.jpg"
head -c 100 "$root/Examples/Images/cat.jpg" >"$work/photos/damaged.jpg"
echo "no picture" >"$work/photos/notes.txt"
"$tagger" "$zoo/ResNet/resnet20-cifar10.zoo" "$work/photos" 2 >"$work/tags.json"
python3 - "$work/tags.json" <<'PYTHON' || fail "the tags: $(cat "$work/tags.json")"
import json, sys
cat, damaged, smear = json.load(open(sys.argv[1]))
assert [cat["file"], damaged["file"], smear["file"]] == ["a cat.JPG", "damaged.jpg", "smear.jpg"]
assert cat["labels"][0]["label"] == "cat" and cat["labels"][0]["probability"] > 0.9
assert len(cat["labels"]) == len(smear["labels"]) == 2 and "error" not in smear
assert "error" in damaged and "labels" not in damaged
PYTHON
if "$tagger" "$zoo/RCNN/rcnn-bccd.zoo" "$work/photos" 2>"$work/error"; then fail "a detector classifies"; fi
expect "does not classify" "$(cat "$work/error")"
echo "PASS: Examples/PhotoTagger, by address and version"

translator=$programs/translate
# Each line is answered before the next is given, and an empty one by an empty one.
coproc translation { "$translator" "$zoo/Transformer/transformer-en-de.zoo"; }
for line in "A dog is running." "" "Two children are playing."; do
  echo "$line" >&"${translation[1]}"
  IFS= read -r -t 60 answer <&"${translation[0]}" || fail "no answer to \"$line\""
  printf '%s\n' "$answer"
done >"$work/lines"
eval "exec ${translation[1]}>&-"
wait "$translation_PID" || fail "the translator ends with $?"
expect "Hund" "$(sed -n 1p "$work/lines")"
[ -z "$(sed -n 2p "$work/lines")" ] || fail "an empty line becomes: $(sed -n 2p "$work/lines")"
expect "Kinder" "$(sed -n 3p "$work/lines")"
echo "PASS: Examples/Translator, by address and version"

case $examples in
  *Service*)
    . "$root/Tests/Install/service.sh"
    echo "PASS: Examples/Service, by address and version" ;;
esac

# Without the headers that it is to do without, where this may be tried.
copy Embed none ", traits: []"
export -f build now
export work
headers="tiffio.h webp/decode.h openjpeg.h oniguruma.h utf8proc.h expat.h cairo.h"
if unshare --mount true 2>/dev/null; then
  # shellcheck disable=SC2016
  unshare --mount bash -euc '
    for header in $1; do
      find /usr/include -path "*/$header" -exec mount --bind /dev/null {} \;
    done
    build none' - "$headers"
else
  build none
fi
program=$work/none/.build/debug/answer
needs_none "$program" libFoundation.so libtiff libwebp libopenjp2 libonig libutf8proc
expect "^cat" "$("$program" "$zoo/ResNet/resnet20-cifar10.zoo" "$root/Examples/Images/cat.jpg")"
echo "PASS: Examples/Embed without traits"
