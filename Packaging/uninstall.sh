#!/usr/bin/env bash
# uninstall.sh PREFIX: removes what install.sh put below $DESTDIR$PREFIX, and the folders that it made, if they are empty.
set -euo pipefail
root=${DESTDIR:-}$1
list=$root/lib/zoo/installed
[ -f "$list" ] || exit 0
mapfile -t entries <"$list"
for ((index = ${#entries[@]} - 1; index >= 0; index--)); do
  entry=${entries[index]}
  case $entry in
    */) rmdir "$root/$entry" 2>/dev/null || true ;;
    *) rm -f "$root/$entry" ;;
  esac
done
