#!/bin/sh
# The daemon when much goes on at once: slow clients, full queues, projects that change while it works.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=serve_lib.sh
. "$(dirname "$0")/serve_lib.sh"
without_leak_check
turned=$SOURCE/pipelines/fixtures/turned.jpg

# Waits until a command succeeds.
await() {
    tries=0
    while [ $tries -lt $patience ]; do
        ! "$@" 2>/dev/null || return 0
        tries=$((tries + 1))
        sleep 0.05
    done
    complain "in vain: $*"
}

# All processes under one.
below() {
    for child in $(pgrep -P "$1"); do
        below "$child"
        echo "$child"
    done
}

# Signals all processes of the daemon but itself.
signal_workers() {
    for process in $(below "$daemon"); do
        kill -"$1" "$process" 2>/dev/null
    done
}

busy_is() {
    operate GET /admin/status
    [ "$(($(json workers.0.busy) + $(json workers.1.busy)))" = "$1" ]
}

# An upload that stands still in the middle: its bytes come from descriptor 3. Its answer is in ./late.
begin_slow_upload() {
    rm -f pipe && mkfifo pipe
    curl -sS -v -o late -H 'Content-Type: image/jpeg' -H 'Expect: 100-continue' -H 'Transfer-Encoding: chunked' \
        -X POST -T - "$address${1:-/upload}" <pipe 2>trace &
    uploader=$!
    exec 3>pipe
    await grep -q 'HTTP/1.1 100' trace
}

end_slow_upload() {
    cat "$turned" >&3
    exec 3>&-
    wait "$uploader"
    status=$(sed -n 's/^< HTTP\/1.1 \([2-5]..\).*/\1/p' trace | tail -n 1)
    cp late "$work/out"
}

it clients_that_read_slowly_keep_nobody_out
make_app
serve --workers 1
mkdir -p state/images/uploads && head -c 25000000 /dev/zero >state/images/uploads/large.jpg
readers=''
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
    curl -sS -o "slow.$n" --limit-rate 1000 "$address/uploads/large.jpg" 2>/dev/null &
    readers="$readers $!"
    await test -s "slow.$n"
done
ask GET /images
expect_status 200
upload "$turned"
expect_status 201
for reader in $readers; do
    kill "$reader"
    wait "$reader" 2>/dev/null
done
stop_daemon
expect_code 0

it what_is_refused_takes_no_place
make_app
printf '%s\n' 'version: 1' 'inputs: {file: {type: blob}}' 'triggers:' \
    '  kept: {http: {method: POST, path: /kept, auth: operator}, bind: {file: "${event.body}"}}' \
    'steps: [{id: kept, in: input.file, put: {store: images, key: "kept/${run.id}"}}]' >app/kept.yaml
serve --workers 1
signal_workers STOP
for n in 1 2 3 4 5 6 7 8; do
    curl -sS -o "refused.$n" --data-binary "@$turned" "$address/kept" &
    wait $!
    expect_equal "$(json_get code <"refused.$n")" auth.missing code
done
signal_workers CONT
operate POST /kept --data-binary "@$turned"
expect_status 204
stop_daemon

it a_pipeline_has_no_more_waiting_than_it_says
make_app
printf '%s\n' 'version: 1' 'concurrency: {max: 1, queue: 1}' 'triggers: {one: {http: {method: GET, path: /one}}}' \
    'steps: [{id: page, lookup: {table: images, key: none}, on_error: {table.not_found: skip}}]' 'output: {page: true}' >app/one.yaml
sed -e 's/queue: 1/queue: 1, when_full: wait/' -e 's/one/two/g' -e 's/key: ntwo/key: none/' app/one.yaml >app/two.yaml
serve --workers 4
signal_workers STOP
runners=''
for n in 1 2 3; do
    curl -sS -D "head.$n" -o "one.$n" "$address/one" &
    runners="$runners $!"
done
await grep -q '"code":"pipeline.full"' one.1 one.2 one.3
grep -qi '^Retry-After: ' head.1 head.2 head.3 || complain 'no Retry-After'
for n in 1 2 3 4; do
    curl -sS -o "two.$n" "$address/two" &
    runners="$runners $!"
