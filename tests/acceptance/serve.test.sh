#!/bin/sh
# The daemon as those who upload meet it: pictures in every form, records, thumbnails, the gallery, media, deleting.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=serve_lib.sh
. "$(dirname "$0")/serve_lib.sh"
without_leak_check
turned=$SOURCE/pipelines/fixtures/turned.jpg

it a_picture_in_base64_is_taken_as_the_first_clients_send_it
make_app
serve
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
expect_json thumbnails.2.h 853
expect_json tags.1 red
cmp -s "$photo" "state/images/uploads/$filename" || complain 'the original differs'
expect_equal "$(count_files "state/images/thumbnails/${filename%.*}")" 3 thumbnails
expect_equal "$(count_files state/spool)" 0 'files in the spool'
stop_daemon
expect_code 0

it a_data_url_a_raw_body_and_a_form_are_taken_too
make_app
serve
{
    printf '{"image": "data:image/jpeg;base64,'
    base64 -w 76 "$turned" | sed 's/$/\\n/' | tr -d '\n'
    printf '"}'
} >body.json
ask POST /upload -H 'Content-Type: application/json' --data-binary @body.json
expect_status 201
expect_json width 320
upload "$turned"
expect_status 201
expect_json name turned.jpg
ask POST /upload -F "file=@$turned;filename=on my disk.jpg"
expect_status 201
expect_json name 'on my disk.jpg'
ask POST /upload -F "image=@$turned" -F filename=wanted.jpg
expect_status 201
expect_json name wanted.jpg
ask POST /upload -H 'Transfer-Encoding: chunked' -H 'Content-Type: image/jpeg' --data-binary "@$turned"
expect_status 201
stop_daemon

it curl_with_nothing_but_a_file_works
make_app
serve
ask POST /upload --data-binary "@$turned"
expect_status 201
ask POST /upload -T "$turned"
expect_status 201
stop_daemon

it the_gallery_is_paged_newest_first_and_filtered_by_tag
make_app
serve
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
ask GET '/images?limit=101'
expect_status 400
ask GET '/images?cursor=made-up'
expect_status 400
expect_json code table.bad_cursor
stop_daemon

it media_have_a_tag_ranges_and_a_long_life_and_are_inert
make_app
serve
upload "$photo"
await_status "$filename" ready
ask GET "/uploads/$filename"
expect_status 200
cmp -s "$photo" "$work/out" || complain 'the original differs'
expect_header Content-Type image/jpeg
expect_header Cache-Control 'public, max-age=31536000, immutable'
expect_header X-Content-Type-Options nosniff
case $(header Content-Security-Policy) in *sandbox*) ;; *) complain 'no sandbox' ;; esac
etag=$(header ETag)
expect_equal "$etag" "\"$(sha256sum <"$photo" | cut -c 1-64)\"" ETag
ask GET "/uploads/$filename" -H "If-None-Match: $etag"
expect_status 304
expect_silence
ask GET "/uploads/$filename" -H 'If-Match: "another"'
expect_status 412
ask GET "/uploads/$filename" -r 100-199
expect_status 206
expect_header Content-Range "bytes 100-199/$(wc -c <"$photo")"
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
expect_header Cache-Control no-store
ask GET /uploads/..%2fpixmill.db
expect_status 400
ask GET /uploads/../pixmill.db --path-as-is
expect_status 400
stop_daemon

it deleting_takes_the_original_all_that_was_made_of_it_and_the_record
make_app
serve
upload "$photo"
await_status "$filename" ready
kept=$filename
upload "$turned"
await_status "$filename" ready
ask DELETE "/images/$kept"
expect_status 204
ask GET "/images/$kept"
expect_status 404
ask GET "/uploads/$kept"
expect_status 404
ask DELETE "/images/$kept"
expect_status 404
expect_equal "$(find state/images -name "${kept%.*}*" | wc -l)" 0 'files left'
ask GET "/images/$filename"
expect_status 200
stop_daemon

