#!/bin/sh
# The browser tests marked @real, against daemons of their own on free ports, one for each of Playwright's workers:
# sh frontend/test/real.sh PIXMILL. The page has to be built.
set -eu
pixmill=$(realpath "$1")
shift
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
daemons='' addresses='' tokens=''
stop() {
    for daemon in $daemons; do kill "$daemon" 2>/dev/null || true; done
    for daemon in $daemons; do wait "$daemon" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

# start NUMBER
start() {
    "$pixmill" serve --project ../pipelines --state "$folder/$1" --port 0 --site dist >"$folder/$1.log" 2>&1 </dev/null &
    daemon=$!
    daemons="$daemons $daemon"
    address='' tries=0
    while [ -z "$address" ] && [ $tries -lt 6000 ] && kill -0 "$daemon" 2>/dev/null; do
        sleep 0.05
        tries=$((tries + 1))
        address=$(sed -n 's/.*ready on \(http:[^ "]*\).*/\1/p' "$folder/$1.log")
    done
    [ -n "$address" ] || {
        cat "$folder/$1.log" >&2
        exit 1
    }
    addresses="$addresses $address"
    tokens="$tokens $(cat "$folder/$1/operator.token")"
}
start 1
start 2
PIXMILL_URL=${addresses# } PIXMILL_OPERATOR_TOKEN=${tokens# } \
    node_modules/.bin/playwright test -c test/playwright.config.mjs "$@"
