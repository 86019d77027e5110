#!/bin/sh
# Clients that vanish, lie and repeat themselves: nothing is left of what was never whole, and what comes a hundred times
# is done once.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

expect_nothing_kept() {
    await_rest
    ask GET /images
    expect_equal "$(cat "$work/out")" '{"items":[],"cursor":null}' 'the gallery'
    expect_equal "$(count_files state/images)" 0 objects
    expect_equal "$(count_files state/spool)" 0 'files in the spool'
}

it a_client_may_vanish_behind_any_byte
begin_app
ask GET /images
await_rest
before=$(descriptors "$daemon")
run vanish "${address##*:}" "$turned" 200
expect_code 0
expect_descriptors "$before"
expect_nothing_kept
expect_health
stop_daemon
expect_code 0

it a_large_body_that_ends_early_leaves_no_file
begin_app
ask GET /images
await_rest
before=$(descriptors "$daemon")
run vanish "${address##*:}" "$photo" 60
expect_code 0
expect_descriptors "$before"
expect_nothing_kept
insist "$turned" after
expect_sound
stop_daemon

it a_length_that_is_not_true_gets_no_picture_made
begin_app
ask GET /images
await_rest
before=$(descriptors "$daemon")
for length in 4194 999999 0 -1 4193x 99999999999999999999 +4193 '4193, 4194'; do
    run vanish "${address##*:}" "$turned" 8 "$length"
    expect_code 0
done
expect_descriptors "$before"
expect_nothing_kept
expect_health
stop_daemon

it the_same_upload_a_hundred_times_at_once_is_one_picture_per_key
begin_app
for number in $(seq 1 100); do
    tries=0
    (
        code=000
        while [ "$code" != 201 ] && [ $tries -lt $patience ]; do
            tries=$((tries + 1))
            code=$(curl -s -o "answer.$number" -w '%{http_code}' -H 'Content-Type: image/jpeg' \
                -H 'Idempotency-Key: the same' --data-binary "@$turned" "$address/upload")
            [ "$code" = 201 ] || sleep 0.05
        done
        [ "$code" = 201 ] || echo "$code" >>refused
    ) &
    pids="${pids:-} $!"
done
# shellcheck disable=SC2086
wait $pids
pids=''
expect_no_file refused
expect_equal "$(sha256sum answer.* | cut -d ' ' -f 1 | sort -u | wc -l)" 1 'different answers'
expect_equal "$(grep -ho '"filename":"[^"]*"' answer.* | sort | uniq -c | awk '{print $1}')" 100 'answers of one name'
filename=$(json_get filename <answer.1)
echo "same $(sha256sum <"$turned" | cut -d ' ' -f 1) $filename" >ledger
expect_sound
expect_equal "$(find state/images/uploads -type f | wc -l)" 1 originals
stop_daemon

it an_event_that_comes_again_changes_no_byte
begin_app
insist "$turned" once
await_rest
thumbnail=state/images/thumbnails/${filename%.*}/320.webp
before=$(sha256sum <"$thumbnail")
ask GET "/images/$filename"
json_get thumbnails <"$work/out" >thumbnails
stop_daemon
run backlog "$state" 100 "uploads/$filename"
expect_code 0
serve
await_rest
expect_equal "$(sha256sum <"$thumbnail")" "$before" 'the thumbnail'
ask GET "/images/$filename"
expect_equal "$(json_get thumbnails <"$work/out")" "$(cat thumbnails)" 'the record'
expect_sound
stop_daemon

done_testing
