#!/usr/bin/env bash
# The tests under a sanitizer: run.sh address|thread [FILTER]. Fails where a test fails or a report is written, whatever
# became of the process that it is about: tests start many, and some are meant to fail.
set -euo pipefail
umask 022
cd "$(dirname "$0")/../.."
sanitizer=$1
filter=${2:-}
here=Tests/Sanitize

case $sanitizer in
address)
  build=.build-asan
  # What C leaves undefined is found on the way, all of it in one run.
  flags=(-Xswiftc -DADDRESS_SANITIZER -Xcc -fsanitize=undefined) ;;
thread) build=.build-tsan flags=() ;;
*) echo "run.sh: address or thread, not $sanitizer" >&2; exit 64 ;;
esac
flags+=(-c release --sanitize "$sanitizer" --scratch-path $build)

reports=$PWD/$build/reports
rm -rf "$reports"
mkdir -p "$reports"
common=log_path=$reports/report:log_exe_name=1:allocator_may_return_null=1
# SIGBUS is a test's business: files are cut off while they are mapped.
export ASAN_OPTIONS=$common:handle_sigbus=0:detect_leaks=0 UBSAN_OPTIONS=$common:print_stacktrace=1
if [ "$sanitizer" = thread ]; then
  clang -O2 -shared -fPIC $here/mutex_order.c -o $build/mutex_order.so
  export TSAN_OPTIONS=$common:suppressions=$PWD/$here/thread.supp LD_PRELOAD=$PWD/$build/mutex_order.so
fi

options=()
[ -z "$filter" ] || options+=(--filter "$filter")
while read -r test _; do options+=(--skip "$test"); done < <(grep -v '^#' $here/$sanitizer.skip)
status=0
swift test "${flags[@]}" "${options[@]}" || status=$?
# Sixteen threads with four models.
if [ -z "$filter" ] || [ "$filter" = Soak ]; then
  swift build "${flags[@]}" --product Soak && "$build/release/Soak" "${SOAK_SECONDS:-120}" 16 answers || status=$?
fi
if [ -n "$(ls "$reports")" ]; then
  echo "== Reports in $build/reports:"
  grep -rhE '^SUMMARY|runtime error' "$reports" | sort | uniq -c
  status=1
fi
exit $status
