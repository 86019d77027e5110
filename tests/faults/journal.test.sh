#!/bin/sh
# The journal through the whole daemon: a long backlog, and a file that was damaged.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

it a_backlog_is_worked_off_and_requests_go_on
begin_app
insist "$turned" one
await_rest
stop_daemon
jobs=10000
[ -z "$SANITIZED" ] || jobs=500
run backlog "$PWD/state" $jobs uploads/gone.jpg
expect_code 0
begun=$(date +%s%N)
serve
printf '# ready after %s ms with %s jobs\n' $((($(date +%s%N) - begun) / 1000000)) "$jobs"
operate GET /admin/jobs
[ "$(json counts.ready)" -gt 0 ] || complain 'no job was waiting'
picture other.jpg other
insist other.jpg two
stop_daemon KILL
serve
tries=0
while [ "$(operate GET /admin/jobs && json counts.ready)" != 0 ] && [ $tries -lt $patience ]; do
    tries=$((tries + 1))
    sleep 0.05
done
expect_sound
stop_daemon
expect_code 0

it a_damaged_journal_is_set_aside_and_said_so
begin_app
insist "$turned" one
await_rest
stop_daemon
size=$(wc -c <state/journal.db)
for at in 20 $((size / 3)) $((size / 2)) $((size - 40)); do
    printf '\125\252\125\252\125\252\125\252' | dd of=state/journal.db bs=1 seek=$at conv=notrunc 2>/dev/null
    serve
    picture one.jpg "damage $at"
    insist one.jpg "damage-$at"
    await_rest
    stop_daemon
    expect_code 0
done
find state -name 'journal*' | grep -qv -e 'journal.db$' -e 'journal.mark$' || complain 'nothing was set aside'

it what_waited_in_a_lost_journal_is_found_in_the_store
begin_app
insist "$turned" one
await_rest
stop_daemon
# An original whose job is in no journal any more, and of which there is nothing else either.
mkdir before && cp state/pixmill.db* before
serve
picture lost.jpg lost
insist lost.jpg unowned-lost # its record will be made of the original alone, which does not tell whose it is
await_rest
stop_daemon
rm -rf "state/images/thumbnails/${filename%.*}" state/pixmill.db*
cp before/pixmill.db* state
head -c 100 state/journal.db >short && cp short state/journal.db && rm -f state/journal.db-wal
serve
grep -qF 'the journal was damaged' log || complain "it is silent: $(cat log)"
await_status "$filename" ready
expect_sound
stop_daemon

done_testing
