#!/bin/sh
# pixmill check: its exit codes and formats, what it tells of mistakes, and what hostile files may cost.
. "$(dirname "$0")/lib.sh"

pipeline() { # NAME STEP...: a pipeline of the given lines
    name=$1
    shift
    printf '%s\n' 'version: 1' 'inputs: {file: {type: blob}}' 'steps:' "$@" >"$name"
}

# A mistake that all tests know: `widht`, at line 5.
pipeline_with_mistake() {
    pipeline "$1" '  - {id: image, in: input.file, decode: {}}' '  - {id: small, thumbnail: {widht: 320}}'
}

it a_project_without_mistakes_passes
make_app
run pixmill check --project app
expect_code 0
expect_silence
expect_err ' pipelines ok'
expect_no_file app/var

it a_mistake_is_told_with_its_place_and_a_way_out
pipeline_with_mistake thumbs.yaml
run pixmill check thumbs.yaml
expect_code 3
expect_err 'thumbs.yaml:5:29: error[E102]' 'did you mean `width`?' '^^^^^'

it several_files_are_checked_and_the_worst_counts
pipeline good.yaml '  - {id: image, in: input.file, decode: {}}'
pipeline_with_mistake bad.yaml
run pixmill check good.yaml bad.yaml
expect_code 3
run pixmill check good.yaml
expect_code 0

it a_file_that_is_not_there_is_told
run pixmill check missing.yaml
expect_code 3
expect_err missing.yaml

it thirty_mistakes_are_told_in_one_pass
{
    printf '%s\n' 'version: 1' 'inputs: {file: {type: blob}}' 'steps:'
    seq 30 | sed 's/.*/  - {id: s&, in: input.file, decode: {fremes: all}}/'
} >many.yaml
run pixmill check many.yaml
expect_code 3
expect_equal "$(grep -c 'many.yaml:.*error\[E102\]' "$work/err")" 30 'mistakes'
expect_err '30 errors'

it short_is_one_line_for_each_mistake
pipeline_with_mistake thumbs.yaml
run pixmill check thumbs.yaml --format short
expect_code 3
expect_equal "$(grep -c 'thumbs.yaml:5:29: error\[E102\]: ' "$work/err")" 1 'lines'
reject_err '^^^^^'

it json_is_one_document_on_standard_output
pipeline_with_mistake thumbs.yaml
run pixmill check thumbs.yaml --format json
expect_code 3
expect_json_document
expect_json 'diagnostics.#' 1
expect_json diagnostics.0.code E102
expect_json diagnostics.0.line 5
reject_err error
run pixmill check thumbs.yaml --json
expect_json diagnostics.0.code E102

it json_of_a_clean_project_is_an_empty_document
make_app
run pixmill check --project app --json
expect_code 0
expect_json_document
expect_json 'diagnostics.#' 0

it sarif_names_rule_file_and_place
pipeline_with_mistake thumbs.yaml
run pixmill check thumbs.yaml --format sarif
expect_code 3
expect_json_document
expect_json version '2.1.0'
expect_json runs.0.tool.driver.name pixmill
expect_json runs.0.results.0.ruleId E102
expect_json runs.0.results.0.level error
expect_json runs.0.results.0.locations.0.physicalLocation.artifactLocation.uri thumbs.yaml
expect_json runs.0.results.0.locations.0.physicalLocation.region.startLine 5

it github_annotates_the_line
pipeline_with_mistake thumbs.yaml
run pixmill check thumbs.yaml --format github
expect_code 3
expect_out '::error file=thumbs.yaml,line=5,'

it an_unknown_format_is_wrong_usage
run pixmill check --format xml
expect_code 2
expect_err 'human, short, json, sarif or github'

it warnings_fail_only_when_denied
pipeline warn.yaml '  - {id: image, in: input.file, when: 1 == 1, decode: {}}'
run pixmill check warn.yaml
warnings=$(grep -c 'warning\[W' "$work/err")
expect_code 0
[ "$warnings" -gt 0 ] || complain 'nothing was warned of'
run pixmill check warn.yaml -D
expect_code 3

it connect_tells_that_stores_and_tables_answer
make_app
run pixmill check --project app --connect
expect_code 0
expect_err 'ok   images (localfs)' 'ok   images (sqlite)'

it connect_finds_a_folder_that_cannot_be_reached
make_app
printf 'here is a file' >file
sed -i "s|root: .*/images.|root: $PWD/file/below|" app/pixmill.yaml
run pixmill check --project app
expect_code 0
run pixmill check --project app --connect
expect_code 1
expect_err 'E506' "$PWD/file/below"

