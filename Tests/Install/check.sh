#!/usr/bin/env bash
# check.sh [PLUGIN MODEL]: installs into a folder, uses what is there as strangers do, with PLUGIN for MODEL, and uninstalls.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
prefix=$work/usr

fail() { echo "FAIL: $*" >&2; exit 1; }
make_() { make --no-print-directory -s -C "$root" "$@"; }
expect() { grep -q "$1" <<<"$2" || fail "no \"$1\" in: $2"; }

# As another user, without HOME, in another folder, where neither the source nor Swift is any more. What takes root is left
# out for others.
stranger() {
  local hidden=("$root" "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")
  if [ "$(id -u)" != 0 ]; then
    (cd / && env -i "$@")
  elif unshare --mount true 2>/dev/null; then
    unshare --mount bash -euc '
      for folder in "$1" "$2"; do mount -t tmpfs none "$folder"; done
      cd /
      exec setpriv --reuid 65534 --regid 65534 --clear-groups env -i "${@:3}"' - "${hidden[@]}" "$@"
  else
    (cd / && setpriv --reuid 65534 --regid 65534 --clear-groups env -i "$@")
  fi
}

cp "$root"/Examples/Images/{cat,smear}.jpg "$work"

# What was there before stays.
mkdir -p "$prefix/bin"
touch "$prefix/bin/other"
make_ install PREFIX="$prefix"
make_ install PREFIX="$prefix"
du -sh "$prefix" | awk '{ print "installed: " $1 }'
for file in "$prefix"/bin/zoo "$prefix"/lib/zoo/*.so; do
  path=$(readelf -d "$file" | sed -n 's/.*\(RUNPATH\|RPATH\).*\[\(.*\)\]/\2/p')
  case $path in '' | '$ORIGIN' | '$ORIGIN/../lib/zoo') ;; *) fail "$file looks for libraries in $path" ;; esac
done
for file in include/zoo_plugin.h share/bash-completion/completions/zoo share/zsh/site-functions/_zoo \
  share/fish/vendor_completions.d/zoo.fish share/man/man1/zoo.1; do
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
if [ $# = 2 ]; then
  cp "$1" "$work/libplugin.so"
  cp "$2" "$work/plugin.onnx"
  stranger ZOO_PLUGIN_PATH="$work/libplugin.so" "$work/zoo" run "$work/plugin.onnx" --seed 1 >/dev/null \
    || fail "the installed zoo does not run a model with $1"
fi
make_ uninstall PREFIX="$work/moved"
[ "$(cd "$work/moved" && find . -mindepth 1 | sort | xargs)" = "./bin ./bin/other" ] \
  || fail "left behind: $(find "$work/moved")"

make_ install DESTDIR="$work/stage" PREFIX=/opt/zoo
expect "cat [0-9]" "$(stranger "$work/stage/opt/zoo/bin/zoo" predict resnet20-cifar10 "$work/cat.jpg" --top 1)"
make_ uninstall DESTDIR="$work/stage" PREFIX=/opt/zoo
[ ! -e "$work/stage/opt/zoo" ] || fail "left behind: $(find "$work/stage")"
echo "PASS: install and uninstall"
