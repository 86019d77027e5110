#!/bin/sh
# Builds the page and runs all of its tests that need no browser: types, form, units. Needs Debian's nodejs and npm.
set -eu
cd "$(dirname "$0")/.."

# The lock file of what was installed is the one npm left; it is older than ours when something changed.
# shellcheck disable=SC3013
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
fi

node build.mjs
node_modules/.bin/tsc -p .
node_modules/.bin/prettier --check --log-level warn .
exec node --test test/unit/*.test.mjs
