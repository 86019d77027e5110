#!/bin/sh
# When the world is not as it should be: a full or read-only disk, a locked or damaged database, places that are
# something else. Each is told with the path and what to do, loses nothing, leaves no draft, and ends with its cause.
. "$(dirname "$0")/lib.sh"
without_leak_check

expect_import_works() {
    import "$photo"
    expect_code 0
    list_records
    expect_json 0.status ready
}

# Every original in the store is whole, whatever happened.
expect_whole_originals() {
    for original in "$1"/uploads/*; do
        [ ! -f "$original" ] || cmp -s "$photo" "$original" || complain "$original is not whole"
    done
}

# ---- disk ------------------------------------------------------------------------------------------------------------

it a_full_disk_is_told_and_leaves_nothing_behind
make_app
if mount_small app/var 800k; then
    import "$photo"
    expect_code 0
    while import "$photo"; [ "$code" = 0 ]; do :; done
    expect_code 6
    expect_err 'error[' 'full' 'repeating may help'
    expect_no_drafts app/var
    expect_whole_originals app/var/images
    rm -r app/var/images/uploads/* app/var/images/thumbnails/*
    expect_import_works
else
    skip 'no small file system may be mounted here'
fi

it a_disk_filled_to_the_last_byte_refuses_and_heals
make_app
if mount_small app/var 1m; then
    expect_import_works
    cat /dev/zero >app/var/filler 2>/dev/null
    import "$photo"
    expect_code 6
    expect_no_drafts app/var
    expect_whole_originals app/var/images
    rm app/var/filler
    expect_import_works
else
    skip 'no small file system may be mounted here'
fi

it a_batch_goes_on_where_the_full_disk_stopped_it
make_app
if mount_small app/var 900k; then
    mkdir in
    for i in 1 2 3 4; do cp "$photo" in/$i.jpg; done
    import --each in --jobs 1 --state state.jsonl
    expect_code 5
    expect_err '(worth repeating)'
    mount -o remount,size=8m none app/var
    import --each in --jobs 1 --resume state.jsonl
    expect_code 0
    expect_err 'done before'
    expect_equal "$(count_files app/var/images/uploads)" 4 originals
    list_records
    [ "$(grep -c '"status": "ready"' "$work/out")" = 4 ] || complain 'not all records are ready'
else
    skip 'no small file system may be mounted here'
fi

it an_output_file_on_a_full_disk_is_not_left_half_written
if mount_small full 16k; then
    run pixmill run -e 'decode ! encode format=png' "$photo" -o full/out.png
    expect_code 1
    expect_err 'full/out.png: No space left on device'
    expect_equal "$(ls -A full)" '' 'the folder'
else
    skip 'no small file system may be mounted here'
fi

it a_state_file_on_a_full_disk_ends_the_batch_with_a_word
make_reader reader.yaml
mkdir in
for i in 1 2 3; do echo $i >in/$i; done
run pixmill run reader.yaml --each in --jobs 1 --state /dev/full
expect_code 1
expect_err 'state file could not be written' 'No space left on device'

it results_that_cannot_be_printed_are_a_failure
printf '%s\n' 'version: 1' 'steps: [{id: s, vips.black: {width: 9, height: 9}}]' 'output: "${steps.s.width}"' >nine.yaml
code=0
pixmill run nine.yaml >/dev/full 2>"$work/err" || code=$?
expect_code 1
expect_err 'No space left on device'

# ---- access ----------------------------------------------------------------------------------------------------------

# Runs a command as somebody whom permissions bind.
as_nobody() {
    if is_root; then
        run setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        run "$@"
    fi
}

may_be_nobody() {
    ! is_root || setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$PIXMILL" 2>/dev/null
}

it a_folder_without_permission_is_told_and_works_once_it_is_given
make_app
if may_be_nobody; then
    chmod 755 "$work" . app
    mkdir -m 555 app/var
    as_nobody pixmill run import --project app "$photo"
    expect_code 1
    expect_err "$PWD/app/var" 'Permission denied'
    expect_equal "$(ls -A app/var)" '' 'the folder'
    chmod 777 app/var
    as_nobody pixmill run import --project app "$photo"
    expect_code 0
else
    skip 'this user cannot become one without rights'
fi

it a_store_that_became_read_only_is_told
make_app
if mount_small app/var 4m; then
    expect_import_works
    files=$(count_files app/var/images)
    mount -o remount,ro none app/var
    import "$photo"
    [ "$code" = 1 ] || [ "$code" = 6 ] || complain "exit code $code"
    expect_err 'writable' app/var
    mount -o remount,rw none app/var
    expect_equal "$(count_files app/var/images)" "$files" 'files'
    expect_import_works
else
    skip 'no small file system may be mounted here'
fi

it a_picture_without_permission_is_told
make_app
if may_be_nobody; then
    chmod 755 "$work" . && chmod 777 app
    cp "$photo" secret.jpg && chmod 000 secret.jpg
    as_nobody pixmill run import --project app secret.jpg
    expect_code 1
    expect_err 'secret.jpg' 'Permission denied'
else
    skip 'this user cannot become one without rights'
fi

# ---- databases -------------------------------------------------------------------------------------------------------

it a_locked_database_is_worth_repeating
make_app
expect_import_works
files=$(count_files app/var/images)
mkfifo hold said
hold_lock app/var/pixmill.db <hold >said &
children="$children $!"
exec 4>hold 3<said
read -r said <&3
expect_equal "$said" locked
import "$photo" --time 10s
expect_code 6
expect_err app/var/pixmill.db 'repeating may help'
exec 4>&- 3<&-
wait $!
expect_no_drafts app/var
expect_equal "$(count_files app/var/images)" "$files" 'files'
expect_import_works

it a_file_that_is_no_database_is_told_and_kept
make_app
mkdir app/var
head -c 8192 "$photo" >app/var/pixmill.db
import "$photo"
expect_code 1
expect_err app/var/pixmill.db 'not a database'
head -c 8192 "$photo" | cmp -s - app/var/pixmill.db || complain 'the file was changed'
expect_equal "$(count_files app/var/images)" 0 'files'
rm app/var/pixmill.db
expect_import_works

it a_damaged_database_is_told
make_app
expect_import_works
size=$(wc -c <app/var/pixmill.db)
rm -f app/var/pixmill.db-*
head -c $((size / 2)) app/var/pixmill.db >half && head -c $((size / 2)) "$photo" | tail -c 4096 >>half
head -c 4096 half >app/var/pixmill.db && tail -c 8192 "$photo" >>app/var/pixmill.db
import "$photo"
expect_code 1
expect_err app/var/pixmill.db
expect_no_drafts app/var

it a_database_in_a_folder_of_the_same_name_is_told
make_app
mkdir -p app/var/pixmill.db
import "$photo"
expect_code 1
expect_err app/var/pixmill.db

# ---- places ----------------------------------------------------------------------------------------------------------

it folders_of_the_project_are_made_for_this_user_alone
make_app
expect_no_file app/var
expect_import_works
expect_equal "$(stat -c %a app/var)" 700 'mode of var'

it a_store_whose_root_is_a_file_is_told
make_app
mkdir app/var
echo 'I was here' >app/var/images
import "$photo"
expect_code 1
expect_err app/var/images
expect_equal "$(cat app/var/images)" 'I was here'
rm app/var/images
expect_import_works

it a_folder_elsewhere_that_is_missing_is_told_and_not_made
make_app
sed -i "s|root: .*/images.|root: $PWD/elsewhere/images|" app/pixmill.yaml
import "$photo"
expect_code 1
expect_err "$PWD/elsewhere/images" 'No such file or directory'
expect_no_file elsewhere
mkdir -p elsewhere/images
expect_import_works

it a_symbolic_link_in_a_store_leads_nowhere
make_app
expect_import_works
mkdir outside
rm -r app/var/images/uploads
ln -s "$PWD/outside" app/var/images/uploads
import "$photo"
[ "$code" != 0 ] || complain 'the link was followed'
expect_equal "$(ls -A outside)" '' 'the folder outside'

it a_project_found_from_below_uses_its_own_folder
make_app
mkdir -p app/deep/er
cd app/deep/er
run pixmill run import "$photo"
expect_code 0
cd ../../..
expect_equal "$(count_files app/var/images)" 4 'files'
expect_equal "$(find app/deep -type f)" '' 'files below'

it two_programs_share_a_store_and_a_database
make_app
mkdir in
for i in 1 2 3 4 5 6; do make_png in/$i.png $((20 + i)) 20 $i; done
pixmill run import --project app --each in --jobs 2 >/dev/null 2>&1 &
first=$!
pixmill run import --project app --each in --jobs 2 >/dev/null 2>&1 &
second=$!
code=0
wait $first || code=$?
expect_code 0
code=0
wait $second || code=$?
expect_code 0
list_records
expect_json '.#' 12
expect_equal "$(count_files app/var/images)" 24 'files'

done_testing
