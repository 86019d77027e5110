#!/bin/sh
# Bad pictures through the import pipeline of the app: each is refused with a stable code that says it is no use to
# repeat it, within little memory, the others of its batch are done, and nothing stays behind.
. "$(dirname "$0")/lib.sh"
without_leak_check

# Runs import on a file that must be refused with one of the codes, leaving nothing in the store and no record. The
# address space is what the program, its libraries and a decoder that behaves need.
expect_refusal() { # FILE CODE...
    file=$1
    shift
    [ -d app ] || make_app
    run_within 1024 pixmill run import --project app --json "$file"
    expect_code 1
    expect_json outcome failed
    expect_json error.transient false
    found=$(json error.code)
    case " $* " in *" $found "*) ;; *) complain "$file: code $found instead of $*" ;; esac
    expect_equal "$(count_files app/var/images)" 0 "files after $file"
    list_records
    expect_json '.#' 0
}

# One whose header is fine and whose pixels are not is found out later. Uploaded and shrunk in one run, what was stored
# is taken back; shrunk by a run of its own, the original stays whole and its record says what is wrong with it.
expect_late_refusal() { # FILE CODE
    make_app && rm -rf app/var
    run_within 1024 pixmill run import --project app --json "$1"
    expect_code 1
    expect_json error.code "$2"
    expect_json error.transient false
    expect_equal "$(count_files app/var/images)" 0 "files after $1"
    list_records
    expect_json '.#' 0
    rm -rf app/var
    run pixmill run upload --project app "$1"
    expect_code 0
    filename=$(json filename)
    run pixmill run thumbnails --project app --json --set "key=$(json key)"
    expect_code 1
    expect_json error.code "$2"
    list_records
    expect_json 0.status failed
    expect_json 0.error "$2"
    cmp -s "$1" "app/var/images/uploads/$filename" || complain "the original of $1 is not whole"
    expect_equal "$(count_files app/var/images)" 1 "files after $1"
}

it an_empty_file_is_no_picture
: >empty.jpg
expect_refusal empty.jpg input.media

it text_is_no_picture
echo 'no picture' >text.jpg
expect_refusal text.jpg input.media

it random_bytes_are_no_picture
head -c 100000 /dev/urandom >random.png
printf 'X' | dd of=random.png conv=notrunc 2>/dev/null
expect_refusal random.png input.media

it svg_and_pdf_are_refused_by_content
printf '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>\n' >a.svg
printf '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>\n' >b.png
printf '%%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%%%EOF\n' >c.pdf
gzip -c a.svg >d.svgz
printf 'P6 1 1 255 abc' >e.ppm
for file in a.svg b.png c.pdf d.svgz e.ppm; do
    expect_refusal "$file" input.media
done

# Some versions of libvips look into such a file for ever.
it a_stream_of_nothing_in_gzip_is_refused_at_once
printf '\037\213\010\0\0\0\0\0\0\003\003\0\0\0\0\0\0\0\0\0x' >gzip.svgz
expect_equal "$(wc -c <gzip.svgz)" 21 bytes
expect_refusal gzip.svgz input.media
run pixmill run -e 'decode ! thumbnail width=32 ! encode format=png' gzip.svgz -o out.png
expect_code 1
expect_err 'decode.unsupported'

it a_header_without_a_picture_is_refused
for bytes in 2 3 10 100 600; do
    head -c "$bytes" "$photo" >header.jpg
    expect_refusal header.jpg input.media decode.corrupt
done

it a_picture_cut_short_is_never_shown
size=$(wc -c <"$photo")
for share in 1 5 9; do
    head -c $((size * share / 10)) "$photo" >"cut$share.jpg"
    expect_late_refusal "cut$share.jpg" decode.corrupt
done

it pictures_of_each_format_cut_short_are_refused_or_marked
make_app
for format in png webp gif avif tiff; do
    run pixmill run -e "vips.gaussnoise width=200 height=160 ! encode format=$format" -o "whole.$format"
    expect_code 0
    import "whole.$format"
    expect_code 0
    for share in 3 9; do
        head -c $(($(wc -c <"whole.$format") * share / 10)) "whole.$format" >"cut.$format"
        import "cut.$format" --json
        expect_code 1
        expect_json outcome failed
        expect_json error.transient false
        case $(json error.code) in decode.* | input.media) ;; *) complain "code $(json error.code)" ;; esac
    done
