#!/bin/sh
# Pipelines whose plugin does what no plugin should, beside those of other people: who asked for it has a failure, and
# nobody else has.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
export PIXMILL_PLUGIN_PATH="${EVIL:?}"

# The app with three more pipelines: one does a deed when it is asked to, one puts an object that lets the third crash,
# which says so in a record.
make_evil() {
    make_app
    printf '%s\n' 'version: 1' 'inputs: {deed: {type: string}, nonce: {type: string, default: ""}}' \
        'triggers: {go: {http: {method: POST, path: /deed}, bind: {deed: "${event.json.deed}", nonce: "${event.json.nonce}"}}}' \
        'limits: {time: 1s}' \
        'steps: [{id: done, evil.do: {deed: "${input.deed}"}}]' 'output: {error: "${steps.done.error}"}' >app/deed.yaml
    printf '%s\n' 'version: 1' 'inputs: {file: {type: blob}}' \
        'triggers: {go: {http: {method: POST, path: /bait}, bind: {file: "${event.body}"}}}' \
        'steps: [{in: input.file, put: {store: images, key: "bait/${run.id}"}}]' 'output: {name: "${run.id}"}' >app/bait.yaml
    printf '%s\n' 'version: 1' 'inputs: {key: {type: string}}' \
        'triggers: {put: {object_created: {store: images, prefix: bait/}, bind: {key: "${event.key}"}}}' \
        'steps: [{evil.do: {deed: segv}}]' \
        'on_failure:' '  - {record: {table: images, key: "${basename(input.key)}", set: {status: failed, error: "${error.code}"}}}' \
        >app/trap.yaml
}

# Others ask all the time, in the background, until the file `over` is there; what they were answered is in ./others.
begin_others() {
    rm -f over
    : >others
    (
        while [ ! -e over ]; do
            curl -s -o /dev/null -w '%{http_code}\n' "$address/images" >>others
            curl -s -o /dev/null -w '%{http_code}\n' "$address/health" >>others
        done
    ) &
    crowd=$!
    children="$crowd $children"
}

expect_others_undisturbed() {
    : >over
    wait "$crowd"
    [ "$(wc -l <others)" -gt 10 ] || complain 'nobody else asked'
    expect_equal "$(grep -cv '^200$' others)" 0 'failures of others'
}

it a_plugin_that_dies_or_hangs_costs_its_own_request_alone
make_evil
: >ledger
deeds='segv exit0 spin abort leak_memory leak_descriptors overflow sleep block close nonsense kill_parent'
for deed in $deeds; do # a pipeline for each, as one that ended five workers rests
    sed "s|/deed|/$deed|" app/deed.yaml >"app/$deed.yaml"
done
serve
begin_others
number=0
for deed in $deeds; do
    number=$((number + 1))
    ask POST "/$deed" -H 'Content-Type: application/json' -d "{\"deed\": \"$deed\"}"
    case $deed:$status in
        leak*:200 | kill_parent:200) ;;
        spin:504 | sleep:504 | block:504) ;;
        segv:500 | exit0:500 | abort:500 | overflow:500 | close:500 | nonsense:500) ;;
        *) complain "$deed got $status" ;;
    esac
    picture one.jpg "$number $deed"
    insist one.jpg "beside-$number"
done
expect_others_undisturbed
expect_health
expect_sound
stop_daemon
expect_code 0

it an_input_that_ended_two_workers_is_not_tried_again
make_evil
serve
for expected in 500 500 422 422; do
    ask POST /deed -H 'Content-Type: application/json' -d '{"deed": "segv", "nonce": "the same"}'
    expect_status $expected
done
expect_json code input.poison
operate GET /admin/status
expect_health
stop_daemon

it a_pipeline_that_ended_five_workers_rests
make_evil
serve
for number in 1 2 3 4 5; do
    ask POST /deed -H 'Content-Type: application/json' -d "{\"deed\": \"segv\", \"nonce\": \"$number\"}"
    expect_status 500
done
ask POST /deed -H 'Content-Type: application/json' -d '{"deed": "nothing", "nonce": "good"}'
expect_status 503
expect_json code pipeline.suspended
[ "$(header Retry-After)" -gt 0 ] || complain 'it does not say when to come again'
ask GET /images
expect_status 200
stop_daemon

it a_job_that_ends_workers_becomes_a_dead_letter_and_its_record_says_so
make_evil
serve
ask POST /bait -H 'Content-Type: text/plain' -d bait
case $status in 2*) ;; *) complain "status $status for the bait" ;; esac
name=$(json name)
await_status "$name" failed
expect_json error input.poison
await_rest
operate GET /admin/dead
expect_json items.0.cause.code input.poison
expect_json items.0.pipeline trap
expect_health
stop_daemon

it a_job_that_takes_too_much_memory_says_so_in_its_dead_letter
make_evil
sed -i 's/deed: segv/deed: kill_self/' app/trap.yaml # as the kernel does where memory ends
serve
ask POST /bait -H 'Content-Type: text/plain' -d bait
name=$(json name)
await_status "$name" failed
expect_json error worker.memory
await_rest
operate GET /admin/dead
expect_json items.0.cause.code worker.memory
expect_json items.0.attempts 2
expect_health
stop_daemon

done_testing
