#!/bin/sh
# Objects that did not pass through the daemon, of which their store tells through a queue, as a bucket does.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=serve_lib.sh
. "$(dirname "$0")/serve_lib.sh"
without_leak_check
turned=$SOURCE/pipelines/fixtures/turned.jpg

# The app, whose store has a queue; what is posted to /notify is a message of it.
make_app_with_events() {
    make_app
    cat >app/pixmill.yaml <<'YAML'
version: 1
env: {PIXMILL_STATE: {type: string, default: var}}
profiles:
  local:
    stores:
      images: {localfs: {root: "${env.PIXMILL_STATE}/images"}, events: made}
    tables:
      images:
        sqlite: {path: "${env.PIXMILL_STATE}/pixmill.db", table: images, key: filename, indexes: [tags, owner, status, sha256]}
    queues:
      made: {sqlite: {path: "${env.PIXMILL_STATE}/made.db", queue: made, max_attempts: 3}}
YAML
    cat >app/notify.yaml <<'YAML'
version: 1
inputs: {body: {type: record}}
triggers: {told: {http: {method: POST, path: /notify}, bind: {body: "${event.json}"}}}
steps: [{id: sent, send: {queue: made, body: "${input.body}"}}]
output: {id: "${steps.sent.id}"}
YAML
}

# notify KEY SEQUENCER [MEMBERS]: tells of an object, as S3 does.
notify() {
    printf '{"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "images"}, "object": {"key": "%s", "sequencer": "%s"%s}}}]}' "$1" "$2" "${3:-}" >body.json
    ask POST /notify -H 'Content-Type: application/json' --data-binary @body.json
    expect_status 200
}

it an_object_that_others_put_gets_its_thumbnails_when_the_queue_tells_of_it
make_app_with_events
serve
mkdir -p state/images/uploads
cp "$turned" state/images/uploads/dropped.jpg
notify uploads%2Fdropped.jpg 01
await_status dropped.jpg ready
expect_json width 320
[ -f state/images/thumbnails/dropped/320.webp ] || complain 'there is no thumbnail'
stop_daemon
expect_code 0

it what_comes_twice_and_of_what_the_daemon_put_changes_nothing
make_app_with_events
serve
upload "$turned"
expect_status 201
await_status "$filename" ready
made=$(json created_at)
for sequencer in 02 01 02; do
    notify "uploads/$filename" $sequencer
done
cp "$turned" state/images/uploads/last.jpg
notify uploads/last.jpg 01
await_status last.jpg ready
await_status "$filename" ready
expect_equal "$(json created_at)" "$made" 'the time of the upload'
ask GET '/images?limit=10'
expect_json 'items.#' 2
operate GET /admin/dead
expect_json 'items.#' 0
stop_daemon

it an_event_that_tells_the_etag_of_what_is_ready_already_does_no_work
make_app_with_events
serve
mkdir -p state/images/uploads
cp "$turned" state/images/uploads/dropped.jpg
notify uploads/dropped.jpg 01
await_status dropped.jpg ready
etag=$(json etag) made=$(stat -c '%i %z' state/images/thumbnails/dropped/320.webp)
updated=$(json updated_at)
notify uploads/dropped.jpg 02 ",\"eTag\": \"$(echo "$etag" | tr -d '"')\""
cp "$turned" state/images/uploads/last.jpg
notify uploads/last.jpg 01
await_status last.jpg ready
await_rest
expect_equal "$(stat -c '%i %z' state/images/thumbnails/dropped/320.webp)" "$made" 'the thumbnail'
ask GET /images/dropped.jpg
expect_json updated_at "$updated"
notify uploads/dropped.jpg 03 ',"eTag": "another"'
tries=0
while [ "$(ask GET /images/dropped.jpg; json updated_at)" = "$updated" ] && [ $tries -lt 600 ]; do
    tries=$((tries + 1))
    sleep 0.05
done
[ "$(json updated_at)" != "$updated" ] || complain 'an event of another etag has no effect'
stop_daemon

it what_is_ready_is_not_made_again_when_the_journal_was_lost
make_app
serve
upload "$turned"
expect_status 201
taken=$filename
cp "$turned" state/images/uploads/dropped.jpg
await_status "$taken" ready
await_status dropped.jpg ready
await_rest
stop_daemon
for name in "$taken" dropped.jpg; do
    stat -c '%i %z' "state/images/thumbnails/${name%.*}/320.webp"
done >made
head -c 100 state/journal.db >short && cp short state/journal.db && rm -f state/journal.db-wal
serve
await_log 'looked at all objects again: 2 jobs were added'
await_rest
for name in "$taken" dropped.jpg; do
    stat -c '%i %z' "state/images/thumbnails/${name%.*}/320.webp"
done >now
cmp -s made now || complain "thumbnails were made again: $(diff made now)"
stop_daemon

it the_event_of_a_job_tells_the_etag_of_what_the_daemon_put
make_app
serve
upload "$SOURCE/pipelines/fixtures/cut.jpg"
expect_status 201
await_status "$filename" failed
await_rest
operate GET /admin/dead
expect_json items.0.event.key "uploads/$filename"
expect_json items.0.event.bytes "$(wc -c <"$SOURCE/pipelines/fixtures/cut.jpg" | tr -d ' ')"
etag=$(json items.0.event.etag)
ask GET "/uploads/$filename"
expect_equal "$etag" "$(header ETag)" etag
stop_daemon

it what_is_no_event_stands_in_nobodys_way_and_is_kept
make_app_with_events
serve
printf '{"hello": "world"}' >body.json
ask POST /notify -H 'Content-Type: application/json' --data-binary @body.json
expect_status 200
notify '..%2F..%2Fetc%2Fpasswd' 01
mkdir -p state/images/uploads
cp "$turned" state/images/uploads/good.jpg
notify uploads/good.jpg 01
await_status good.jpg ready
grep -q 'event.unknown.*dead letter' log || complain 'the log does not tell of what is no event'
grep -q 'event.key.*dead letter' log || complain 'the log does not tell of the key'
stop_daemon

done_testing
