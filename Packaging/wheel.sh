#!/usr/bin/env bash
# wheel.sh BUILD OUT TOOLS: Python's package of what the folder BUILD holds as OUT/modelzoo-VERSION-py3-none-PLATFORM.whl, with the
# shipped models, Swift's libraries and those of the system that manylinux does not count on. TOOLS has the programs of
# wheel-requirements.txt. The platform's tag, which says how old a glibc may be, is what the symbols come to.
set -euo pipefail
umask 022
source_root=$(cd "$(dirname "$0")/.." && pwd)
build=$1 out=$2 tools=$(cd "$3" && pwd)
library=$build/installed/libmodelzoo.so.1
[ -e "$library" ] || { echo "wheel: there is no $library: run make first" >&2; exit 66; }
version=$(sed -n 's/^public let zooVersion = "\(.*\)"$/\1/p' "$source_root/Sources/ModelZoo/Version.swift")
[ -n "$version" ] || { echo "wheel: no version in Version.swift" >&2; exit 65; }
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$source_root" log -1 --format=%ct 2>/dev/null || date +%s)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" "$work/libraries"

"$tools/mypy" --strict --no-error-summary --cache-dir "$work/mypy" "$source_root/Python/modelzoo"

# What is to be in it: the package, the library, the models.
stage=$work/stage
mkdir -p "$stage/third-party"
cp -r "$source_root"/Python/{modelzoo,README.md,setup.py} "$stage"
rm -rf "$stage/modelzoo/__pycache__"
sed "s/@VERSION@/$version/" "$source_root/Python/pyproject.toml.in" >"$stage/pyproject.toml"
install -D -m 644 "$library" "$stage/modelzoo/lib/libmodelzoo.so.1"
mkdir "$stage/modelzoo/models"
cp "$source_root"/Zoo/*/*.zoo "$stage/modelzoo/models"
cp "$source_root/LICENSE" "$stage"

# The libraries that it needs, each with its licence. Swift's lose their symbols, and JBIG-KIT gives way to jbig.c.
cc -O2 -shared -fPIC -Wl,-soname,libjbig.so.0 -o "$work/libraries/libjbig.so.0" "$source_root/Packaging/jbig.c"
swift=$(ldd "$build/zoo" | awk '$1 == "libswiftCore.so" { print $3 }')
[ -z "$swift" ] || swift=$(dirname "$swift")
bundled=0
while read -r name file; do
  case $name in
    libc.so.*|libm.so.*|libstdc++.so.*|libgcc_s.so.*|libz.so.*) continue ;; # manylinux counts on them
    libjbig.so.*) ;;
    *)
      if [ -n "$swift" ] && [ "$(dirname "$file")" = "$swift" ]; then
        strip --strip-unneeded -o "$work/libraries/$name" "$file"
        cp "$swift/../../../share/swift/LICENSE.txt" "$stage/third-party/Swift.txt"
      else
        file=$(readlink -f "$file")
        # dpkg may know a file by its name before /lib became /usr/lib.
        owner=$(dpkg -S "$file" 2>/dev/null || dpkg -S "${file#/usr}") \
          || { echo "wheel: dpkg knows no package of $file, and so no licence" >&2; exit 69; }
        owner=${owner%%:*}
        cp "/usr/share/doc/$owner/copyright" "$stage/third-party/$owner.txt"
      fi ;;
  esac
  bundled=$((bundled + 1))
done < <(LD_LIBRARY_PATH=$swift ldd "$library" | awk '$2 == "=>" { print $1, $3 }')

(cd "$stage" && "$tools/python3" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
  --wheel-dir "$work" .)
PATH=$tools:$PATH LD_LIBRARY_PATH=$work/libraries "$tools/auditwheel" repair --only-plat --wheel-dir "$work/repaired" \
  "$work"/modelzoo-*.whl 2>"$work/said" || { cat "$work/said" >&2; exit 70; }
wheel=$(echo "$work"/repaired/*.whl)
copies=$("$tools/python3" -m zipfile -l "$wheel" | grep -c '^modelzoo\.libs/lib')
[ "$copies" = "$bundled" ] || { echo "wheel: $copies libraries are in it, and licences are for $bundled" >&2; exit 70; }
rm -f "$out"/modelzoo-*.whl
mv "$wheel" "$out"
echo "$out/$(basename "$wheel"): $(du -h "$out/$(basename "$wheel")" | cut -f1)"
