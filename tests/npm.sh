#!/bin/sh
# Fetches what package-lock.json of a folder of tests names, once for all builds of this tree, and says where its node_modules
# is. usage: npm.sh AREA, a folder beside this file
set -eu
here=$(cd "$(dirname "$0")" && pwd)
into=$(dirname "$here")/build/npm/$1
mkdir -p "$into"
cd "$into"
exec 9>lock
flock 9 # others may be about the same
if ! cmp -s "$here/$1/package-lock.json" installed; then
    cp "$here/$1/package.json" "$here/$1/package-lock.json" .
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 9>&-
    cp "$here/$1/package-lock.json" installed
fi
echo "$into/node_modules"
