#!/bin/sh
# The daemon with its pictures in a bucket and its records in a table: all that it does with a folder and a file, and what
# it says when a setting of that is wrong. Both are stood in for by tests/aws-gate.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=serve_lib.sh
. "$(dirname "$0")/serve_lib.sh"
# shellcheck source-path=SCRIPTDIR source=../aws-gate/gate_lib.sh
. "$(dirname "$0")/../aws-gate/gate_lib.sh"
without_leak_check
turned=$SOURCE/pipelines/fixtures/turned.jpg
start_gate
export IMAGES_BUCKET=images DDB_TABLE=Images

# The app, an empty bucket, a table, and a daemon that uses them.
begin() {
    reset_gate
    make_app
    run pixmill tables create --project app --profile aws
    expect_code 0
    serve --profile aws "$@"
}

# No line of a log, and no file of the state folder, has what gives access.
expect_no_secret() {
    for secret in "$gate_secret" gate-old-token Signature= Credential= AWS4-HMAC 'wrong-secret'; do
        if grep -rqF -- "$secret" log log.out state "$work/out" "$work/err"; then complain "shown: $secret"; fi
    done
    if grep -qE '[0-9a-f]{64}' log; then complain 'what may be a signature is shown'; fi
}

it the_profile_says_what_it_needs
make_app
run pixmill check --project app --profile aws
expect_code 0
run env -u IMAGES_BUCKET -u DDB_TABLE pixmill tables create --project app --profile aws
expect_code 3
expect_err 'environment variable `IMAGES_BUCKET` is not set' 'environment variable `DDB_TABLE` is not set' 'profile `aws` needs it'
run env IMAGES_BUCKET=s3://images pixmill run newest --project app --profile aws
expect_code 1
expect_err 'store `images` cannot be opened: bucket is no name of a bucket' 'IMAGES_BUCKET'
if IMAGES_BUCKET='' start_daemon --profile aws; then complain 'it started without a bucket'; fi
wait "$daemon" || code=$?
expect_code 78
grep -q 'environment variable `IMAGES_BUCKET` is not set' log || complain 'the log does not name it'

it the_table_is_made_once
make_app
run pixmill tables create --project app --profile aws
expect_code 0
expect_out 'images (dynamodb): made table Images, index newest'
run pixmill tables create --project app --profile aws
expect_code 0
expect_out 'images (dynamodb): nothing to do'

it a_picture_is_taken_in_every_form
begin
{
    printf '{"image": "'
    base64 -w 0 "$photo"
    printf '", "filename": "my photo.jpg", "tags": ["cat", "red"]}'
} >body.json
ask POST /upload -H 'Content-Type: application/json' --data-binary @body.json
expect_status 201
filename=$(json filename)
expect_json name 'my photo.jpg'
await_status "$filename" ready
expect_json width 2400
expect_json thumbnails.0.w 320
expect_json thumbnails.0.url "/thumbnails/${filename%.*}/320.webp"
expect_json thumbnails.2.h 853
expect_json tags.1 red
expect_json original_url "/uploads/$filename"
ask GET "/uploads/$filename"
cmp -s "$photo" "$work/out" || complain 'the original differs'
expect_equal "$(count_objects "thumbnails/${filename%.*}/")" 3 thumbnails
upload "$turned"
expect_status 201
expect_json name turned.jpg
ask POST /upload -F "image=@$turned" -F filename=wanted.jpg
expect_status 201
expect_json name wanted.jpg
ask POST /upload -H 'Transfer-Encoding: chunked' -H 'Content-Type: image/jpeg' --data-binary "@$turned"
expect_status 201
await_rest
expect_equal "$(count_objects uploads/)" 4 originals
expect_equal "$(count_files state/images)" 0 'files in the folder of the other profile'
expect_equal "$(count_files state/spool)" 0 'files in the spool'
stop_daemon
expect_code 0
expect_no_secret

