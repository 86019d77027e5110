#!/bin/sh
# Several daemons on one bucket, one table and one queue, of which one after another is killed while uploads go through them
# and past them.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../aws-gate/gate_lib.sh
. "$(dirname "$0")/../aws-gate/gate_lib.sh"

it nothing_put_past_a_fleet_or_through_it_is_lost_or_done_twice_when_daemons_are_killed
start_gate
control /settings '{"gate":{"notify":{"queue":"messages","prefix":"uploads/"}}}'
export IMAGES_BUCKET=images DDB_TABLE=Images IMAGES_QUEUE=messages PIXMILL_PROFILE=aws-queue
make_app
run pixmill tables create --project app
expect_code 0
run fleet "$DAEMON" app "$PWD/states" "$turned" 3 $((KILLS / 2 + 1)) "${gate_control##*:}" 1 messages letters
expect_code 0
sed 's/^/# /' "$work/out"
for log in states/*.log; do
    if grep -qF -e "$gate_secret" -e Signature= "$log"; then complain "a secret is in $log"; fi
done
if grep -rqF -e "$gate_secret" states; then complain 'a secret is in a state folder'; fi

done_testing