it what_is_no_picture_is_refused_with_a_reason
make_app
serve
printf 'dear diary' >note.jpg
upload note.jpg
expect_status 415
expect_json code input.media
expect_header Content-Type application/problem+json
upload "$SOURCE/pipelines/fixtures/broken.jpg"
expect_status 422
expect_json code decode.corrupt
upload "$SOURCE/pipelines/fixtures/oversized.png"
expect_status 422
ask POST /upload -H 'Content-Type: application/json' -d '{}'
expect_status 400
expect_json code input.missing
ask POST /upload -H 'Content-Type: application/json' -d '{"image": "*"}'
expect_status 400
ask POST /upload -H 'Content-Type: application/json' -d '{"image": '
expect_status 400
head -c 27000000 /dev/zero >large
ask POST /upload -H 'Content-Type: image/jpeg' -T large
expect_status 413
ask POST /upload -H 'Content-Type: image/jpeg' -H 'Transfer-Encoding: chunked' -T large
expect_status 413
ask PUT /images
expect_status 405
expect_header Allow 'GET, HEAD'
ask GET /nothing
expect_status 404
ask GET /images
expect_equal "$(cat "$work/out")" '{"items":[],"cursor":null}' 'the gallery'
expect_equal "$(count_files state/images)" 0 objects
expect_equal "$(count_files state/spool)" 0 'files in the spool'
stop_daemon

it an_idempotency_key_makes_one_picture_of_many_requests
make_app
serve
upload "$turned" -H 'Idempotency-Key: one'
expect_status 201
first=$filename
upload "$turned" -H 'Idempotency-Key: one'
expect_status 201
expect_equal "$filename" "$first" filename
upload "$photo" -H 'Idempotency-Key: one'
expect_status 422
expect_json code request.key_reused
upload "$turned" -H 'Idempotency-Key: two'
expect_status 201
[ "$filename" != "$first" ] || complain 'another key is another picture'
await_rest
stop_daemon
serve
upload "$turned" -H 'Idempotency-Key: one'
expect_equal "$filename" "$first" 'filename after a restart'
ask GET '/images?limit=100'
expect_equal "$(grep -o '"filename"' "$work/out" | wc -l)" 2 records
stop_daemon

it identical_uploads_in_flight_are_one
make_app
serve
for n in 1 2 3 4 5 6 7 8; do
    curl -sS -o "answer.$n" -H 'Content-Type: image/jpeg' --data-binary "@$photo" "$address/upload" &
    pids="${pids:-} $!"
done
# shellcheck disable=SC2086
wait $pids
pids=''
names=$(cat answer.* | grep -o '"filename":"[^"]*"' | sort -u | wc -l)
ask GET '/images?limit=100'
expect_equal "$(grep -o '"filename"' "$work/out" | wc -l)" "$names" 'records and names told'
[ "$names" -lt 8 ] || complain 'no two uploads were one'
stop_daemon

it a_signed_url_is_never_that_of_two
make_app
serve
for n in 1 2 3 4 5 6 7 8; do
    curl -sS -o "place.$n" -H 'Content-Type: application/json' -d '{"content_type": "image/jpeg"}' "$address/uploads" &
    pids="${pids:-} $!"
