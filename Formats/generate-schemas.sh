#!/bin/sh
# Writes the C code of every Formats/*/Schema/*.proto with protoc-c; --check only says whether the committed code is
# current. Comments and the compiler's version guard differ between versions of protoc-c, so --check ignores them.
set -eu
cd "$(dirname "$0")"

case "${1-}" in
  "" | --check) mode=${1-} ;;
  *) echo "usage: $0 [--check]" >&2; exit 64 ;;
esac
command -v protoc-c >/dev/null || {
  echo "$0: protoc-c is missing (Debian: apt install protobuf-c-compiler)" >&2
  exit 69
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

bare() {
  # Comments are whole lines in generated code, except for short ones inside a line.
  sed -E -e 's|/\*.*\*/||' -e '/^[[:space:]]*\/\*/,/\*\//d' -e '/PROTOBUF_C_(MIN_COMPILER_)?VERSION/,/^#endif/d' \
    -e '/^[[:space:]]*$/d' "$1"
}

status=0
for proto in */Schema/*.proto; do
  [ -e "$proto" ] || continue
  folder=$(dirname "$proto")
  name=$(basename "$proto" .proto)
  protoc-c --proto_path="$folder" --c_out="$scratch" "$proto"
  if [ -z "$mode" ]; then
    mkdir -p "$folder/include"
    cp "$scratch/$name.pb-c.c" "$folder/$name.pb-c.c"
    cp "$scratch/$name.pb-c.h" "$folder/include/$name.pb-c.h"
    continue
  fi
  for pair in "$name.pb-c.c" "include/$name.pb-c.h"; do
    bare "$scratch/$(basename "$pair")" >"$scratch/new"
    if [ ! -e "$folder/$pair" ]; then
      echo "Formats/$folder/$pair is missing: run make proto" >&2
      status=1
    elif ! bare "$folder/$pair" | cmp -s - "$scratch/new"; then
      echo "Formats/$folder/$pair is not what $proto gives: run make proto" >&2
      status=1
    fi
  done
done
exit $status
