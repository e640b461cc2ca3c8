#!/usr/bin/env bash
# check.sh [PLUGIN MODEL]: installs into a folder, uses what is there as strangers do, with PLUGIN for MODEL, and uninstalls.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
prefix=$work/usr

. "$root/Tests/Install/stranger.sh"
make_() { make --no-print-directory -s -C "$root" "$@"; }

cp "$root"/Examples/Images/{cat,smear}.jpg "$work"

# What was there before stays.
mkdir -p "$prefix/bin"
touch "$prefix/bin/other"
make_ install PREFIX="$prefix"
make_ install PREFIX="$prefix"
du -sh "$prefix" | awk '{ print "installed: " $1 }'
bytes=$(cat "$prefix/bin/zoo" "$prefix"/lib/zoo/libZoo*.so | wc -c)
echo "zoo and its plugins: $((bytes / 1000)) kB"
# What `swift test` has compiled is a little larger than what `make` has.
[ "$bytes" -le 20000000 ] || fail "zoo and its plugins are larger than 20 MB"
for file in "$prefix"/bin/zoo "$prefix"/lib/zoo/*.so; do
  path=$(readelf -d "$file" | sed -n 's/.*\(RUNPATH\|RPATH\).*\[\(.*\)\]/\2/p')
  case $path in '' | '$ORIGIN' | '$ORIGIN/../lib/zoo') ;; *) fail "$file looks for libraries in $path" ;; esac
done
for file in include/zoo_plugin.h share/bash-completion/completions/zoo share/zsh/site-functions/_zoo \
  share/fish/vendor_completions.d/zoo.fish share/man/man1/zoo.1 lib/pkgconfig/{zoo-plugin,modelzoo}.pc \
  share/doc/zoo/plugin-template/{plugin.c,Makefile,tests/dense/model.onnx}; do
  [ -s "$prefix/$file" ] || fail "no $file"
done

# Elsewhere, through a link.
mv "$prefix" "$work/moved"
ln -s "moved/bin/zoo" "$work/zoo"
expect "cat [0-9]" "$(stranger "$work/zoo" predict resnet20-cifar10 "$work/cat.jpg" --top 1)"
expect WBC "$(stranger "$work/moved/bin/zoo" predict rcnn-bccd "$work/smear.jpg")"
expect Hund "$(stranger "$work/zoo" predict transformer-en-de "A dog is running.")"
expect "rcnn-bccd" "$(stranger "$work/zoo" list)"
[ "$(stranger "$work/zoo" plugins --json | grep -c '"version"')" = 7 ] || fail "not seven plugins"
# The template builds with what is installed, wherever that is, and what it makes is verified.
if command -v cc pkg-config >/dev/null; then
  cp -r "$work/moved/share/doc/zoo/plugin-template" "$work/template"
  PKG_CONFIG_PATH=$work/moved/lib/pkgconfig make -s -C "$work/template" || fail "the template does not build"
  expect "3 passed, 0 failed" "$(stranger "$work/zoo" verify "$work/template/tests" --plugin "$work/template/libtemplate.so")"
  expect "ScaledDense + Relu.*template" "$(
    stranger ZOO_PLUGIN_PATH="$work/template" "$work/zoo" inspect --compiled "$work/template/tests/dense/model.onnx")"
  [ "$(pkg-config --modversion "$work/moved/lib/pkgconfig/zoo-plugin.pc")" = "$("$work/zoo" --version | cut -d' ' -f2)" ] \
    || fail "pkg-config has another version"
fi
if [ $# = 2 ]; then
  cp "$1" "$work/libplugin.so"
  cp "$2" "$work/plugin.onnx"
  stranger ZOO_PLUGIN_PATH="$work/libplugin.so" "$work/zoo" run "$work/plugin.onnx" --seed 1 >/dev/null \
    || fail "the installed zoo does not run a model with $1"
fi
# On a full disk commands say so, and leave what was there and nothing else.
if unshare --mount true 2>/dev/null; then
  # shellcheck disable=SC2016
  unshare --mount bash -euc '
    mount -t tmpfs -o size=200k none "$1"
    echo old >"$1/old.onnx"
    for file in new old; do
      "$2" convert resnet20-cifar10 "$1/$file.onnx" 2>"$3" && exit 1
      grep -q "No space left" "$3" || exit 1
    done
    [ "$(ls "$1")" = old.onnx ] && [ "$(cat "$1/old.onnx")" = old ]' - "$(mktemp -d -p "$work")" "$work/moved/bin/zoo" "$work/said" \
    || fail "a full disk: $(cat "$work/said")"
fi
make_ uninstall PREFIX="$work/moved"
[ "$(cd "$work/moved" && find . -mindepth 1 | sort | xargs)" = "./bin ./bin/other" ] \
  || fail "left behind: $(find "$work/moved")"

make_ install DESTDIR="$work/stage" PREFIX=/opt/zoo
expect "cat [0-9]" "$(stranger "$work/stage/opt/zoo/bin/zoo" predict resnet20-cifar10 "$work/cat.jpg" --top 1)"
make_ uninstall DESTDIR="$work/stage" PREFIX=/opt/zoo
[ ! -e "$work/stage/opt/zoo" ] || fail "left behind: $(find "$work/stage")"
echo "PASS: install and uninstall"
