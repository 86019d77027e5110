#!/bin/sh
# Lets the AWS SDK for JavaScript prove the gate right: before its own store, before s3rver, dynalite and fauxqs. And what it
# tells browsers.
# usage: run.sh NODE_MODULES
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export NODE_PATH="$1" NODE_NO_WARNINGS=1
node "$here/sdk.test.js"
node "$here/sdk.test.js" --upstream
node "$here/sdk_table.test.js"
node "$here/sdk_queue.test.js"
node "$here/cors.test.js"
