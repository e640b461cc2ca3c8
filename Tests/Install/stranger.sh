# What the tests of installing share: source it.
# shellcheck shell=bash
umask 022

fail() { echo "FAIL: $*" >&2; exit 1; }
expect() { grep -q "$1" <<<"$2" || fail "no \"$1\" in: $2"; }

# Runs a command as another user, without HOME, in another folder, where neither the source ($root) nor Swift is any more. What
# takes root is left out for others.
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
