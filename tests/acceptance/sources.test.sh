#!/bin/sh
# What starts pipelines of a daemon besides requests: messages, schedules, files that somebody drops into a store.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=serve_lib.sh
. "$(dirname "$0")/serve_lib.sh"
without_leak_check
turned=$SOURCE/pipelines/fixtures/turned.jpg
cut=$SOURCE/pipelines/fixtures/cut.jpg # its header is fine, so it is taken; its thumbnails cannot be made

# Pipelines with queues and a schedule: /send puts what it is given into the queue, `take` acts on it.
make_queue_app() {
    mkdir -p app
    printf '%s\n' 'version: 1' 'env: {PIXMILL_STATE: {type: string, default: var}}' 'profiles:' '  local:' \
        '    tables: {seen: {sqlite: {path: "${env.PIXMILL_STATE}/seen.db", table: seen, key: id}}}' \
        '    queues: {mail: {sqlite: {path: "${env.PIXMILL_STATE}/mail.db", queue: mail}}}' >app/pixmill.yaml
    printf '%s\n' 'version: 1' \
        'inputs: {id: {type: string}, fate: {type: string}}' \
        'triggers: {post: {http: {method: POST, path: /send, status: 202},' \
        '                  bind: {id: "${event.json.id}", fate: "${event.json.fate}"}}}' \
        'steps: [{id: sent, send: {queue: mail, body: {id: "${input.id}", fate: "${input.fate}"}}}]' \
        'output: {id: "${steps.sent.id}"}' >app/post.yaml
    printf '%s\n' 'version: 1' \
        'inputs: {id: {type: string}, fate: {type: string}, attempt: {type: int}}' \
        'triggers: {mail: {message: {queue: mail}, bind: {id: "${event.json.id}", fate: "${event.json.fate}",' \
        '                                                 attempt: "${event.attempts}"}}}' 'steps:' \
        '  - {id: later, when: input.fate == "later" and input.attempt < 2,' \
        '     fail: {code: mail.later, message: not yet, transient: true}}' \
        '  - {id: never, when: input.fate == "never", fail: {code: mail.never, message: not ever}}' \
        '  - {id: seen, record: {table: seen, key: "${input.id}", set: {attempt: "${input.attempt}"}}}' >app/take.yaml
    printf '%s\n' 'version: 1' 'inputs: {id: {type: string}}' \
        'triggers: {get: {http: {method: GET, path: "/seen/{id}"}, bind: {id: "${event.path.id}"}}}' \
        'steps: [{id: item, lookup: {table: seen, key: "${input.id}"}}]' \
        'output: ${steps.item.item}' >app/seen.yaml
}

send() {
    ask POST /send -H 'Content-Type: application/json' -d "{\"id\": \"$1\", \"fate\": \"$2\"}"
    expect_status 202
}

# ---- queues, schedules, files ----------------------------------------------------------------------------------------

it a_message_starts_a_pipeline_and_fails_as_it_should
make_queue_app
serve
send one now
await_answer /seen/one 200
expect_json attempt 1
send two later
await_answer /seen/two 200
expect_json attempt 2
send three never
await_json /admin/queues items.0.dead 1
expect_json 'items.#' 1
expect_json items.0.name mail
expect_json items.0.ready 0
expect_json items.0.leased 0
expect_json items.0.oldest_at null
expect_json items.0.error null
operate GET /admin/queues/mail/dead
expect_status 200
expect_json 'items.#' 1
expect_json items.0.body.id three
expect_json items.0.cause.code mail.never
expect_json items.0.attempts 1
expect_json cursor null
letter=$(json items.0.id)
ask GET /seen/three
expect_status 404
operate POST "/admin/queues/mail/dead/$letter/retry"
expect_status 204
await_json /admin/queues items.0.dead 1
send four never
await_json /admin/queues items.0.dead 2
operate GET '/admin/queues/mail/dead?limit=1'
expect_json 'items.#' 1
letter=$(json items.0.id)
operate GET "/admin/queues/mail/dead?limit=1&cursor=$(json cursor)"
other=$(json items.0.id)
[ "$letter" != "$other" ] || complain 'the second page is the first'
for id in "$letter" "$other"; do
    operate DELETE "/admin/queues/mail/dead/$id"
    expect_status 204
done
operate DELETE "/admin/queues/mail/dead/$letter"
expect_status 404
expect_json code queue.not_found
operate GET /admin/queues/mail/dead
expect_json 'items.#' 0
operate GET /admin/queues/none/dead
expect_status 404
operate GET /admin/queues/mail/dead?cursor=nonsense
expect_status 400
operate GET /admin/queues/mail/dead?limit=0
expect_status 400
operate GET /admin/queues/ma%ZZ/dead
expect_status 400
stop_daemon
expect_code 0

it a_message_that_was_sent_before_a_stop_is_seen_after_it
make_queue_app
serve
send one now
stop_daemon
expect_code 0
serve
await_answer /seen/one 200
operate GET /admin/queues
expect_json items.0.dead 0
stop_daemon

it messages_that_wait_for_a_worker_when_it_stops_do_not_wait_for_their_leases
make_queue_app
printf '%s\n' '  - {id: slow, when: input.attempt < 2, fail: {code: mail.slow, message: wait, transient: true},' \
    '     retry: {times: 10, backoff: 1200ms, max: 1200ms}, on_error: {"*": skip}}' 'concurrency: {max: 1}' >>app/take.yaml
serve
for id in one two three; do
    send $id now
done
await_json /admin/queues items.0.leased 3
stop_daemon
expect_code 0
! grep -q 'stops with requests' log || complain 'it stopped only at its deadline'
serve
for id in one two three; do
    await_answer /seen/$id 200
done
stop_daemon

it a_schedule_fires_at_once_and_not_again_before_its_time
make_queue_app
printf '%s\n' 'version: 1' 'inputs: {time: {type: string, pattern: "20[0-9-]+T[0-9:.]+Z"}}' \
    'triggers: {tick: {schedule: {every: 60s}, bind: {time: "${event.time}"}}}' \
    'steps: [{id: seen, record: {table: seen, key: "tick-${run.id}", set: {attempt: 1}}}]' >app/tick.yaml
printf '%s\n' 'version: 1' 'triggers: {get: {http: {method: GET, path: /ticks}}}' \
    'steps: [{id: page, query: {table: seen, limit: 100}}]' 'output: "${steps.page.items}"' >app/ticks.yaml
serve
await_rest
ask GET /ticks
expect_json '.#' 1
for again in 1 2; do
    stop_daemon
    serve
    await_rest
    ask GET /ticks
    expect_json '.#' 1
done
stop_daemon

it a_file_that_is_dropped_into_the_store_gets_its_record
make_app
serve
upload "$turned"
await_status "$filename" ready
cp "$turned" 'state/images/uploads/20200101T000000000-0123456789abcdef0123.jpg'
await_status 20200101T000000000-0123456789abcdef0123.jpg ready
expect_json width 320
ask GET /uploads/20200101T000000000-0123456789abcdef0123.jpg
cmp -s "$turned" "$work/out" || complain 'the original differs'
cp "$cut" 'state/images/uploads/20200101T000000000-ffffffffffffffffffff.jpg'
await_status 20200101T000000000-ffffffffffffffffffff.jpg failed
await_json /admin/dead items.0.event.key uploads/20200101T000000000-ffffffffffffffffffff.jpg
stop_daemon
expect_code 0

done_testing