done
signal_workers CONT
# shellcheck disable=SC2086
wait $runners
expect_equal "$(cat one.* | grep -o '"page":true' | wc -l)" 2 'answers of those that fit'
expect_equal "$(cat two.* | grep -o '"page":true' | wc -l)" 4 'answers of those that wait'
stop_daemon

it an_upload_that_began_before_a_reload_ends_well
make_app
serve
begin_slow_upload
processes=$(below "$daemon" | wc -l)
operate POST /admin/reload
expect_status 202
await_log 'loaded anew'
end_slow_upload
expect_status 201
filename=$(json filename)
await_status "$filename" ready
old_is_gone() { [ "$(below "$daemon" | wc -l)" = "$processes" ]; }
await old_is_gone
stop_daemon
expect_code 0

it a_change_while_a_project_is_loaded_is_not_missed
make_app
serve
for n in 1 2 3 4 5; do
    printf '%s\n' 'version: 1' 'triggers: {ask: {http: {method: GET, path: /version}}}' \
        'steps: [{id: page, lookup: {table: images, key: none}, on_error: {table.not_found: skip}}]' \
        "output: {version: $n}" >app/draft && mv app/draft app/version.yaml
    kill -HUP "$daemon"
done
last_counts() {
    ask GET /version
    [ "$(json version)" = 5 ]
}
await last_counts
stop_daemon

it a_signed_url_measures_what_does_not_say_how_long_it_is
make_app
sed -i 's/bytes: 25MiB/bytes: 100B/' app/presign.yaml
serve
ask POST /uploads -H 'Content-Type: application/json' -d '{"content_type": "image/jpeg"}'
expect_status 201
url=$(json url)
ask PUT "$url" -H 'Content-Type: image/jpeg' --data-binary "@$turned"
expect_status 413
ask PUT "$url" -H 'Content-Type: image/jpeg' -H 'Transfer-Encoding: chunked' --data-binary "@$turned"
expect_status 413
stop_daemon

it requests_that_differ_in_their_headers_are_not_the_same
make_app
printf '%s\n' 'version: 1' 'inputs: {file: {type: blob}, who: {type: string}}' 'triggers:' \
    '  echo:' '    http: {method: POST, path: /echo}' \
    "    bind: {file: '\${event.body}', who: \"\${event.headers['x-who']}\"}" \
    'steps: [{id: image, in: input.file, decode: {}}]' 'output: {who: "${input.who}"}' >app/echo.yaml
serve
signal_workers STOP
runners=''
for n in 1 2 3; do
    curl -sS -o "echo.$n" -H "X-Who: $n" --data-binary "@$turned" "$address/echo" &
    runners="$runners $!"
done
in_flight() {
    operate GET /metrics
    [ "$(sed -n 's/^pixmill_http_connections //p' "$work/out")" -ge 3 ]
}
await in_flight
signal_workers CONT
# shellcheck disable=SC2086
wait $runners
for n in 1 2 3; do
    expect_equal "$(cat echo.$n)" "{\"who\":\"$n\"}" "echo.$n"
done
stop_daemon

it a_key_counts_without_a_body_too
make_app
printf '%s\n' 'version: 1' 'triggers: {make: {http: {method: POST, path: /make}}}' \
    'steps: [{id: page, lookup: {table: images, key: none}, on_error: {table.not_found: skip}}]' \
    'output: {id: "${run.id}"}' >app/make.yaml
serve
ask POST /make -H 'Idempotency-Key: one'
expect_status 200
first=$(json id)
ask POST /make -H 'Idempotency-Key: one'
expect_json id "$first"
ask POST /make -H 'Idempotency-Key: two'
[ "$(json id)" != "$first" ] || complain 'another key is another run'
stop_daemon

it a_page_whose_name_leads_to_this_machine_reads_nothing
make_app
serve
ask GET /metrics
expect_status 200
ask GET /metrics -H 'Host: rebound.example'
expect_status 401
ask GET /metrics -H 'Host: localhost.example'
expect_status 401
ask GET /images -H 'Host: rebound.example'
expect_status 421
stop_daemon

it the_first_messages_of_two_queues_are_two_runs
make_app
sed -i '/^  aws:/,$d' app/pixmill.yaml
printf '    queues:\n      first: {sqlite: {path: "%s", queue: q}}\n      other: {sqlite: {path: "%s", queue: q}}\n' \
    "$PWD/first.db" "$PWD/other.db" >>app/pixmill.yaml