it an_unknown_profile_is_told_by_connect_and_run
make_app
run pixmill check --project app --connect --profile nowhere
expect_code 3
expect_err 'there is no profile `nowhere`'
run pixmill run newest --project app --profile nowhere
expect_code 3

it a_profile_is_taken_from_the_environment
make_app
run env PIXMILL_PROFILE=nowhere pixmill run newest --project app
expect_code 3
expect_err 'there is no profile `nowhere`'
run env PIXMILL_PROFILE=nowhere pixmill run newest --project app --profile local
expect_code 0

it output_that_is_no_terminal_has_no_escape_bytes
pipeline_with_mistake thumbs.yaml
run pixmill check thumbs.yaml
reject_err "$(printf '\033')"
run pixmill check thumbs.yaml --color always
expect_err "$(printf '\033[1;31m')"

it a_terminal_has_colour_unless_it_is_refused
if command -v script >/dev/null; then
    pipeline_with_mistake thumbs.yaml
    escape=$(printf '\033')
    run env TERM=xterm script -qec 'pixmill check thumbs.yaml' /dev/null
    expect_out E102 "$escape"
    run env TERM=xterm NO_COLOR=1 script -qec 'pixmill check thumbs.yaml' /dev/null
    expect_out E102
    reject_out "$escape"
    run env TERM=xterm NO_COLOR= script -qec 'pixmill check thumbs.yaml' /dev/null
    expect_out "$escape"
    run env TERM=dumb script -qec 'pixmill check thumbs.yaml' /dev/null
    reject_out "$escape"
    run env TERM=xterm script -qec 'pixmill check thumbs.yaml --color never' /dev/null
    reject_out "$escape"
else
    skip 'there is no script(1)'
fi

it a_wrong_word_for_color_is_wrong_usage
run pixmill check --color sometimes
expect_code 2
expect_err 'auto, always or never'

# ---- hostile files ---------------------------------------------------------------------------------------------------

# Each within 256 MiB and 10 seconds of processor time, the second counted by the kernel.
expect_bounded_refusal() {
    run_within 256 pixmill check "$1"
    expect_code 3
    expect_err "$1:"
    expect_peak_below 200
    [ -n "$SANITIZED" ] || [ "$cpu_ms" -lt 5000 ] || complain "took $cpu_ms ms of processor time"
}

it a_mebibyte_of_brackets_is_refused
head -c 1048576 /dev/zero | tr '\0' '[' >brackets.yaml
expect_bounded_refusal brackets.yaml

it a_mebibyte_of_braces_is_refused
head -c 1048570 /dev/zero | tr '\0' '{' >braces.yaml
expect_bounded_refusal braces.yaml

it billions_of_laughs_are_refused_at_the_first_anchor
{
    echo 'a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]'
    for pair in 'b a' 'c b' 'd c' 'e d' 'f e' 'g f' 'h g' 'i h'; do
        set -- $pair
        printf '%s: &%s [*%s, *%s, *%s, *%s, *%s, *%s, *%s, *%s, *%s]\n' "$1" "$1" "$2" "$2" "$2" "$2" "$2" "$2" "$2" \
            "$2" "$2"
    done
} >laughs.yaml
expect_bounded_refusal laughs.yaml

it a_file_beyond_one_mebibyte_is_refused
head -c 67108864 /dev/zero | tr '\0' 'a' >huge.yaml
expect_bounded_refusal huge.yaml

it a_long_list_of_mistakes_is_bounded
{
    printf '%s\n' 'version: 1' 'steps:'
    yes '  - {nope: {}}' | head -n 60000
} >list.yaml
expect_bounded_refusal list.yaml

it bytes_that_are_no_text_are_refused
head -c 65536 "$photo" >picture.yaml
expect_bounded_refusal picture.yaml

it pipelines_that_call_in_a_circle_are_refused
mkdir -p ring/pipelines
printf 'version: 1\nprofiles: {local: {}}\n' >ring/pixmill.yaml
for pair in 'one two' 'two three' 'three one'; do
    set -- $pair
    printf 'version: 1\nsteps:\n  - {id: on, call: {pipeline: %s}}\n' "$2" >"ring/pipelines/$1.yaml"
done
run_within 256 pixmill check --project ring
expect_code 3
expect_err 'error[E3'

it a_pipeline_that_calls_itself_is_refused
printf 'version: 1\nsteps:\n  - {id: on, call: {pipeline: self}}\n' >self.yaml
expect_bounded_refusal self.yaml

it a_fifo_or_device_instead_of_a_file_does_not_hang
ln -s /dev/zero zero.yaml
expect_bounded_refusal zero.yaml
mkfifo pipe.yaml
run_within 256 pixmill check pipe.yaml
expect_code 3

done_testing
