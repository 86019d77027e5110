#!/bin/sh
# Fetches what package-lock.json names, once, and lets the AWS SDK for JavaScript prove the gate right: before its own store,
# and before s3rver, before which our own plugin (PROGRAM) goes as well. usage: run.sh FOLDER PROGRAM
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
if ! cmp -s "$here/package-lock.json" installed; then
    cp "$here/package.json" "$here/package-lock.json" .
    npm ci --no-audit --no-fund --loglevel=error
    cp "$here/package-lock.json" installed
fi
export NODE_PATH="$PWD/node_modules" NODE_NO_WARNINGS=1
node "$here/sdk.test.js"
node "$here/sdk.test.js" --upstream
"$2"