it the_gallery_is_paged_newest_first_and_filtered_by_tag
begin
for n in 1 2 3 4 5; do
    printf '{"filename": "%s.jpg", "tags": ["n%s", "all"], "image": "' $n $((n % 2)) >body.json
    base64 -w 0 "$turned" >>body.json
    printf '"}' >>body.json
    ask POST /upload -H 'Content-Type: application/json' --data-binary @body.json
    expect_status 201
done
ask GET '/images?limit=2'
expect_json items.0.name 5.jpg
expect_json items.1.name 4.jpg
cursor=$(json cursor)
ask GET "/images?limit=2&cursor=$cursor"
expect_json items.0.name 3.jpg
expect_json items.1.name 2.jpg
ask GET "/images?limit=2&cursor=$(json cursor)"
expect_json items.0.name 1.jpg
expect_json cursor null
ask GET '/images?tag=n1&limit=100'
expect_json items.0.name 5.jpg
expect_json items.2.name 1.jpg
ask GET '/images?tag=nobody'
expect_equal "$(cat "$work/out")" '{"items":[],"cursor":null}' 'an empty page'
ask GET "/images?tag=n1&cursor=$cursor"
expect_status 400
ask GET '/images?cursor=made-up'
expect_status 400
expect_json code table.bad_cursor
await_rest
ask GET "/images?sha256=$(sha256sum <"$turned" | cut -c 1-64)&limit=100"
expect_equal "$(grep -o '"filename"' "$work/out" | wc -l)" 5 'pictures of the same content'
stop_daemon

it media_have_a_tag_ranges_and_a_long_life_and_are_inert
begin
upload "$photo"
await_status "$filename" ready
ask GET "/uploads/$filename"
expect_status 200
expect_header Content-Type image/jpeg
expect_header Cache-Control 'public, max-age=31536000, immutable'
expect_header X-Content-Type-Options nosniff
etag=$(header ETag)
case $etag in \"?*\") ;; *) complain "the tag is $etag" ;; esac
ask GET "/uploads/$filename" -H "If-None-Match: $etag"
expect_status 304
expect_silence
ask GET "/uploads/$filename" -H 'If-Match: "another"'
expect_status 412
ask GET "/uploads/$filename" -r 100-199
expect_status 206
expect_header Content-Range "bytes 100-199/$(wc -c <"$photo")"
expect_header ETag "$etag"
tail -c +101 "$photo" | head -c 100 | cmp -s - "$work/out" || complain 'the range differs'
ask GET "/uploads/$filename" -r 999999999-
expect_status 416
ask GET "/uploads/$filename" -I
expect_status 200
expect_header Content-Length "$(wc -c <"$photo")"
ask GET "/thumbnails/${filename%.*}/320.webp"
expect_status 200
expect_header Content-Type image/webp
ask GET "/thumbnails/${filename%.*}/321.webp"
expect_status 404
ask GET /uploads/..%2fpixmill.db
expect_status 400
stop_daemon

it deleting_takes_exactly_one_picture
begin
upload "$photo"
await_status "$filename" ready
gone=$filename
upload "$turned"
await_status "$filename" ready
await_rest
control /objects
before=$(grep -o '"[a-z]*/[^"]*"' "$work/control" | grep -vF "${gone%.*}" | tr '\n' ' ')
ask DELETE "/images/$gone"
expect_status 204
for path in "/images/$gone" "/uploads/$gone" "/thumbnails/${gone%.*}/320.webp"; do
    ask GET "$path"
    expect_status 404
