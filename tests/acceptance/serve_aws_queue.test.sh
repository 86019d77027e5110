#!/bin/sh
# A daemon that hears by a queue of what others put into its bucket. All of AWS is stood in for by tests/aws-gate.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=serve_lib.sh
. "$(dirname "$0")/serve_lib.sh"
# shellcheck source-path=SCRIPTDIR source=../aws-gate/gate_lib.sh
. "$(dirname "$0")/../aws-gate/gate_lib.sh"
without_leak_check
turned=$SOURCE/pipelines/fixtures/turned.jpg
start_gate
export IMAGES_BUCKET=images DDB_TABLE=Images IMAGES_QUEUE=https://sqs.us-east-1.amazonaws.com/000000000000/messages
export PIXMILL_PROFILE=aws-queue

# The app, an empty bucket that tells the queue of what is put below uploads/, a table, and a daemon that uses them:
# begin [SED SCRIPT FOR presign.yaml [MORE OF THE NOTIFICATION]].
begin() {
    reset_gate
    control /settings "{\"gate\":{\"notify\":{\"queue\":\"messages\",\"prefix\":\"uploads/\"${2:-}}}}"
    make_app
    sed -i "${1:-}" app/presign.yaml
    run pixmill tables create --project app
    expect_code 0
    serve
}

# Asks the queue itself: queue OPERATION NAME [MEMBERS]. The reply is in $work/control.
queue() {
    control /queue "{\"operation\":\"$1\",\"request\":{\"QueueUrl\":\"http://sqs.gate/000000000000/$2\"${3:-}}}"
}

# How many messages a queue has, with those that somebody works on.
count_messages() {
    control /messages "{\"queue\":\"$1\"}"
    json_get messages <"$work/control"
}

# Waits until all messages are settled and no job is left.
await_queue() {
    tries=0
    while [ "$(count_messages messages)" != 0 ] && [ $tries -lt $patience ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    expect_equal "$(count_messages messages)" 0 'messages that are not settled'
    await_rest
}

# A URL or form for one upload: $filename; the answer is in form.json. sign [FURTHER MEMBERS OF THE QUESTION]
sign() {
    ask POST /uploads -H 'Content-Type: application/json' -d "{\"content_type\": \"image/jpeg\"${1:-}}"
    expect_status 201
    cp "$work/out" form.json
    filename=$(json filename)
}

# put FILE: to the URL that was signed last.
put() {
    told_headers form.json >told
    status=$(curl -sS --noproxy '*' -o "$work/out" -w '%{http_code}' -T "$1" -K told "$(json_get url <form.json)")
    expect_status 200
}

post_form() {
    set -- -F "file=@$1"
    for field in $(grep -o '"fields":{[^}]*}' form.json | grep -o '"[A-Za-z_-]*":"' | tr -d '":' | tac); do
        set -- -F "$field=$(json_get "fields.$field" <form.json)" "$@"
    done
    status=$(curl -sS --noproxy '*' -o "$work/out" -w '%{http_code}' "$@" "$(json_get url <form.json)")
    case $status in 20[14]) ;; *) complain "status $status" ;; esac
}

expect_records() {
    ask GET '/images?limit=100'
    expect_json 'items.#' "$1"
}

it the_profile_says_what_it_needs
make_app
run pixmill check --project app
expect_code 0
run env -u IMAGES_QUEUE pixmill run newest --project app
expect_code 3
expect_err 'environment variable `IMAGES_QUEUE` is not set' 'profile `aws-queue` needs it'
run env -u IMAGES_QUEUE pixmill tables create --project app --profile aws
expect_code 0

it what_is_put_by_a_signed_url_gets_its_thumbnails_and_record
begin
sign ', "filename": "Käse & \"Brot\", 50%.jpg", "tags": ["red", "dark blue"]'
put "$turned"
await_status "$filename" ready
expect_json width 320
expect_json name 'Käse & "Brot", 50%.jpg'
expect_json tags.0 red
expect_json tags.1 'dark blue'
expect_json 'tags.#' 2
expect_json owner local
ask GET '/images?tag=dark+blue'
expect_json items.0.filename "$filename"
ask GET "/images/$filename"
expect_json thumbnails.0.url "/thumbnails/${filename%.*}/320.webp"
ask GET "/thumbnails/${filename%.*}/320.webp"
expect_status 200
await_queue
expect_equal "$(count_messages letters)" 0 'dead letters'
expect_records 1
stop_daemon
expect_code 0

it a_queue_that_pixmill_made_tells_of_uploads
reset_gate
make_app
export IMAGES_QUEUE=pictures
run pixmill tables create --project app
expect_code 0
run pixmill queues create --project app
expect_code 0
expect_out 'uploads (sqs): made queue pictures-dead, queue pictures'
queue GetQueueAttributes pictures ',"AttributeNames":["Policy"]'
expect_equal "$(json_get reply.Attributes.Policy <"$work/control" | json_get Statement.0.Condition.ArnEquals.aws:SourceArn.0)" \
    arn:aws:s3:::images 'who may send'
control /settings '{"gate":{"notify":{"queue":"pictures","prefix":"uploads/"}}}'
serve
sign
put "$turned"
await_status "$filename" ready
expect_equal "$(count_messages pictures-dead)" 0 'dead letters'
stop_daemon
export IMAGES_QUEUE=https://sqs.us-east-1.amazonaws.com/000000000000/messages

