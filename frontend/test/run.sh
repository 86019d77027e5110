#!/bin/sh
# Builds the page and runs all of its tests: types, units, browser. Needs Debian's nodejs, npm and chromium.
#
#   sh frontend/test/run.sh                       everything, against a small server in memory
#   PIXMILL_URL=http://... sh frontend/test/run.sh   the browser tests that the case allows, against a running daemon;
#       PIXMILL_UPLOAD_TOKEN, PIXMILL_OPERATOR_TOKEN: its tokens, where it wants them
#   PIXMILL_CHROMIUM: another browser than /usr/bin/chromium
#
# Screenshots of every state are left in frontend/shots. With a daemon, the gallery it has is emptied.
set -eu
cd "$(dirname "$0")/.."

die() {
    printf 'run.sh: %s\n' "$*" >&2
    exit 1
}

for program in node npm "${PIXMILL_CHROMIUM:-chromium}"; do
    command -v "$program" >/dev/null || die "$program is missing: apt-get install nodejs npm chromium"
done

# The lock file of what was installed is the one npm left; it is older than ours when something changed.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
fi

node build.mjs
node_modules/.bin/tsc -p .
node_modules/.bin/prettier --check --log-level warn .
node --test test/unit/*.test.mjs
exec node_modules/.bin/playwright test -c test/playwright.config.mjs "$@"