done
ask DELETE "/images/$gone"
expect_status 404
control /objects
expect_equal "$(grep -o '"[a-z]*/[^"]*"' "$work/control" | tr '\n' ' ')" "$before" 'what is left'
ask GET '/images?limit=100'
expect_equal "$(grep -o '"filename"' "$work/out" | wc -l)" 1 records
expect_json items.0.filename "$filename"
stop_daemon

it a_dead_letter_is_retried_when_its_cause_is_gone
begin
denied='<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
control /faults "[{\"method\":\"PUT\",\"url\":\"/thumbnails/\",\"status\":403,\"times\":100,\"body\":\"$denied\"}]"
upload "$turned"
expect_status 201
await_status "$filename" failed
expect_json error store.denied
await_rest
operate GET /admin/dead
expect_json items.0.cause.code store.denied
letter=$(json items.0.id)
control /settings '{"forget_faults":true}'
operate POST "/admin/dead/$letter/retry"
expect_status 204
await_status "$filename" ready
expect_equal "$(json error 2>/dev/null)" '' 'error of the record'
operate GET /admin/dead
expect_json items.# 0
stop_daemon
expect_no_secret

it what_passes_by_itself_is_not_noticed_by_who_uploads
begin
control /faults '[{"method":"PUT","url":"/uploads/","status":503,"times":2,"body":""},
    {"method":"PUT","url":"/uploads/","reset":"after"},
    {"target":"PutItem","reset":"after"},{"target":"PutItem","status":500,"times":1,"body":"{}"}]'
upload "$turned"
expect_status 201
await_status "$filename" ready
await_rest
ask GET '/images?limit=100'
expect_equal "$(grep -o '"filename"' "$work/out" | wc -l)" 1 records
expect_equal "$(count_objects uploads/)" 1 originals
stop_daemon

it a_signed_url_takes_one_upload_straight_into_the_bucket
begin
ask POST /uploads -H 'Content-Type: application/json' -d '{"content_type": "image/jpeg", "filename": "a b.jpg"}'
expect_status 201
expect_json method PUT
cp "$work/out" place.json
told_headers place.json >told
filename=$(json filename)
url=$(json url)
put() {
    status=$(curl -sS --noproxy '*' -o "$work/out" -w '%{http_code}' -T "$turned" "$@")
}
for change in s/jpeg/png/ s/a.b.jpg/b.jpg/ s/local/other/ '/meta-name/d' '/meta-owner/d'; do
    sed "$change" told >changed
    put "$url" -K changed
    expect_status 403
done
put "$url" -K told -H 'x-amz-meta-tags: red'
expect_status 403
put "$(echo "$url" | sed "s/${filename%.*}/another/")" -K told
expect_status 403
ask GET "/uploads/$filename"
expect_status 404
put "$url" -K told
expect_status 200
ask GET "/uploads/$filename"
expect_status 200
expect_header Content-Type image/jpeg
cmp -s "$turned" "$work/out" || complain 'the original differs'
stop_daemon
expect_no_secret

it a_signed_form_holds_to_type_and_size
reset_gate
make_app
sed -i 's/method: PUT/method: POST/; s/bytes: 25MiB/bytes: 100KiB/' app/presign.yaml
run pixmill tables create --project app --profile aws
serve --profile aws
ask POST /uploads -H 'Content-Type: application/json' -d '{"content_type": "image/jpeg"}'
expect_status 201
expect_json method POST
cp "$work/out" form.json
filename=$(json filename)
post_form() {
    set -- -F "file=@$1"
    for field in $(grep -o '"fields":{[^}]*}' form.json | grep -o '"[A-Za-z_-]*":"' | tr -d '":' | tac); do
        set -- -F "$field=$(json_get "fields.$field" <form.json)" "$@"
    done
    status=$(curl -sS --noproxy '*' -o "$work/out" -w '%{http_code}' "$@" "$(json_get url <form.json)")
}
head -c 200000 /dev/zero >large
post_form large
expect_status 400
post_form "$turned"
case $status in 20[14]) ;; *) complain "status $status" ;; esac
ask GET "/uploads/$filename"
expect_status 200
cmp -s "$turned" "$work/out" || complain 'the original differs'
sed -i 's|"Content-Type":"image/jpeg"|"Content-Type":"text/html"|i' form.json
post_form "$turned"
expect_status 403
stop_daemon

# ---- settings that are wrong -----------------------------------------------------------------------------------------

