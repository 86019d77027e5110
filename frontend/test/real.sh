#!/bin/sh
# The browser tests marked @real, against a daemon of their own on a free port: sh frontend/test/real.sh PIXMILL
set -eu
pixmill=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
daemon=
stop() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    [ -z "$daemon" ] || wait "$daemon" 2>/dev/null || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

"$pixmill" serve --project ../pipelines --state "$folder/state" --port 0 --site dist >"$folder/log" 2>&1 </dev/null &
daemon=$!
address= tries=0
while [ -z "$address" ] && [ $tries -lt 600 ] && kill -0 "$daemon" 2>/dev/null; do
    sleep 0.05
    tries=$((tries + 1))
    address=$(sed -n 's/.*ready on \(http:[^ "]*\).*/\1/p' "$folder/log")
done
[ -n "$address" ] || {
    cat "$folder/log" >&2
    exit 1
}
PIXMILL_URL=$address PIXMILL_OPERATOR_TOKEN=$(cat "$folder/state/operator.token") \
    node_modules/.bin/playwright test -c test/playwright.config.mjs "$@"