printf '%s\n' 'version: 1' 'triggers: {tell: {http: {method: POST, path: /tell, status: 202}}}' \
    'steps: [{send: {queue: first, body: {n: 1}}}, {send: {queue: other, body: {n: 1}}}]' >app/tell.yaml
for queue in first other; do
    printf '%s\n' 'version: 1' 'inputs: {n: {type: int}}' 'triggers:' \
        "  got: {message: {queue: $queue}, bind: {n: '\${event.json.n}'}}" 'steps:' \
        "  - record: {table: images, key: '\${run.id}', if_absent: true, set: {name: $queue, created_at: '\${run.time}'}}" \
        >"app/$queue.yaml"
done
serve
ask POST /tell
expect_status 202
both_are_there() {
    ask GET /images
    grep -q '"name":"first"' "$work/out" && grep -q '"name":"other"' "$work/out"
}
await both_are_there
stop_daemon

it what_is_coming_in_has_its_room_on_the_disk
make_app
if mount_small state 100m; then
    serve
    begin_slow_upload
    chunked() { ask POST /upload -H 'Content-Type: image/jpeg' -H 'Transfer-Encoding: chunked' --data-binary "@$turned"; }
    chunked
    expect_status 507
    expect_json code store.full
    upload "$turned"
    expect_status 201
    end_slow_upload
    expect_status 201
    chunked
    expect_status 201
    stop_daemon
    expect_code 0
else
    skip 'no small file system may be mounted here'
fi

it what_a_full_journal_could_not_take_is_told_again
make_app
if mount_small state 100m; then
    serve
    signal_workers STOP
    curl -sS -o first -H 'Idempotency-Key: one' -H 'Content-Type: image/*' --data-binary "@$turned" \
        "$address/upload?filename=$(basename "$turned")" &
    uploader=$!
    await busy_is 1
    head -c 200m /dev/zero >state/images.fill 2>"$work/err"
    signal_workers CONT
    wait "$uploader"
    expect_equal "$(json_get status <first)" 507 'status with a full disk'
    ask GET /ready
    expect_status 503
    rm state/images.fill
    again() {
        upload "$turned" -H 'Idempotency-Key: one'
        [ "$status" = 201 ]
    }
    await again
    first=$filename
    await_status "$first" ready
    await_rest
    upload "$turned" -H 'Idempotency-Key: one'
    expect_json filename "$first"
    ask GET /images
    expect_equal "$(grep -o '"filename"' "$work/out" | wc -l)" 1 records
    healed() {
        ask GET /ready
        [ "$status" = 200 ]
    }
    await healed
    stop_daemon
    expect_code 0
else
    skip 'no small file system may be mounted here'
fi

it a_lost_journal_is_made_up_for_whatever_comes_in_between
make_app
serve
for n in 1 2 3; do
    upload "$turned" -H "Idempotency-Key: $n"
    await_status "$filename" ready
done
await_rest
stop_daemon
rm -r state/journal.db state/images/thumbnails
serve
await_log 'the journal was damaged'
stop_daemon KILL
serve
operate POST /admin/reload
expect_status 202
await_log 'loaded anew'
await_log 'looked at all objects again'
await_rest
expect_equal "$(find state/images/thumbnails -name 320.webp | wc -l)" 3 'pictures with thumbnails'
stop_daemon
expect_code 0
serve
if grep -q 'was damaged' log; then complain 'what was made up for is told again'; fi
stop_daemon

it what_is_left_when_it_must_stop_at_once_leaves_no_trace
make_app
serve
begin_slow_upload
signal_workers STOP
upload "$turned" -H 'Idempotency-Key: two' &
uploader=$!
await busy_is 1
kill -TERM "$daemon"
await_log stopping
stop_daemon
expect_code 0
wait "$uploader" 2>/dev/null
exec 3>&-
expect_equal "$(count_files state/spool)" 0 'files in the spool'
serve
upload "$turned" -H 'Idempotency-Key: two'
expect_status 201
await_status "$filename" ready
await_rest
ask GET /images
expect_equal "$(grep -o '"filename"' "$work/out" | wc -l)" 1 records
stop_daemon

done_testing
