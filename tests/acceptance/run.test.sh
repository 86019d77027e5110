#!/bin/sh
# pixmill run on one file: inputs, expressions, what it prints and writes, and its exit codes.
. "$(dirname "$0")/lib.sh"
without_leak_check

it one_file_goes_through_a_pipeline
make_app
import "$photo" --set name=photo.jpg
expect_code 0
expect_json_document
expect_json 'thumbnails.#' 3
expect_json thumbnails.0.w 320
expect_json thumbnails.0.type image/webp
filename=$(json filename)
expect_file "app/var/images/uploads/$filename"
cmp -s "$photo" "app/var/images/uploads/$filename" || complain 'the original differs'
expect_equal "$(count_files app/var/images)" 4 'files'
list_records
expect_json 0.filename "$filename"
expect_json 0.status ready
expect_json 0.name photo.jpg

it the_project_says_what_the_command_line_uses_and_may
mkdir app
printf '%s\n' 'version: 1' 'profiles:' '  one: {stores: {files: {localfs: {root: one}}}}' \
    '  two: {stores: {files: {localfs: {root: two}}}}' 'hosts: {cli: {profile: two}, daemon: {limits: {bytes: 1KiB}}}' \
    >app/pixmill.yaml
printf '%s\n' 'version: 1' 'inputs: {file: {type: blob}, key: {type: string}}' \
    'steps: [{in: input.file, put: {store: files, key: "k/${input.key}"}}]' >app/keep.yaml
keep() { run pixmill run keep "$photo" --project app "$@"; }
keep --set key=a
expect_code 0
expect_file app/two/k/a
keep --set key=b --profile one
expect_code 0
expect_file app/one/k/b
PIXMILL_PROFILE=one keep --set key=c
expect_code 0
expect_file app/one/k/c
sed -i 's/cli: {/&limits: {bytes: 1KiB}, /' app/pixmill.yaml
keep --set key=d
expect_code 1
expect_err 'error[limit.bytes]'
sed -i 's/profile: two/profile: three/' app/pixmill.yaml
keep --set key=e
expect_code 3
expect_err 'E503'

it an_expression_runs_without_a_project
run pixmill run -e 'decode ! thumbnail width=320 ! encode format=webp' "$photo" -o small.webp
expect_code 0
expect_silence
describe small.webp
expect_json format webp
expect_json width 320
expect_no_file var

it an_expression_may_begin_with_what_makes_a_picture
run pixmill run -e 'vips.black width=40 height=30 ! encode format=png' -o black.png
expect_code 0
describe black.png
expect_json width 40
expect_json height 30

it print_shows_the_pipeline_that_an_expression_stands_for
run pixmill run -e 'decode ! thumbnail width=320 ! encode format=webp' --print
expect_code 0
expect_out 'version: 1' 'decode: {}' 'thumbnail: {width: 320}' 'encode: {format: webp}'
cp "$work/out" small.yaml
run pixmill check small.yaml
expect_code 0
run pixmill run small.yaml "$photo" -o small.webp
expect_code 0
expect_file small.webp

it quoted_values_of_an_expression_may_hold_spaces_and_exclamation_marks
run pixmill run -e 'fail code=my.code message="Stop! now, please"'
expect_code 1
expect_err 'error[my.code]: ' ': Stop! now, please'

it an_expression_without_an_operation_is_wrong_usage
for expression in '' '!' 'decode !' 'decode ! ! encode format=png' 'decode width'; do
    run pixmill run -e "$expression" "$photo"
    expect_code 2
done

it bytes_go_to_standard_output
run pixmill run -e 'decode ! thumbnail width=64 ! encode format=png' "$photo" -o -
expect_code 0
expect_equal "$(head -c 8 "$work/out" | od -An -tx1 | tr -d ' ')" 89504e470d0a1a0a 'first bytes'
cp "$work/out" small.png
describe small.png
expect_json format png

it an_output_that_is_a_pipe_or_device_stays_one
mkfifo pipe
cat pipe >through.webp &
reader=$! children="$children $reader"
run pixmill run -e 'decode ! thumbnail width=64 ! encode format=webp' "$photo" -o pipe
expect_code 0
wait "$reader"
[ -p pipe ] || complain 'the pipe was replaced by a file'
[ -s through.webp ] || complain 'nothing came through the pipe'

it an_output_that_nobody_reads_is_a_failure_and_no_crash
{
    pixmill run -e 'decode ! encode format=png' "$photo" -o - 2>err
    echo $? >exit
} | true
expect_equal "$(cat exit)" 1 'exit code'

