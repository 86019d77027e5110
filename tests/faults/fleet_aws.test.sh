#!/bin/sh
# Several daemons on one bucket and one table, of which one after another is killed in the middle of uploads.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../aws-gate/gate_lib.sh
. "$(dirname "$0")/../aws-gate/gate_lib.sh"

it nothing_acknowledged_is_lost_or_done_twice_when_daemons_of_a_fleet_are_killed
start_gate
export IMAGES_BUCKET=images DDB_TABLE=Images PIXMILL_PROFILE=aws
make_app
run pixmill tables create --project app
expect_code 0
run fleet "$DAEMON" app "$PWD/states" "$turned" 3 "$KILLS" "${gate_control##*:}" 1
expect_code 0
sed 's/^/# /' "$work/out"
for log in states/*.log; do
    if grep -qF -e "$gate_secret" -e Signature= "$log"; then complain "a secret is in $log"; fi
done
if grep -rqF "$gate_secret" states; then complain 'a secret is in a state folder'; fi

done_testing
