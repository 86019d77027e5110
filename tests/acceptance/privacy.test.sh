#!/bin/sh
# Where a photo was taken is its owner's business: the place is in no derivative, no record and nothing that is printed.
. "$(dirname "$0")/lib.sh"
without_leak_check

# Whether a reader of ours, and one that is not, finds a place or the camera.
expect_no_place() { # FILE...
    for file; do
        run pixmill run -e 'metadata gps=true' "$file"
        expect_code 0
        expect_json latitude null
        expect_json longitude null
        expect_json taken_at null
        if command -v exiftool >/dev/null; then
            found=$(exiftool -a -G1 -GPS:all -XMP:all -IPTC:all "$file")
            [ -z "$found" ] || complain "$file has $found"
        fi
        ! grep -qa 'Painted by a script' "$file" || complain "$file names the camera"
    done
}

# Not even an empty segment that a reader would have to look into.
expect_bare() { # FILE...
    expect_no_place "$@"
    for file; do
        ! grep -qa 'Exif' "$file" || complain "$file has an EXIF segment"
    done
}

# The place's degrees, which are no seconds of a time.
has_place() {
    grep -qaE '(^|[^:0-9])46\.5' "$@"
}

expect_no_place() {
    ! has_place "$work/out" || complain 'standard output has the place'
    ! has_place "$work/err" || complain 'standard error has the place'
}

it the_photo_of_these_tests_has_a_place
run pixmill run -e 'metadata gps=true' "$photo"
expect_json latitude 46.5
has_place "$work/out" || complain 'the place is not found where it is'
expect_json longitude 8.0
grep -qa 'Painted by a script' "$photo" || complain 'the camera is not in plain text'

it the_place_is_told_only_when_asked
run pixmill run -e metadata "$photo"
expect_code 0
expect_no_place
expect_json model 'Painted by a script'

it no_thumbnail_and_no_record_has_the_place
make_app
import "$photo" --trace --json
expect_code 0
expect_no_place
expect_bare $(find app/var/images/thumbnails -type f)
list_records
expect_json 0.exif.model 'Painted by a script'
reject_out latitude longitude altitude
expect_no_place
! cat app/var/pixmill.db* | grep -qaE 'latitude|longitude' || complain 'the database has a place'
! has_place app/var/pixmill.db* || complain 'the database has the place'

it no_format_keeps_the_place
for format in jpeg png webp avif gif tiff; do
    run pixmill run -e "decode ! thumbnail width=200 ! encode format=$format" "$photo" -o "small.$format"
    expect_code 0
    expect_bare "small.$format"
done

it a_picture_that_is_only_saved_again_does_not_keep_it
run pixmill run -e 'decode ! encode format=jpeg never_larger=true' "$photo" -o again.jpg
expect_code 0
expect_bare again.jpg
run pixmill run -e 'decode ! encode format=jpeg keep=[icc]' "$photo" -o profile.jpg
expect_code 0
expect_no_place profile.jpg

it the_original_is_kept_as_it_is
make_app
import "$photo"
cmp -s "$photo" app/var/images/uploads/* || complain 'the original differs'

it failures_do_not_tell_the_place
make_app
head -c 100000 "$photo" >torn.jpg
import torn.jpg --trace --json
expect_code 1
expect_no_place
list_records
reject_out latitude
expect_no_place

done_testing
