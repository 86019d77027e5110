#!/bin/sh
# Runs every fuzz target for some seconds, from its corpus. What it learns stays in BUILD_FOLDER/fuzz for the next time;
# an input that breaks it is kept there and named. usage: tests/fuzz/run.sh BUILD_FOLDER [SECONDS] [TARGET...]
set -eu
cd "$(dirname "$0")/../.."
build=$(cd "$1" && pwd)
cd tests/fuzz
seconds=${2:-60}
[ $# -lt 2 ] || shift
shift
[ $# -gt 0 ] || set -- $(ls fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
failed=0

for what in "$@"; do
    learned=$build/fuzz/$what
    mkdir -p "$learned" "$build/fuzz/broken"
    dictionary=
    [ ! -e "$what.dict" ] || dictionary=-dict=$what.dict
    echo "fuzz_$what: $seconds seconds"
    # shellcheck disable=SC2086
    if "$build/bin/fuzz_$what" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
        -artifact_prefix="$build/fuzz/broken/$what-" $dictionary "$learned" "corpus/$what" \
        >"$build/fuzz/$what.log" 2>&1; then
        tail -n 1 "$build/fuzz/$what.log"
    else
        tail -n 40 "$build/fuzz/$what.log"
        failed=1
    fi
done
exit $failed
