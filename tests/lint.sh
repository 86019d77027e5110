#!/bin/sh
# clang-tidy, by .clang-tidy, and cppcheck over what is shipped. usage: tests/lint.sh BUILD_FOLDER [FILE...]
# The folder holds compile_commands.json of a build by clang.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
[ -r "$build/compile_commands.json" ] || {
    echo "$build has no compile_commands.json; build it first" >&2
    exit 2
}
[ $# -gt 0 ] || set -- $(find core plugins runtimes -name '*.c' | sort)
failed=0

echo "clang-tidy: $# files"
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 4 clang-tidy -p "$build" --quiet 2>"$build/clang-tidy.log" || failed=1
# What it counts ("12 warnings generated") is of headers that are not ours; anything else is a failure of its own.
grep -vE '^[0-9]+ warnings?( and [0-9]+ errors?)? generated|^Suppressed|^Use -header-filter' "$build/clang-tidy.log" || true

echo "cppcheck"
cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
    --suppress=missingIncludeSystem --suppress=unknownMacro -D_GNU_SOURCE -D__GNUC__ -D__x86_64__ -D__linux__ \
    -DPXM_PLUGIN_FROM_BIN='""' -DPXM_PLUGIN_INSTALLED='""' -DPXM_VERSION='""' -DPXM_DAEMON_FROM_BIN='""' -DPXM_LAMBDA_FROM_BIN='""' -DPXM_LAMBDA_INSTALLED='""' -DPXM_DAEMON_INSTALLED='""' \
    -I include -I core -I plugins -I plugins/resize -I plugins/vips -I runtimes -I runtimes/cli -j "$(nproc)" "$@" || failed=1

[ $failed = 0 ] && echo "nothing to complain about"
exit $failed
