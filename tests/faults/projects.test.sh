#!/bin/sh
# Projects that are broken, cut off, or made to hurt: told where and why at the start, and at a reload what ran goes on.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# That it does not start, and names the place.
expect_diagnosis() {
    if start_daemon; then
        complain 'it started'
        stop_daemon
        return
    fi
    code=0
    wait "$daemon" || code=$?
    expect_code 78
    grep -qE "$1(:[0-9]+:[0-9]+)?: error" log || complain "no place is named: $(head -c 500 log)"
}

it a_broken_project_is_told_with_its_place
make_app
cp app/upload.yaml good
printf 'version: 1\nsteps: [\n' >app/upload.yaml
expect_diagnosis upload.yaml
printf 'version: 1\nsteps: []\nsteps: []\n' >app/upload.yaml
expect_diagnosis upload.yaml
sed 's/^limits:/limitz:/' good >app/upload.yaml
expect_diagnosis upload.yaml
head -c 2000000 /dev/zero | tr '\0' '#' >app/upload.yaml
expect_diagnosis upload.yaml
{
    echo 'a: &a [x, x, x, x, x, x, x, x, x]'
    for pair in ab bc cd de ef fg gh; do
        to=${pair#?} from=${pair%?}
        echo "$to: &$to [*$from, *$from, *$from, *$from, *$from, *$from, *$from, *$from, *$from]"
    done
} >app/upload.yaml
expect_diagnosis upload.yaml
printf 'version: 1\nsteps: [{call: {pipeline: forget}}]\n' >app/upload.yaml
sed 's/^steps:/&\n  - {call: {pipeline: forget, with: {filename: a}}}/' "$SOURCE/pipelines/forget.yaml" >app/forget.yaml
expect_diagnosis '[a-z]*.yaml'
cp good app/upload.yaml
cp "$SOURCE/pipelines/forget.yaml" app/forget.yaml
serve
stop_daemon
expect_code 0

it a_project_cut_off_at_any_byte_is_told_or_taken
make_app
cp app/thumbnails.yaml good
length=$(wc -c <good)
turn=0
while [ $turn -lt "$length" ]; do
    turn=$((turn + 97 * EVERY))
    head -c $turn good >app/thumbnails.yaml
    if start_daemon; then
        stop_daemon
        expect_code 0
    else
        code=0
        wait "$daemon" || code=$?
        expect_code 78
        [ -s log ] || complain "nothing is said of a file of $turn bytes"
    fi
done

it a_reload_that_fails_leaves_what_ran
begin_app
cp app/upload.yaml good
printf 'version: 1\nsteps: [\n' >app/upload.yaml
kill -HUP "$daemon"
await_log 'the project was not loaded anew'
grep -qE 'upload.yaml:[0-9]+:[0-9]+: error' log || complain 'no place is named'
insist "$turned" one
expect_health
cp good app/upload.yaml
kill -HUP "$daemon"
await_log 'the project was loaded anew'
picture other.jpg other
insist other.jpg two
expect_sound
stop_daemon
expect_code 0

done_testing
