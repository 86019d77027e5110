#!/bin/sh
# The reference pages are what the program says of itself now. usage: docs_fresh.sh PIXMILL
set -eu
pixmill=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

docs/generate.sh "$pixmill" "$work/pages"
[ -s "$work/pages/command-line.md" ] && [ -s "$work/pages/core.md" ] || { echo "no pages were written"; exit 1; }
if ! diff -ru docs/reference "$work/pages" >"$work/diff"; then
    head -n 60 "$work/diff"
    echo "docs/reference is stale: run ./dev docs and commit it"
    exit 1
fi
echo "the reference pages are fresh"
