#!/usr/bin/env bash
# install.sh BUILD PREFIX: puts the program that the folder BUILD holds below $DESTDIR$PREFIX. Files and folders that are
# new there are listed in lib/zoo/installed, for uninstall.sh.
set -euo pipefail
umask 022
source_root=$(cd "$(dirname "$0")/.." && pwd)
build=$1 prefix=$2
[[ $prefix = /* ]] || { echo "install: PREFIX is to begin with /: $prefix" >&2; exit 64; }
for program in zoo generate-manual; do
  [ -x "$build/$program" ] || { echo "install: there is no $build/$program: run make first" >&2; exit 66; }
done
[ -e "$build/installed/libmodelzoo.so.1" ] || { echo "install: there is no $build/installed: run make first" >&2; exit 66; }
command -v strip >/dev/null || { echo "install: strip is missing: it is in binutils" >&2; exit 66; }
root=${DESTDIR:-}$prefix
list=lib/zoo/installed

"$source_root/Packaging/uninstall.sh" "$prefix"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$(dirname "$root")"

# Makes the folder, below the prefix, and lists it if it is new.
folder() {
  [ -d "$root/$1" ] && return
  [ -d "$root" ] || { mkdir -m 755 "$root"; echo / >>"$work/list"; }
  [ "$1" = "${1%/*}" ] || folder "${1%/*}"
  mkdir -m 755 "$root/$1"
  echo "$1/" >>"$work/list"
}

# put MODE FILE FOLDER [NAME]
put() {
  folder "$3"
  install -m "$1" "$2" "$root/$3/${4:-$(basename "$2")}"
  echo "$3/${4:-$(basename "$2")}" >>"$work/list"
}

folder lib/zoo
echo "$list" >>"$work/list"
# What link.sh made.
put 755 "$build/installed/zoo" bin
# Where it was built (make server).
programs=("$build/zoo")
if [ -x "$build/zoo-serve" ]; then
  programs+=("$build/zoo-serve")
  strip -o "$work/zoo-serve" "$build/zoo-serve"
  put 755 "$work/zoo-serve" bin
fi
for plugin in "$build"/installed/libZoo*.so; do put 644 "$plugin" lib/zoo; done
put 644 "$build/installed/libmodelzoo.so.1" lib
# Swift's libraries, without symbols, as those of the plugins that others write in Swift; the system's own have a version in their
# names. They look for each other beside themselves.
core=$(ldd "$build/zoo" | awk '$1 == "libswiftCore.so" { print $3 }')
if [ -n "$core" ]; then
  while IFS= read -r library; do
    strip --strip-unneeded -o "$work/$(basename "$library")" "$library"
    put 644 "$work/$(basename "$library")" lib/zoo
  done < <(
    ldd "${programs[@]}" "$build/libmodelzoo.so" "$build"/libZoo*.so | awk -v folder="$(dirname "$core")/" \
      'index($3, folder) == 1 && $3 ~ /\.so$/ { print $3 }' | sort -u)
fi
ln -sf libmodelzoo.so.1 "$root/lib/libmodelzoo.so"
echo lib/libmodelzoo.so >>"$work/list"
put 644 "$source_root/Sources/CModelZoo/include/modelzoo.h" include
for model in "$source_root"/Zoo/*/*.zoo; do put 644 "$model" share/zoo; done
put 644 "$source_root/Sources/CZooPlugin/include/zoo_plugin.h" include
version=$(sed -n 's/^public let zooVersion = "\(.*\)"$/\1/p' "$source_root/Sources/ModelZoo/Version.swift")
for name in zoo-plugin modelzoo; do
  sed "s/@VERSION@/$version/" "$source_root/Packaging/$name.pc.in" >"$work/$name.pc"
  put 644 "$work/$name.pc" lib/pkgconfig
done
put 644 "$source_root/LICENSE" share/doc/zoo
# What authors of plugins begin with, as it is in the repository.
template=$source_root/Examples/PluginTemplate
while IFS= read -r file; do
  part=$(dirname "$file")
  put 644 "$template/$file" "share/doc/zoo/plugin-template${part#.}"
done < <(cd "$template" && find . -type f ! -name '*.so' ! -name '.*' | sort)

# `man zoo predict` looks for zoo-predict.
mkdir "$work/man"
"$build/generate-manual" "$build/zoo" --multi-page --output-directory "$work/man"
rm "$work/man/zoo.help.1"
sed -i '/\.Xr zoo\.help 1/d; s/\.Xr zoo\.\([a-z]*\) 1/.Xr zoo-\1 1/' "$work"/man/*.1
put 644 "$work/man/zoo.1" share/man/man1
for page in "$work"/man/zoo.*.1; do
  command=${page##*/zoo.}
  put 644 "$page" share/man/man1 "zoo-$command"
done

"$build/zoo" --generate-completion-script bash >"$work/bash"
"$build/zoo" --generate-completion-script zsh >"$work/zsh"
"$build/zoo" --generate-completion-script fish >"$work/fish"
put 644 "$work/bash" share/bash-completion/completions zoo
put 644 "$work/zsh" share/zsh/site-functions _zoo
put 644 "$work/fish" share/fish/vendor_completions.d zoo.fish

install -m 644 "$work/list" "$root/$list"