it a_failed_run_leaves_the_output_file_as_it_was
head -c 100000 "$photo" >torn.jpg
run pixmill run -e 'decode ! thumbnail width=320 ! encode format=webp' torn.jpg -o new.webp
expect_code 1
expect_err 'error[decode.corrupt]'
expect_no_file new.webp
echo 'I was here' >old.webp
run pixmill run -e 'decode ! thumbnail width=320 ! encode format=webp' torn.jpg -o old.webp
expect_code 1
expect_equal "$(cat old.webp)" 'I was here'
expect_equal "$(ls | tr '\n' ' ')" 'old.webp torn.jpg ' 'the folder'

it an_output_that_cannot_be_written_is_told
run pixmill run -e 'decode ! encode format=webp' "$photo" -o nowhere/out.webp
expect_code 1
expect_err 'nowhere/out.webp' 'No such file or directory'

it an_output_without_bytes_is_told
run pixmill run -e decode "$photo" -o out.bin
expect_code 1
expect_err 'gives no bytes'
expect_no_file out.bin

# ---- inputs ----------------------------------------------------------------------------------------------------------

make_types() {
    cat >types.yaml <<'END'
version: 1
inputs:
  s: {type: string, default: ""}
  i: {type: int, min: 0, max: 9, default: 1}
  f: {type: float, default: 1}
  b: {type: bool, default: false}
  l: {type: list, default: []}
  r: {type: record, default: {}}
steps:
  - {id: no, when: input.i == 9, fail: {code: my.no, message: "never"}}
output: {s: "${input.s}", i: "${input.i}", f: "${input.f}", b: "${input.b}", l: "${input.l}", r: "${input.r}"}
END
}

it set_gives_inputs_of_every_type
make_types
run pixmill run types.yaml --set s=12 --set i=7 --set f=0.5 --set b=true --set 'l=[1, two]' --set 'r={a: {b: c}}'
expect_code 0
expect_out '"s": "12"'
expect_json i 7
expect_json f 0.5
expect_json b true
expect_json 'l.#' 2
expect_json l.1 two
expect_json r.a.b c

it a_value_may_hold_equals_signs_and_templates_as_they_are
make_types
run pixmill run types.yaml --set 's=a=b ${input.i} {name}'
expect_code 0
expect_json s 'a=b ${input.i} {name}'

it a_value_of_the_wrong_type_or_range_is_told_by_name
make_types
for set in i=seven i=1.5 i=10 i=-1 f=wide b=yes l=1 r=1; do
    run pixmill run types.yaml --set "$set"
    expect_code 1
    expect_err "input \`${set%%=*}\`"
done

it an_unknown_or_missing_input_is_told
make_types
run pixmill run types.yaml --set nope=1
expect_code 2
expect_err 'has no input `nope`' ' s i f b l r'
run pixmill run types.yaml --set nope
expect_code 2
expect_err 'NAME=VALUE'
make_reader reader.yaml
run pixmill run reader.yaml
expect_code 1
expect_err 'input `file`'

