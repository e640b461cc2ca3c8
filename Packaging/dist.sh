#!/usr/bin/env bash
# dist.sh BUILD OUT: what the folder BUILD holds as OUT/zoo-VERSION-linux-ARCH.tar.gz, which runs wherever it is unpacked, and
# where dpkg is as OUT/zoo_VERSION_ARCH.deb, both without Swift.
set -euo pipefail
umask 022
source_root=$(cd "$(dirname "$0")/.." && pwd)
build=$1 out=$2
version=$(sed -n 's/^public let zooVersion = "\(.*\)"$/\1/p' "$source_root/Sources/ModelZoo/Version.swift")
[ -n "$version" ] || { echo "dist: no version in Version.swift" >&2; exit 65; }
# The time that files have: that of the last commit.
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$source_root" log -1 --format=%ct 2>/dev/null || date +%s)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# Installs below $1 as if into $2.
stage() {
  DESTDIR=$1 "$source_root/Packaging/install.sh" "$build" "$2"
  rm "$1$2/lib/zoo/installed"
  install -m 644 "$source_root"/{README,CHANGELOG,SECURITY}.md "$1$2/share/doc/zoo"
}

# The packages of Debian that the programs below $1 need, as a control file lists them. Swift's libraries lie among them.
needed() {
  mkdir -p "$work/shlibs/debian"
  printf 'Source: zoo\n\nPackage: zoo\nArchitecture: any\n' >"$work/shlibs/debian/control"
  (cd "$work/shlibs" && dpkg-shlibdeps -O -l"$1/lib/zoo" "$1"/bin/* "$1"/lib/zoo/*.so 2>"$work/shlibs/said") \
    | sed -n 's/^shlibs:Depends=//p'
}

name=zoo-$version-linux-$(uname -m)
stage "$work/archive" "/$name"
depends=
if command -v dpkg-shlibdeps dpkg-deb >/dev/null; then
  depends=$(needed "$work/archive/$name")
  [ -n "$depends" ] || { cat "$work/shlibs/said" >&2; exit 70; }
fi
cat >"$work/archive/$name/INSTALL" <<EOF
Unpack this folder anywhere, and run bin/zoo in it, also through a link. Nothing needs to be set. Plugins must belong to you or to
root, and nobody else may write to them: unpack with umask 022.

Swift's libraries are in lib/zoo (Apache-2.0 with its Runtime Library Exception, swift.org). Of the system it needs what Debian calls
  ${depends:-the packages that ldd bin/zoo names}
which apt installs: sudo apt install $(sed 's/ ([^)]*)//g; s/,//g' <<<"$depends")
EOF
tar -C "$work/archive" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner -c "$name" \
  | gzip -9n >"$out/$name.tar.gz"
echo "$out/$name.tar.gz: $(du -h "$out/$name.tar.gz" | cut -f1)"

[ -n "$depends" ] || { echo "dist: no .deb without dpkg-shlibdeps (Debian's dpkg-dev)"; exit 0; }
architecture=$(dpkg --print-architecture)
root=$work/deb
stage "$root" /usr
find "$root/usr/share/man" -name '*.1' -exec gzip -9n {} +
mv "$root/usr/share/doc/zoo/LICENSE" "$root/usr/share/doc/zoo/copyright"
gzip -9n "$root/usr/share/doc/zoo/CHANGELOG.md"
mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<EOF
Package: zoo
Version: $version
Architecture: $architecture
Maintainer: ${MAINTAINER:-ModelZoo <root@localhost>}
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: $depends
Section: science
Priority: optional
Description: runs neural networks on a CPU
 The program zoo predicts with models in ONNX files and in packages of its own, converts
 weights and graphs between formats, and measures them. Operators come from plugins.
EOF
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -newermt "@$epoch" -exec touch -h -d "@$epoch" {} +
SOURCE_DATE_EPOCH=$epoch dpkg-deb --root-owner-group -Zxz --build "$root" "$out/zoo_${version}_$architecture.deb" >/dev/null
echo "$out/zoo_${version}_$architecture.deb: $(du -h "$out/zoo_${version}_$architecture.deb" | cut -f1)"
