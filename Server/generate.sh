#!/usr/bin/env bash
# Writes the Swift code of Protocol/*.proto; --check only says whether the committed code is current. protoc comes from
# the system, its plugin from the package that the server depends on anyway.
set -euo pipefail
cd "$(dirname "$0")"
case "${1-}" in
  "" | --check) mode=${1-} ;;
  *) echo "usage: $0 [--check]" >&2; exit 64 ;;
esac
command -v protoc >/dev/null || {
  echo "$0: protoc is missing (Debian: apt install protobuf-compiler)" >&2
  exit 69
}
# As make does, so that nothing else is built anew.
export SWIFT_DETERMINISTIC_HASHING=1
build=(swift build -c release --package-path . --scratch-path ../.build-server --product protoc-gen-swift)
"${build[@]}"
plugin=$("${build[@]}" --show-bin-path)/protoc-gen-swift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
protoc --plugin="protoc-gen-swift=$plugin" --proto_path=Protocol --swift_out="$scratch" Protocol/*.proto
code=Sources/ModelServer/GRPC/Generated
for file in "$scratch"/*; do
  committed=$code/$(basename "$file")
  if [ -z "$mode" ]; then
    mkdir -p "$code"
    cp "$file" "$committed"
  elif ! cmp -s "$file" "$committed"; then
    echo "Server/$committed is not what Server/Protocol gives: run Server/generate.sh" >&2
    exit 1
  fi
done