done
# shellcheck disable=SC2086
wait $pids
pids=''
expect_equal "$(cat place.* | grep -o '"filename":"[^"]*"' | sort -u | wc -l)" 8 'places'
stop_daemon

it a_signed_url_takes_one_picture_and_nothing_else
make_app
serve
ask POST /uploads -H 'Content-Type: application/json' -d '{"content_type": "image/jpeg"}'
expect_status 201
filename=$(json filename)
url=$(json url)
ask PUT "$url" -H 'Content-Type: image/png' --data-binary "@$turned"
expect_status 401
for change in s/expires=1/expires=2/ s/meta_owner=local/meta_owner=other/ 's/&meta_owner=local//' 's/$/\&meta_name=a/'; do
    ask PUT "$(echo "$url" | sed "$change")" -H 'Content-Type: image/jpeg' --data-binary "@$turned"
    expect_status 401
done
ask PUT "/uploads/$filename" -H 'Content-Type: image/jpeg' --data-binary "@$turned"
expect_status 401
ask GET "/uploads/$filename"
expect_status 404
ask PUT "$url" -H 'Content-Type: image/jpeg' --data-binary "@$turned"
expect_status 201
await_status "$filename" ready
expect_json width 320
ask PUT "$url" -H 'Content-Type: image/jpeg' --data-binary "@$photo"
expect_status 409
ask POST /uploads -H 'Content-Type: application/json' -d '{"content_type": "text/html"}'
expect_status 400
stop_daemon

it a_picture_that_comes_by_a_signed_url_keeps_its_name_tags_and_owner
make_app
serve
# place NAME [TAGS]: a URL for a picture that is called so.
place() {
    printf '{"content_type": "image/jpeg", "filename": %s, "tags": %s}' "$1" "${2:-[]}" >asked
    ask POST /uploads -H 'Content-Type: application/json' -d @asked
}
arrive() {
    expect_status 201
    filename=$(json filename)
    cp "$work/out" place.json
    told_headers place.json >told
    ask PUT "$(json url)" -K told --data-binary "@$turned"
    expect_status 201
    await_status "$filename" "$1"
}
place '"K\u00e4se & \"Brot\", 50%+1=2;/..#.jpg"' '["red", "dark blue"]'
arrive ready
expect_json name 'Käse & "Brot", 50%+1=2;/..#.jpg'
expect_json tags.0 red
expect_json tags.1 'dark blue'
expect_json 'tags.#' 2
expect_json owner local
expect_json width 320
ask GET '/images?tag=dark+blue'
expect_json items.0.filename "$filename"
long=$(printf '猫%.0s' $(seq 255))
tags=$(printf 'ä%.0s' $(seq 127))
place "\"$long\"" "[\"$tags\"]"
arrive ready
expect_json name "$(printf '猫%.0s' $(seq 85))"
expect_json tags.0 "$tags"
place '"a.jpg"' '["a,b"]'
expect_status 400
expect_json code input.tags
place '"a.jpg"' "[\"$tags\", \"b\"]"
expect_status 400
expect_json code input.tags
place "\"$(head -c 1025 /dev/zero | tr '\0' a)\""
expect_status 400
stop_daemon

it pages_of_other_sites_may_not_act_unless_they_are_named
make_app
serve --origin https://app.example
upload "$turned" -H 'Origin: https://evil.example'
expect_status 403
upload "$turned" -H 'Origin: https://app.example'
expect_status 201
expect_header Access-Control-Allow-Origin https://app.example
ask OPTIONS /upload -H 'Origin: https://app.example' -H 'Access-Control-Request-Method: POST'
expect_status 204
expect_header Access-Control-Allow-Origin https://app.example
ask OPTIONS /upload -H 'Origin: https://evil.example' -H 'Access-Control-Request-Method: POST'
expect_header Access-Control-Allow-Origin ''
ask GET /images -H 'Host: rebound.example'
expect_status 421
stop_daemon

it others_need_a_token_where_others_can_ask
make_app
serve --host 0.0.0.0
address=$(echo "$address" | sed 's/0\.0\.0\.0/127.0.0.1/')
upload "$turned"
expect_status 401
expect_header WWW-Authenticate Bearer
upload "$turned" -H 'Authorization: Bearer wrong'
expect_status 401
upload "$turned" -H "Authorization: Bearer $(cat state/upload.token)"
expect_status 201
await_status "$filename" ready
ask DELETE "/images/$filename"
expect_status 401
ask DELETE "/images/$filename" -H "Authorization: Bearer $(cat state/operator.token)"
expect_status 204
expect_equal "$(stat -c %a state state/upload.token state/operator.token state/url.keys | tr '\n' ' ')" '700 600 600 600 ' modes
stop_daemon
if grep -qF -e "$(cat state/upload.token)" -e "$(cat state/operator.token)" log log.out; then complain 'a secret is in the log'; fi

if [ -n "${PXM_TEST_PHOTOS:-}" ]; then
    it real_photos_come_out_as_they_should
    make_app
    serve
    for picture in "$PXM_TEST_PHOTOS"/*; do
        case $picture in *.md) continue ;; esac
        upload "$picture"
        case $(basename "$picture") in
            bad-hangs*) expect_status 415 ;;
            bad-header*) expect_status 422 ;;
            bad-truncated*) expect_status 201 && cut=$filename ;;
            *) expect_status 201 && good="${good:-} $filename" ;;
        esac
    done
    await_rest
    for filename in $good; do
        await_status "$filename" ready
    done
    await_status "$cut" failed
    expect_json error decode.corrupt
    stop_daemon
fi

done_testing
