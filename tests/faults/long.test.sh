#!/bin/sh
# A daemon that has done some thousand jobs holds no more than one that has done a thousand.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
rounds=4 requests=1000 growth_kb_max=2048
[ -z "$SANITIZED" ] || requests=100

# What process it is that workers are forked from: the one without a thread.
zygote() {
    for pid in $(cat "/proc/$daemon/task/$daemon/children"); do
        [ "$(ls "/proc/$pid/task" | wc -l)" -gt 1 ] || echo "$pid"
    done
}

resident_kb() {
    awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"
}

# Requests that put an object for which a job waits, one after the other.
make_jobs() {
    curl -sS -o /dev/null -w '%{http_code}\n' -H 'Content-Type: text/plain' -d x \
        "$address/note?n=[1-$requests]" 2>>curl.err | grep -cx 200
}

it the_supervisor_and_what_workers_are_forked_from_do_not_grow
make_app
printf '%s\n' 'version: 1' 'inputs: {file: {type: blob}, n: {type: string}}' \
    'triggers: {go: {http: {method: POST, path: /note}, bind: {file: "${event.body}", n: "${event.query.n}"}}}' \
    'steps: [{in: input.file, put: {store: images, key: "notes/${input.n}"}}]' 'output: {n: "${input.n}"}' >app/note.yaml
printf '%s\n' 'version: 1' 'inputs: {key: {type: string}}' \
    'triggers: {put: {object_created: {store: images, prefix: notes/}, bind: {key: "${event.key}"}}}' \
    'steps: [{record: {table: images, key: "note-${basename(input.key)}", set: {status: ready}}}]' >app/noted.yaml
serve
before=$(descriptors "$daemon")
round=0
while [ $round -lt $rounds ]; do
    round=$((round + 1))
    expect_equal "$(make_jobs)" "$requests" 'requests that were answered'
    await_rest
    if [ $round = 1 ]; then
        first=$(resident_kb "$daemon") first_zygote=$(resident_kb "$(zygote)")
    fi
done
last=$(resident_kb "$daemon") last_zygote=$(resident_kb "$(zygote)")
printf '# after %s jobs: supervisor %s kB, %s kB after the first %s; zygote %s and %s kB\n' $((rounds * requests)) "$last" \
    "$first" "$requests" "$last_zygote" "$first_zygote"
if [ -z "$SANITIZED" ]; then
    [ $((last - first)) -le $growth_kb_max ] || complain "the supervisor grew by $((last - first)) kB"
    [ $((last_zygote - first_zygote)) -le $growth_kb_max ] || complain "the zygote grew by $((last_zygote - first_zygote)) kB"
fi
operate GET /admin/jobs
expect_json counts.dead 0
expect_descriptors $((before + 2))
expect_health
stop_daemon
expect_code 0

done_testing