it what_is_posted_by_a_signed_form_gets_them_as_well
begin 's/method: PUT/method: POST/'
sign ', "filename": "holiday.jpg"'
post_form "$turned"
await_status "$filename" ready
expect_json name holiday.jpg
expect_json owner local
await_queue
expect_equal "$(count_messages letters)" 0 'dead letters'
stop_daemon

it what_is_told_twice_and_late_changes_nothing
begin '' ',"twice":true'
sign
first=$filename
put "$turned"
await_status "$first" ready
made=$(json created_at)
put "$turned"
for n in 1 2 3; do
    sign
    put "$turned"
done
await_status "$filename" ready
await_queue
ask GET "/images/$first"
expect_json status ready
expect_json created_at "$made"
expect_records 4
expect_equal "$(count_objects uploads/)" 4 originals
expect_equal "$(count_objects thumbnails/)" 4 thumbnails
expect_equal "$(count_messages letters)" 0 'dead letters'
operate GET /admin/dead
expect_json 'items.#' 0
stop_daemon

it what_is_no_picture_fails_once_and_for_all
begin
sign ', "filename": "holiday.jpg"'
put "$SOURCE/pipelines/fixtures/broken.jpg"
await_status "$filename" failed
expect_json name holiday.jpg
expect_json error decode.corrupt
await_queue
operate GET /admin/dead
expect_json 'items.#' 1
expect_json items.0.event.key "uploads/$filename"
expect_json items.0.cause.code decode.corrupt
expect_equal "$(count_messages letters)" 0 'dead letters of the queue'
sign
put "$turned"
await_status "$filename" ready
stop_daemon

it a_message_that_is_none_of_ours_becomes_a_dead_letter
begin
queue SendMessage messages ',"MessageBody":"{\"hello\":\"world\"}"'
object='{\"bucket\":{\"name\":\"holidays\"},\"object\":{\"key\":\"uploads/a.jpg\"}}'
record='{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"s3\":'"$object}"
queue SendMessage messages ',"MessageBody":"{\"Records\":['"$record"']}"'
sign
put "$turned"
await_status "$filename" ready
await_queue
expect_equal "$(count_messages letters)" 2 'dead letters'
operate GET /admin/queues
expect_json items.0.name uploads
expect_json items.0.dead 2
operate GET /admin/queues/uploads/dead
expect_json 'items.#' 2
causes=$(json items.0.cause.code; json items.1.cause.code)
expect_equal "$(echo "$causes" | sort | tr '\n' ' ')" 'event.bucket event.unknown ' causes
letter=$(json items.0.id) other=$(json items.1.id)
operate DELETE "/admin/queues/uploads/dead/$letter"
expect_status 204
operate POST "/admin/queues/uploads/dead/$other/retry"
expect_status 204
await_queue
expect_equal "$(count_messages letters)" 1 'dead letters after one was discarded, and one tried in vain'
grep -q 'event.bucket.*holidays.*dead letter' log || complain 'the log does not tell of the bucket'
expect_records 1
stop_daemon

it what_is_uploaded_through_the_daemon_is_there_once
begin
for n in 1 2 3; do
    ask POST /upload -F "image=@$turned" -F "filename=$n.jpg"
    expect_status 201
done
filename=$(json filename)
await_status "$filename" ready
await_queue
ask GET "/images/$filename"
expect_json name 3.jpg
expect_json owner local
expect_json status ready
expect_records 3
expect_equal "$(count_objects uploads/)" 3 originals
expect_equal "$(count_objects thumbnails/)" 3 thumbnails
expect_equal "$(count_messages letters)" 0 'dead letters'
stop_daemon
if grep -qF -e "$gate_secret" -e Signature= log; then complain 'a secret is in the log'; fi

# What was written so far: pictures that were put below thumbnails/, and writes of the table.
count_effects() {
    control /state
    grep -o '"method":"PUT","url":"/images/thumbnails/' "$work/control" | wc -l
    grep -oE '"x-amz-target":"DynamoDB_20120810.(PutItem|UpdateItem|BatchWriteItem|DeleteItem)"' "$work/control" | wc -l
}

# How often a step of the thumbnails was run.
count_steps() {
    ask GET /metrics
    sed -n 's/^pixmill_step_seconds_count{pipeline="thumbnails",step="'"$1"'"} //p' "$work/out" | grep . || echo 0
}

# tell ETAG: once more of uploads/$filename, as S3 does.
tell() {
    object='{\"bucket\":{\"name\":\"images\"},\"object\":{\"key\":\"uploads/'$filename'\",\"eTag\":\"'$1'\"}}'
    record='{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"s3\":'"$object}"
    queue SendMessage messages ',"MessageBody":"{\"Records\":['"$record"']}"'
}

it what_is_told_twice_is_made_once
begin
for how in daemon url; do
    if [ $how = daemon ]; then
        upload "$turned"
        expect_status 201
    else
        sign
        put "$turned"
    fi
    await_status "$filename" ready
    await_queue
    ask GET "/images/$filename"
    etag=$(json etag | tr -d '"')
    [ -n "$etag" ] || complain 'the record tells no etag'
    before=$(count_effects) looked=$(count_steps known) decoded=$(count_steps image)
    tell "$etag"
    await_queue
    expect_equal "$(count_effects)" "$before" "what was written once more, $how"
    expect_equal "$(count_steps known)" $((looked + 1)) "looks at the record, $how"
    expect_equal "$(count_steps image)" "$decoded" "pictures that were opened, $how"
    tell another
    await_queue
    expect_equal "$(count_steps image)" $((decoded + 1)) "pictures that were opened of another etag, $how"
done
expect_equal "$(count_objects thumbnails/)" 2 thumbnails
stop_daemon

done_testing
