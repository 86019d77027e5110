#!/bin/sh
# Pictures that are broken, that promise too much, or that are something else as well: a status and a code that say so,
# and a daemon that does not notice.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Waits until a picture is ready or failed.
await_end_of() {
    tries=0
    while [ $tries -lt $patience ]; do
        ask GET "/images/$1"
        case $(json status) in ready | failed) return ;; esac
        tries=$((tries + 1))
        sleep 0.05
    done
    complain "$1 came to no end"
}

# expect_refused FILE STATUS [CODE]
expect_refused() {
    send "$1" "$1-$2"
    expect_status "$2"
    [ -z "${3:-}" ] || expect_json code "$3"
}

it what_is_no_picture_that_is_taken_is_refused_by_its_first_bytes
begin_app
printf '<svg xmlns="http://www.w3.org/2000/svg"/>' >vector.jpg
printf '%%PDF-1.4\n' >paper.jpg
printf 'PK\003\004' | cat - "$turned" >archive.jpg
printf '\037\213\010\000\000\000\000\000\000\003\003\000\000\000\000\000\000\000\000\000\001' >spins.jpg
printf 'hello' >text.jpg
printf '<html>' | cat - "$turned" >page.jpg
printf '\000' >nothing.jpg
for file in vector paper archive spins text page nothing; do
    expect_refused $file.jpg 415 input.media
done
expect_health
await_rest
expect_sound
stop_daemon

it headers_that_promise_too_much_are_refused_before_a_pixel_is_decoded
begin_app
expect_refused "$SOURCE/pipelines/fixtures/oversized.png" 422
expect_refused "$SOURCE/pipelines/fixtures/broken.jpg" 422 decode.corrupt
# A PNG of 1 x 1,000,000 pixels, and a GIF of 65535 x 65535.
printf '\211PNG\r\n\032\n\000\000\000\015IHDR\000\000\000\001\000\017\102\100\010\002\000\000\000\222\000\000\000' >tall.png
expect_refused tall.png 422
printf 'GIF89a\377\377\377\377\000\000\000;' >wide.gif
expect_refused wide.gif 422
expect_health
await_rest
expect_sound
stop_daemon

# Legal, and far more work than its size tells: an answer that says what is too much, or a picture in the end, and a
# worker that neither died nor grew.
it bombs_are_defused_or_are_small
begin_app
make_picture png-header 65535 65535 >sides.png
make_picture png-header 8000 8000 >pixels.png
make_picture png-text >text.png
make_picture jpeg-scans 640 480 >scans.jpg
make_picture gif-frames 100000 >frames.gif
make_picture webp-frames 20000 1 >frames.webp
make_picture webp-frames 100 16383 >area.webp
make_picture png-chunks 100000 >chunks.png
for file in sides.png pixels.png text.png scans.jpg frames.gif area.webp; do
    expect_refused $file 422
    case $(json code) in limit.* | decode.*) ;; *) complain "$file: $(json code)" ;; esac
done
before=$(workers)
for file in frames.webp chunks.png; do
    send $file $file
    case $status in
        201)
            await_end_of "$filename"
            ;;
        422) ;;
        *) complain "$file: $status" ;;
    esac
done
expect_equal "$(workers)" "$before" 'the workers'
for worker in $before; do
    peak=$(awk '/^VmHWM:/ { print int($2 / 1024) }' "/proc/$worker/status")
    [ -n "$SANITIZED" ] || [ "$peak" -le 256 ] || complain "a worker took $peak MiB"
done
await_rest
expect_health
stop_daemon
expect_code 0

it a_picture_that_ends_early_fails_with_a_reason_and_keeps_the_original
begin_app
send "$SOURCE/pipelines/fixtures/cut.jpg" early
expect_status 201
await_status "$filename" failed
expect_json error decode.corrupt
ask GET "/uploads/$filename"
expect_status 200
await_rest
operate GET /admin/dead
expect_json items.0.cause.code decode.corrupt
expect_json items.0.attempts 1
expect_health
stop_daemon

it what_is_hidden_in_a_picture_is_in_no_derivative
begin_app
{
    cat "$turned"
    printf '<script>alert("hidden-in-here")</script>'
} >trailing.jpg
{
    head -c 2 "$turned"
    printf '\377\376\000\044<?php echo "hidden-in-here"; ?>    '
    tail -c +3 "$turned"
} >comment.jpg
for file in trailing comment; do
    insist $file.jpg $file
    await_status "$filename" ready
    ask GET "/thumbnails/${filename%.*}/320.webp"
    expect_status 200
    expect_header X-Content-Type-Options nosniff
    if grep -q hidden-in-here "$work/out"; then complain "$file: foreign bytes are in the derivative"; fi
    ask GET "/uploads/$filename"
    expect_header Content-Type image/jpeg
    case $(header Content-Security-Policy) in *sandbox*) ;; *) complain 'the original is not served inert' ;; esac
done
expect_sound
stop_daemon

it any_damage_of_a_picture_is_an_answer_of_the_client_s
begin_app
length=$(wc -c <"$turned")
turn=0
while [ $turn -lt 40 ]; do
    turn=$((turn + 1))
    [ $((turn % EVERY)) = 0 ] || continue
    at=$((turn * length / 41))
    {
        head -c $at "$turned"
        printf '\377\000\377'
        tail -c +$((at + 4)) "$turned"
    } >damaged.jpg
    send damaged.jpg "damaged-$turn"
    case $status in 201 | 415 | 422) ;; *) complain "status $status for damage at byte $at" ;; esac
done
await_rest
expect_health
stop_daemon
expect_code 0

done_testing