it a_blob_may_be_given_by_set
make_reader reader.yaml
run pixmill run reader.yaml --set "file=@$photo" --set tag=x
expect_code 0
expect_out '"x"'
cmp -s "$photo" var/images/kept/* || complain 'what was kept differs'

it a_file_for_a_pipeline_without_one_is_wrong_usage
make_types
run pixmill run types.yaml "$photo"
expect_code 2
expect_err 'takes no file'

it a_file_that_is_not_there_is_told
make_reader reader.yaml
run pixmill run reader.yaml missing.jpg
expect_code 1
expect_err 'missing.jpg' 'No such file or directory'
run pixmill run reader.yaml .
expect_code 1

# ---- what it tells ---------------------------------------------------------------------------------------------------

it trace_tells_of_each_step
make_app
import "$photo" --trace
expect_code 0
expect_json_document
expect_err 'ok       image' 'image 2400x1600' '299.8 KB image/jpeg' 'image 320x213 [0]'

it json_is_one_document_with_steps_when_traced
make_app
import "$photo" --json --trace
expect_code 0
expect_json_document
expect_json schema pixmill.run/1
expect_json pipeline import
expect_json outcome ok
expect_json 'output.thumbnails.#' 3
[ "$(json 'steps.#')" -gt 10 ] || complain 'few steps'
expect_json steps.0.outcome ok

it json_tells_of_failures_too
printf 'no picture at all' >text.jpg
run pixmill run -e decode text.jpg --json
expect_code 1
expect_json_document
expect_json outcome failed
expect_json error.code decode.unsupported
expect_json error.transient false

it dry_run_opens_everything_and_runs_nothing
make_app
import "$photo" --dry-run
expect_code 0
expect_silence
expect_err 'ready to run'
expect_equal "$(count_files app/var/images)" 0 'files'

# ---- exit codes ------------------------------------------------------------------------------------------------------

it unknown_words_are_wrong_usage_with_a_suggestion
make_app
run pixmill rnu
expect_code 2
expect_err 'did you mean `run`?'
run pixmill run inport --project app
expect_code 2
expect_err 'did you mean `import`?'
run pixmill run import --project app --sett a=b
expect_code 2
expect_err 'did you mean --set?'
run pixmill run import --project app --time
expect_code 2
expect_err 'wants a value'
run pixmill run
expect_code 2
run pixmill
expect_code 2
run pixmill run import a b --project app
expect_code 2

it numbers_out_of_range_are_wrong_usage
make_app
for option in '--jobs 0' '--jobs x' '--time 5' '--time -1s' '--max-fail x'; do
    run pixmill run import --project app --each "$photo" $option
    expect_code 2
    expect_err "${option%% *}"
done
expect_equal "$(count_files app/var/images)" 0 'files'

it help_and_version_go_to_standard_output
for verb in '' check run test plugins schema graph explain completion man; do
    run pixmill $verb --help
    expect_code 0
    expect_out pixmill
    expect_equal "$(wc -c <"$work/err")" 0 'bytes on standard error'
done
run pixmill --version
expect_code 0

it a_project_with_mistakes_does_not_run
make_app
echo '  - {id: extra, in: nothing, decode: {}}' >>app/newest.yaml
run pixmill run import --project app "$photo"
expect_code 3
expect_err 'error[E'
expect_no_file app/var/images/uploads

it a_deadline_that_passes_is_limit_time
run pixmill run -e 'decode ! thumbnail width=2000 ! encode format=avif effort=9' "$photo" --time 1ms -o out.avif
expect_err 'error[limit.time]'
[ "$code" = 1 ] || [ "$code" = 6 ] || complain "exit code $code"
expect_no_file out.avif

it a_failure_that_may_pass_has_a_code_of_its_own
run pixmill run -e 'fail code=my.busy message="come again" transient=true'
expect_code 6
expect_err 'error[my.busy]: ' 'come again' 'repeating may help'
run pixmill run -e 'fail code=my.end message="go away"'
expect_code 1
expect_err 'repeating will not help'

# Broken in each way that a file can be: the exit code is 4, the text names the file, and nothing crashes.
expect_broken_plugin() {
    run env PIXMILL_PLUGIN_PATH="$PWD/plugins" pixmill run -e 'acme.enlarge' "$photo"
    expect_code 4
    expect_err 'E401' "$PWD/plugins/acme.so"
    run env PIXMILL_PLUGIN_PATH="$PWD/plugins" pixmill plugins list
    expect_code 4
    expect_out 'cannot be loaded' 'localfs'
}

it a_plugin_that_is_no_module_is_exit_code_4
mkdir plugins
echo 'I am no module' >plugins/acme.so
expect_broken_plugin

it a_plugin_that_is_empty_is_exit_code_4
mkdir plugins
: >plugins/acme.so
expect_broken_plugin

it a_plugin_cut_short_is_exit_code_4
mkdir plugins
whole=$(find "$(dirname "$PIXMILL")/.." -name localfs.so | head -n 1)
for bytes in 40 64 1000 8192; do
    head -c "$bytes" "$whole" >plugins/acme.so
    expect_broken_plugin
done

it a_library_without_the_entry_is_exit_code_4
mkdir plugins
cp "$(ldd "$PIXMILL" | awk '/libyaml/ {print $3}')" plugins/acme.so
expect_broken_plugin

it a_plugin_that_anybody_may_write_is_exit_code_4
mkdir plugins
cp "$(find "$(dirname "$PIXMILL")/.." -name localfs.so | head -n 1)" plugins/acme.so
chmod 666 plugins/acme.so
expect_broken_plugin
expect_out 'chmod o-w'

it a_plugin_path_that_is_not_there_is_no_harm
run env PIXMILL_PLUGIN_PATH=/nowhere:relative: pixmill run -e decode "$photo"
expect_code 0

# A pipeline of many short steps; the first that is traced shows that it is at it.
it an_interrupt_ends_a_run_with_130
{
    printf '%s\n' 'version: 1' 'steps:' '  - {id: start, vips.black: {width: 16, height: 16}}' '  - id: long'
    printf '    foreach: [%s 0]\n' "$(seq 900 | sed 's/$/,/' | tr '\n' ' ')"
    printf '%s\n' '    steps:' '      - {id: noise, vips.gaussnoise: {width: 400, height: 400}}' \
        '      - {id: file, encode: {format: webp, effort: 6}}' \
        '      - {id: kept, put: {store: images, key: "k/${item}"}}'
} >long.yaml
mkfifo told
pixmill run long.yaml --trace --time 10m >out 2>told &
child=$! children="$children $child"
exec 3<told
read -r first <&3
kill -INT "$child"
cat <&3 >err
wait "$child"
code=$?
exec 3<&-
cp err "$work/err"
expect_equal "${first%% *}" ok 'the first step'
expect_code 130
expect_no_drafts var

done_testing
