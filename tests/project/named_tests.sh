#!/bin/sh
# Tests that docs/testing.md names are there.
set -eu
cd "$(dirname "$0")/../.."
missing=0 count=0
for name in $(sed -n '/^# How pixmill is tested/,$p' docs/testing.md | grep -o '`[a-z0-9_]*_[a-z0-9_]*`' | tr -d '`' | sort -u); do
    count=$((count + 1))
    if ! grep -rqwF "$name" tests --include='*.c' --include='*.test.sh' --include=CMakeLists.txt; then
        echo "there is no test $name"
        missing=1
    fi
done
[ "$count" -gt 30 ] || { echo "only $count names were found" && exit 1; }
exit $missing
