#!/usr/bin/env bash
# dist.sh: makes the archive and the package, and uses what is in them as strangers do, on a machine without Swift.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
. "$root/Tests/Install/stranger.sh"
umask 022

cp "$root"/Examples/Images/cat.jpg "$work"
make --no-print-directory -s -C "$root" dist DIST="$work/one"

# The archive, in whatever folder, through a link.
mkdir "$work/some where"
tar -C "$work/some where" -xzf "$work"/one/zoo-*.tar.gz
unpacked=$(echo "$work/some where"/zoo-*)
ln -s "$unpacked/bin/zoo" "$work/zoo"
for program in "$work/zoo" "$unpacked/bin/zoo"; do
  expect "cat [0-9]" "$(stranger "$program" predict resnet20-cifar10 "$work/cat.jpg" --top 1)"
done
expect Hund "$(stranger "$work/zoo" predict transformer-en-de "A dog is running.")"
[ "$(stranger "$work/zoo" plugins --json | grep -c '"version"')" = 7 ] || fail "not seven plugins"
[ -s "$unpacked/INSTALL" ] || fail "nothing says how to install"
if command -v dpkg-deb dpkg-shlibdeps >/dev/null; then
  package=$(echo "$work"/one/zoo_*.deb)
  dpkg-deb -x "$package" "$work/package"
  expect "cat [0-9]" "$(stranger "$work/package/usr/bin/zoo" predict resnet20-cifar10 "$work/cat.jpg" --top 1)"
  depends=$(dpkg-deb -f "$package" Depends)
  for name in libc6 libcairo2 libpng16-16 libprotobuf-c1 zlib1g; do expect "\(^\| \)$name\b" "$depends"; done
  # They are all there, and it would install.
  dpkg --dry-run -i "$package" >/dev/null 2>&1 || [ "$(id -u)" != 0 ] || fail "dpkg does not take $package"
  (cd "$work/package" && dpkg-deb -e "$package" "$work/control" && md5sum --check --quiet "$work/control/md5sums") \
    || fail "sums of the package don't fit"
fi
echo "PASS: archive and package"
