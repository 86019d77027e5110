#!/bin/sh
# What is loaded when: nothing heavy before a picture is looked at. The dynamic linker itself says which files it maps.
. "$(dirname "$0")/lib.sh"

# Runs a command and leaves the libraries it mapped in $work/maps.
run_mapped() {
    run env LD_DEBUG=files LD_DEBUG_OUTPUT="$PWD/linker" "$@"
    cat linker.* | sed -n 's/.*file=\([^ ]*\) .*generating link map.*/\1/p' >"$work/maps"
    rm -f linker.*
}

expect_mapped() {
    for name; do grep -q "$name" "$work/maps" || complain "$name was not mapped"; done
}

expect_not_mapped() {
    for name; do ! grep -q "$name" "$work/maps" || complain "$name was mapped"; done
}

if ! LD_DEBUG=files "$PIXMILL" --version 2>&1 >/dev/null | grep -q 'generating link map'; then
    echo '1..0 # SKIP this linker does not tell what it maps'
    exit 0
fi

it check_maps_no_codec_and_no_database_of_its_own
make_app
run_mapped pixmill check --project app
expect_code 0
expect_mapped 'resize\.so' 'localfs\.so'
expect_not_mapped libvips libglib resize-body

it help_and_version_map_no_plugin
run_mapped pixmill --help
expect_not_mapped 'plugins-1/' libvips
run_mapped pixmill man run
expect_not_mapped 'plugins-1/' libvips

it a_pipeline_without_pictures_maps_no_plugin_for_them
make_reader reader.yaml
run_mapped pixmill run reader.yaml "$photo"
expect_code 0
expect_mapped 'localfs\.so'
expect_not_mapped libvips libglib resize-body 'resize\.so' 'vips\.so'

it a_pipeline_without_pictures_maps_no_codec_though_others_of_the_project_do
make_app
run_mapped pixmill run newest --project app
expect_code 0
expect_mapped 'sqlite\.so'
expect_not_mapped libvips libglib resize-body

it a_file_that_is_too_large_maps_no_codec
make_app
truncate -s 26M large.jpg
run_mapped pixmill run import --project app large.jpg
expect_code 1
expect_not_mapped libvips libglib

it the_first_picture_maps_libvips
make_app
run_mapped pixmill run import --project app "$photo"
expect_code 0
expect_mapped libvips resize-body

done_testing
