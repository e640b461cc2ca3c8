#!/usr/bin/env bash
# link.sh BUILD: links once more, below BUILD/installed, what SwiftPM has compiled and linked: the program, its plugins, and the
# library for C. Those for an installation are smaller, as equal functions are there once and tables for unwinding are not there;
# show what others are to see and nothing else; and look for libraries where `make install` puts them. A package that others depend
# on can't ask for any of this, and to choose a linker SwiftPM would compile everything again.
set -euo pipefail
umask 022
source_root=$(cd "$(dirname "$0")/.." && pwd)
build=$1 out=$1/installed
mkdir -p "$out"

# link KIND PRODUCT FILE MAP PATH [OPTION OF THE LINKER…]: with the libraries that SwiftPM gave it.
link() {
  local kind=$1 product=$2 file=$3 libraries options=()
  libraries=$(readelf -d "$build/${file%.1}" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/-l:\1/p')
  for option in --gc-sections --icf=all --no-eh-frame-hdr --as-needed -s "--script=$source_root/Packaging/installed.lds" \
    "--version-script=$source_root/Packaging/$4" --undefined-version "-rpath=$5" "${@:6}"; do
    options+=(-Xlinker "$option")
  done
  # shellcheck disable=SC2086
  swiftc "-emit-$kind" -use-ld=lld -no-toolchain-stdlib-rpath "@$build/$product.product/Objects.LinkFileList" \
    "${options[@]}" $libraries -o "$out/$file"
}

# Packed relocations take half a megabyte less and glibc 2.36, which the library for C, that wheels carry to older systems, doesn't
# ask for.
packed=(-z pack-relative-relocs)
link executable zoo zoo plugin.map '$ORIGIN/../lib/zoo' --defsym=main=zoo_main "${packed[@]}"
for list in "$build"/Zoo*.product; do
  plugin=$(basename "$list" .product)
  # What an earlier tree had is only listed.
  [ -e "$build/lib$plugin.so" ] || continue
  link library "$plugin" "lib$plugin.so" plugin.map '$ORIGIN' "${packed[@]}"
done
# Its threads, and what Swift knows of its types, stay: dlclose must not take the code from below them.
link library modelzoo libmodelzoo.so.1 modelzoo.map '$ORIGIN/zoo' -soname=libmodelzoo.so.1 -z nodelete
