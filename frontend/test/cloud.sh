#!/bin/sh
# The browser tests marked @real and @cloud, against the template of deploy/aws running here, once for each of Playwright's workers:
# sh frontend/test/cloud.sh BUILD, a folder of CMake's with the host for Lambda. The page has to be built.
set -eu
build=$(realpath "$1")
shift
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root/frontend"
folder=$(mktemp -d)
cloud=
# The cloud ends when nobody holds its standard input any more.
stop() {
    exec 3>&-
    [ -z "$cloud" ] || wait "$cloud" 2>/dev/null || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

deploy=$(sh "$root/tests/npm.sh" deploy)
gate=$(sh "$root/tests/npm.sh" aws-gate)
mkfifo "$folder/input" "$folder/told"
NODE_PATH="$deploy" AWS_GATE_MODULES="$gate" \
    node "$root/tests/deploy/serve.js" "$build/libexec/pixmill/bootstrap" dist 2 <"$folder/input" >"$folder/told" 3>&- &
cloud=$!
exec 3>"$folder/input"
# Where it does not start it closes its output, and the line is empty.
read -r told <"$folder/told" || exit 1
PIXMILL_CLOUD=$told node_modules/.bin/playwright test -c test/playwright.config.mjs "$@" 3>&-
