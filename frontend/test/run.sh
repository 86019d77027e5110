#!/bin/sh
# Builds the page and runs all of its tests: types, units, browser. Needs Debian's nodejs, npm and chromium.
#
#   sh frontend/test/run.sh                       everything, against a small server in memory
#   PIXMILL_URL=http://... sh frontend/test/run.sh   the browser tests that the case allows, against a running daemon,
#       or several: PIXMILL_URL="http://... http://..."; PIXMILL_UPLOAD_TOKEN, PIXMILL_OPERATOR_TOKEN: their tokens, where they
#       want them, of the latter one for each
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

sh test/check.sh
exec node_modules/.bin/playwright test -c test/playwright.config.mjs "$@"