done
expect_no_drafts app/var

it a_wrong_name_does_not_matter
make_app
make_png picture.jpg 64 48
import picture.jpg
expect_code 0
case $(json filename) in *.png) ;; *) complain 'the ending does not follow the content' ;; esac
expect_json thumbnails.0.w 64

it a_giant_in_the_header_costs_nothing
make_picture png-header 65535 65535 >giant.png
expect_refusal giant.png limit.pixels limit.side
expect_peak_below 96

it a_text_of_a_gibibyte_that_is_not_there_costs_nothing
make_picture png-text >text.png
expect_equal "$(wc -c <text.png)" 57 bytes
expect_refusal text.png decode.corrupt
expect_peak_below 96

it thousands_of_scans_are_refused_before_they_are_decoded
make_picture jpeg-scans 7000 7000 >scans.jpg
expect_refusal scans.jpg limit.scans
expect_peak_below 128
[ -n "$SANITIZED" ] || [ "$cpu_ms" -lt 3000 ] || complain "took $cpu_ms ms of processor time"

it a_hundred_thousand_frames_are_refused
make_picture gif-frames 100000 >frames.gif
expect_refusal frames.gif limit.frames
expect_peak_below 128
make_picture gif-frames 200 >fewer.gif
import fewer.gif
expect_code 0

it a_file_beyond_the_limit_of_bytes_is_refused
make_app
cp "$photo" large.jpg
truncate -s 26M large.jpg
expect_refusal large.jpg limit.bytes

it a_bad_picture_does_not_stop_its_batch
make_app
mkdir in
cp "$photo" in/1.jpg
make_png in/9.png 40 30
: >in/2.jpg
head -c 40000 "$photo" >in/3.jpg
make_picture png-header 65535 65535 >in/4.png
make_picture png-text >in/5.png
make_picture jpeg-scans 640 480 >in/6.jpg
make_picture gif-frames 100000 >in/7.gif
printf '\037\213\010\0\0\0\0\0\0\003\003\0\0\0\0\0\0\0\0\0x' >in/8.svgz
run_within 1024 pixmill run import --project app --each in --jobs 2 --json
expect_code 5
expect_json_document
expect_json files 9
expect_json ok 2
expect_json failed 7
expect_equal "$(find app/var/images/uploads -type f | wc -l)" 2 'originals'
list_records
expect_equal "$(grep -c '"status": "ready"' "$work/out")" 2 'records that are ready'
expect_no_drafts app/var

# What follows a picture may be a page or a program to somebody else.
it what_is_hidden_behind_a_picture_is_in_no_derivative
make_app
{ cat "$photo"; echo '<html><script>alert("POLYGLOT")</script></html>'; } >page.jpg
make_png clean.png 64 48
{ cat clean.png; echo '<?php echo "POLYGLOT"; ?>'; } >program.png
{ printf 'GIF89a/*POLYGLOT*/=0;'; } >script.gif
for file in page.jpg program.png; do
    import "$file"
    expect_code 0
done
import script.gif
expect_code 1
expect_equal "$(grep -rl POLYGLOT app/var/images/thumbnails | wc -l)" 0 'derivatives with foreign bytes'
expect_equal "$(grep -al POLYGLOT app/var/pixmill.db* | wc -l)" 0 'databases with foreign bytes'
run pixmill run -e 'decode ! encode format=jpeg' page.jpg -o again.jpg
expect_code 0
! grep -q POLYGLOT again.jpg || complain 'the new file holds foreign bytes'

it pictures_are_made_where_no_code_may_be_written
for steps in 'thumbnail width=320' 'vips.gaussblur sigma=3'; do
    run forbid_code pixmill run -e "decode ! $steps ! encode format=webp" "$photo" -o small.webp
    expect_code 0
    expect_file small.webp
done

done_testing