# One upload that cannot be stored, with that in the environment: the code of the answer, and what the log says of it.
expect_refusal() {
    expected=$1
    shift
    make_app
    "$@"
    upload "$turned"
    [ "$(json code)" = "$expected" ] || complain "code $(json code) instead of $expected"
    case $status in 5??) ;; *) complain "status $status" ;; esac
    await_log "$expected"
    stop_daemon
    expect_no_secret
}

log_says() {
    for text; do grep -qF -- "$text" log || complain "the log lacks: $text, but has: $(grep -v info log)"; done
}

it a_wrong_secret_is_told_with_the_setting
reset_gate
wrong_secret() { AWS_SECRET_ACCESS_KEY=wrong-secret serve --profile aws; }
expect_refusal store.denied wrong_secret
log_says SignatureDoesNotMatch AWS_SECRET_ACCESS_KEY GATE0123456789AB

it an_unknown_key_is_told_with_the_setting
reset_gate
unknown_key() { AWS_ACCESS_KEY_ID=AKIDNOBODY serve --profile aws; }
expect_refusal store.denied unknown_key
log_says InvalidAccessKeyId AWS_ACCESS_KEY_ID GATE0123456789AB

it a_key_without_permission_is_told_so
reset_gate
denied_key() { AWS_ACCESS_KEY_ID=AKIDDENIED serve --profile aws; }
expect_refusal store.denied denied_key
log_says AccessDenied permission GATE0123456789AB

it an_old_token_is_told_with_what_helps
reset_gate
old_token() { AWS_ACCESS_KEY_ID=AKIDOLD AWS_SESSION_TOKEN=gate-old-token serve --profile aws; }
expect_refusal store.denied old_token
log_says ExpiredToken 'renew them' GATE0123456789AB

it no_credentials_at_all_are_told_with_where_they_may_be
reset_gate
no_credentials() { AWS_ACCESS_KEY_ID='' AWS_SECRET_ACCESS_KEY='' serve --profile aws; }
expect_refusal store.denied no_credentials
log_says AWS_ACCESS_KEY_ID

it a_missing_bucket_is_told_by_its_name
reset_gate
missing_bucket() { IMAGES_BUCKET=nowhere serve --profile aws; }
expect_refusal store.unavailable missing_bucket
log_says NoSuchBucket nowhere GATE0123456789AB

it a_missing_table_is_told_with_the_command_that_makes_it
reset_gate
missing_table() { serve --profile aws; }
expect_refusal table.unavailable missing_table
log_says 'there is no such table' 'pixmill tables create' GATE0123456789AB
expect_equal "$(count_objects uploads/)" 0 'originals without a record'

it another_region_is_found_out_and_told
reset_gate
make_app
control /settings '{"gate":{"region":"eu-central-1","regions":{"images":"eu-north-1"}}}'
export AWS_REGION=eu-central-1
run pixmill tables create --project app --profile aws
expect_code 0
serve --profile aws
upload "$turned"
expect_status 201
await_status "$filename" ready
await_log 'the region is eu-north-1 and not eu-central-1; set it'
stop_daemon
expect_no_secret
export AWS_REGION=us-east-1

it another_region_of_the_table_is_told
reset_gate
make_app
run pixmill tables create --project app --profile aws
table_elsewhere() {
    control /settings '{"gate":{"region":"eu-north-1","regions":{"images":"us-east-1"}}}'
    serve --profile aws
}
expect_refusal table.denied table_elsewhere
log_says InvalidSignatureException 'the region' GATE0123456789AB

it a_clock_that_is_hours_off_is_corrected_and_told
for skew in 10800000 -10800000; do
    begin
    control /settings "{\"gate\":{\"skew_ms\":$skew}}"
    upload "$turned"
    expect_status 201
    await_status "$filename" ready
    await_log 'the clock of this machine is'
    await_rest
    stop_daemon
    expect_no_secret
done

done_testing
