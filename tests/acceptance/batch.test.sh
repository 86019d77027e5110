#!/bin/sh
# pixmill run --each: which files, in what order, what one failure means for the others, and going on where it stopped.
. "$(dirname "$0")/lib.sh"

# A pipeline that keeps files; where the input `key` names a bad or a busy one, it fails as `my.bad` or `my.busy`.
make_keeper() {
    cat >keeper.yaml <<'END'
version: 1
inputs:
  file: {type: blob}
  key: {type: string, default: ""}
steps:
  - {id: bad, when: "input.key in ['bad.jpg', 'worse.jpg']", fail: {code: my.bad, message: "a bad file"}}
  - {id: busy, when: "input.key == 'busy.jpg'", fail: {code: my.busy, message: "a busy file", transient: true}}
  - {id: kept, in: input.file, put: {store: images, key: "kept/${run.id}"}}
output: ${input.key}
END
}

batch() {
    run pixmill run keeper.yaml --set key={rel} --each "$@"
}

make_files() {
    for name; do
        mkdir -p "$(dirname "$name")"
        echo "$name" >"$name"
    done
}

kept_count() {
    count_files var/images/kept
}

# Which files are in the store, by their content, which is their name.
kept_names() {
    [ ! -d var/images/kept ] || cat var/images/kept/* | LC_ALL=C sort | tr '\n' ' '
}

# ---- files -----------------------------------------------------------------------------------------------------------

it a_folder_stands_for_all_that_is_below_it_but_hidden_files
make_keeper
make_files in/b.jpg in/a.jpg in/sub/c.jpg in/.hidden in/.git/d.jpg
batch in --state state.jsonl --jobs 1
expect_code 0
expect_equal "$(kept_names)" 'in/a.jpg in/b.jpg in/sub/c.jpg '
expect_err '3 files: ok 3, failed 0'

it files_are_taken_in_the_order_of_their_names
make_keeper
make_files in/c in/a in/d/b in/b
batch in --state state.jsonl --jobs 1
expect_equal "$(sed 's/.*"path":"\([^"]*\)".*/\1/' state.jsonl | tr '\n' ' ')" 'in/a in/b in/c in/d/b '

it two_stars_stand_for_any_number_of_folders
make_keeper
make_files in/a.jpg in/a.png in/x/b.jpg in/x/y/z/c.jpg in/x/y/notes.txt in/.hidden/d.jpg in/.e.jpg
batch 'in/**/*.jpg'
expect_code 0
expect_equal "$(kept_names)" 'in/a.jpg in/x/b.jpg in/x/y/z/c.jpg '

it one_star_stays_within_a_folder
make_keeper
make_files in/a.jpg in/x/b.jpg in/y/c.jpg in/y/z/d.jpg
batch 'in/*/*.jpg'
expect_equal "$(kept_names)" 'in/x/b.jpg in/y/c.jpg '

it hidden_files_are_taken_when_the_pattern_names_them
make_keeper
make_files in/.a.jpg in/b.jpg
batch 'in/.*.jpg'
expect_equal "$(kept_names)" 'in/.a.jpg '

it patterns_may_be_repeated
make_keeper
make_files in/a.jpg in/b.png in/c.gif
batch 'in/*.jpg' --each 'in/*.png'
expect_equal "$(kept_names)" 'in/a.jpg in/b.png '

it a_pattern_without_files_and_a_folder_that_is_not_there_are_wrong_usage
make_keeper
make_files in/a.jpg
batch 'in/*.tiff'
expect_code 2
expect_err 'matches no file'
batch nowhere
expect_code 2
expect_err 'nowhere: No such file or directory'

it words_in_set_stand_for_parts_of_the_name
make_keeper
make_files in/sub/a.b.jpg
printf '%s\n' 'version: 1' 'inputs: {file: {type: blob}, words: {type: string}}' 'steps:' \
    '  - {id: tell, fail: {code: my.words, message: "${input.words}"}}' >words.yaml
run pixmill run words.yaml --set 'words={path} {rel} {name} {stem} {other}' --each in
expect_err 'in/sub/a.b.jpg sub/a.b.jpg a.b.jpg a.b {other}'
run pixmill run keeper.yaml --set 'key={path} {rel} {name} {stem} {other}' in/sub/a.b.jpg
expect_out '{path} {rel} {name} {stem} {other}'

it strange_names_are_names_like_others
make_keeper
newline='in/new
line.jpg'
invalid=$(printf 'in/in\377valid.jpg')
make_files in/plain.jpg "in/with space.jpg" "in/qu'ote.jpg" 'in/double".jpg' 'in/back\slash.jpg' 'in/ümläut.jpg' \
    'in/a[1].jpg' 'in/-dash.jpg' 'in/$(dollar).jpg' "$newline" "$invalid"
run pixmill run keeper.yaml --each in --state state.jsonl
expect_code 0
expect_equal "$(kept_count)" 11 'files kept'
expect_equal "$(wc -l <state.jsonl)" 11 'lines of state'
while read -r line; do
    printf '%s' "$line" | json_get path >/dev/null || complain "no JSON: $line"
done <state.jsonl
run pixmill run keeper.yaml --each in --resume state.jsonl
expect_code 0
expect_err 'done before 11'
expect_equal "$(kept_count)" 11 'files kept'

it a_name_that_looks_like_a_pattern_is_taken_as_it_is
make_keeper
make_files 'in/a[1].jpg' in/a1.jpg 'in [x]/b*.jpg' 'in [x]/bc.jpg'
batch 'in/a[1].jpg' --each 'in [x]/b*.jpg'
expect_code 0
expect_equal "$(kept_names)" 'in [x]/b*.jpg in/a[1].jpg '

# ---- failures --------------------------------------------------------------------------------------------------------

it one_bad_file_never_stops_the_rest
make_keeper
make_files in/a.jpg in/bad.jpg in/c.jpg in/busy.jpg in/d.jpg
batch in --jobs 1
expect_code 5
expect_equal "$(kept_names)" 'in/a.jpg in/c.jpg in/d.jpg '
expect_err '5 files: ok 3, failed 2' 'my.bad x1' 'my.busy x1 (worth repeating)'

it all_bad_is_a_failure
make_keeper
make_files in/bad.jpg in/worse.jpg
batch in
expect_code 1
expect_err 'my.bad x2'

it failures_are_grouped_by_code_with_a_command_that_works
make_keeper
make_files "in/it's/bad.jpg" in/worse.jpg
run pixmill run keeper.yaml --set key={name} --each in --time 20s
expect_code 1
again=$(sed -n 's/^ *again: //p' "$work/err")
expect_equal "$(printf '%s\n' "$again" | wc -l)" 1 'commands'
run sh -c "$again"
expect_code 1
expect_err 'error[my.bad]'
reject_err 'No such file'

it a_name_cannot_speak_to_the_terminal
make_keeper
make_files "in/$(printf 'red\033[31m')/bad.jpg"
run pixmill run keeper.yaml --set key={name} --each in
expect_code 1
expect_err "again: pixmill run keeper.yaml --set key=bad.jpg \$'in/red\\033[31m/bad.jpg'"
reject_err "$(printf '\033')"
rm -r in/*
run pixmill run keeper.yaml "$(printf 'in/\033[31m')"
expect_code 1
reject_err "$(printf '\033')"

it max_fail_gives_up_after_so_many
make_keeper
for i in 1 2 3 4 5 6; do
    make_files in/$i/bad.jpg
done
make_files in/7/good.jpg
run pixmill run keeper.yaml --set key={name} --each in --jobs 1 --max-fail 2 --json
expect_code 1
expect_err 'gave up after'
failed=$(json failed)
[ "$failed" -ge 3 ] && [ "$failed" -lt 6 ] || complain "$failed failures"
run pixmill run keeper.yaml --set key={name} --each in --jobs 1 --max-fail 6
expect_code 5

it max_fail_may_be_a_share
make_keeper
for i in 1 2 3 4 5 6 7 8; do
    make_files in/$i/bad.jpg
done
make_files in/91/good.jpg in/92/good.jpg
run pixmill run keeper.yaml --set key={name} --each in --jobs 1 --max-fail 10%
expect_code 1
expect_err 'gave up after'
run pixmill run keeper.yaml --set key={name} --each in --jobs 1 --max-fail 80%
expect_code 5
run pixmill run keeper.yaml --set key={name} --each in --max-fail 101%
expect_code 2

it the_summary_is_one_json_document
make_keeper
make_files in/a.jpg in/bad.jpg in/c.jpg
batch in --json
expect_code 5
expect_json_document
expect_json schema pixmill.batch/1
expect_json files 3
expect_json ok 2
expect_json failed 1
expect_json skipped 0
expect_json failures.0.code my.bad
expect_json failures.0.count 1
expect_json failures.0.transient false
expect_json failures.0.example in/bad.jpg

it several_jobs_give_the_same_result_as_one
make_keeper
for i in $(seq 60); do
    make_files "in/$i.jpg"
done
batch in --jobs 1 --json
expect_json ok 60
batch in --jobs 8 --json
expect_code 0
expect_json ok 60
expect_equal "$(kept_count)" 120 'files kept'

# ---- going on --------------------------------------------------------------------------------------------------------

it what_failed_is_done_again_and_nothing_else
make_keeper
make_files in/a.jpg in/bad.jpg in/c.jpg
batch in --state state.jsonl
expect_code 5
batch in --resume state.jsonl
expect_code 1
expect_err 'done before 2'
expect_equal "$(kept_count)" 2 'files kept'
expect_equal "$(grep -c '"my.bad"' state.jsonl)" 2 'failures written down'

it a_changed_file_is_done_again
make_keeper
make_files in/a.jpg in/b.jpg in/c.jpg
batch in --state state.jsonl
echo 'longer than it was' >in/b.jpg
touch -d 2020-01-01 in/c.jpg
batch in --resume state.jsonl
expect_code 0
expect_err 'done before 1'
expect_equal "$(kept_count)" 5 'files kept'
batch in --resume state.jsonl
expect_err 'done before 3'

it another_plan_does_everything_again
make_keeper
make_files in/a.jpg in/b.jpg
batch in --state state.jsonl
run pixmill run keeper.yaml --set key={name} --each in --resume state.jsonl
reject_err 'done before'
expect_equal "$(kept_count)" 4 'files kept'
echo '# another plan' >>keeper.yaml
batch in --resume state.jsonl
reject_err 'done before'
expect_equal "$(kept_count)" 6 'files kept'

it a_change_of_a_called_pipeline_is_another_plan
mkdir -p project/pipelines
printf '%s\n' 'version: 1' 'profiles: {local: {stores: {images: {localfs: {root: var}}}}}' >project/pixmill.yaml
make_reader project/pipelines/inner.yaml
printf '%s\n' 'version: 1' 'inputs: {file: {type: blob}}' 'steps:' \
    '  - {id: on, call: {pipeline: inner, with: {file: "${input.file}"}}}' >project/pipelines/outer.yaml
make_files in/a.jpg
run pixmill run outer --project project --each in --state state.jsonl
expect_code 0
run pixmill run outer --project project --each in --resume state.jsonl
expect_err 'done before 1'
sed -i 's|kept/|now/|' project/pipelines/inner.yaml
run pixmill run outer --project project --each in --resume state.jsonl
reject_err 'done before'

it a_torn_last_line_costs_one_file_at_most
make_keeper
make_files in/a.jpg in/b.jpg in/c.jpg in/d.jpg
batch in --state whole.jsonl --jobs 1
for bytes in 1 20 100; do
    length=$(wc -c <whole.jsonl)
    head -c $((length - bytes)) whole.jsonl >torn.jsonl
    before=$(kept_count)
    batch in --resume torn.jsonl
    expect_code 0
    [ $(($(kept_count) - before)) -le 1 ] || complain 'more than one file was done again'
    batch in --resume torn.jsonl
    expect_err 'done before 4'
done

it a_state_file_of_rubbish_is_survived
make_keeper
make_files in/a.jpg
printf '%s\n' '{}' '[]' 'null' '{"path": 7, "plan": [], "outcome": {}}' '{"path":' >state.jsonl
head -c 3000 "$photo" >>state.jsonl
batch in --resume state.jsonl
expect_code 0
expect_equal "$(kept_count)" 1 'files kept'
batch in --resume state.jsonl
expect_err 'done before 1'

it a_state_file_that_is_not_there_or_not_writable_is_told
make_keeper
make_files in/a.jpg
batch in --resume missing.jsonl
expect_code 2
expect_err 'missing.jsonl'
batch in --state nowhere/state.jsonl
expect_code 2
expect_err 'nowhere/state.jsonl'
expect_equal "$(kept_count)" 0 'files kept'

it an_interrupted_batch_goes_on_where_it_stopped
make_keeper
for i in $(seq -w 400); do
    make_files "in/$i.jpg"
done
mkfifo told
pixmill run keeper.yaml --set key={rel} --each in --jobs 2 --state state.jsonl 2>told >out &
child=$! children="$children $child"
exec 3<told
read -r first <&3
kill -INT "$child"
cat <&3 >"$work/err"
wait "$child"
code=$?
exec 3<&-
expect_code 130
expect_err 'stopped after' '--resume state.jsonl'
done_before=$(grep -c '"outcome":"ok"' state.jsonl)
[ "$done_before" -gt 0 ] && [ "$done_before" -lt 400 ] || complain "$done_before files were done before"
expect_equal "$(kept_count)" "$done_before" 'files kept'
batch in --resume state.jsonl
expect_code 0
expect_err "done before $done_before"
expect_equal "$(kept_count)" 400 'files kept'
expect_equal "$(cat var/images/kept/* | sort -u | wc -l)" 400 'different files'
expect_equal "$(sed 's/.*"path":"\([^"]*\)".*/\1/' state.jsonl | sort | uniq -d | wc -l)" 0 'files done twice'

it a_killed_batch_goes_on_where_it_stopped
make_keeper
for i in $(seq -w 300); do
    make_files "in/$i.jpg"
done
mkfifo told
pixmill run keeper.yaml --set key={rel} --each in --jobs 2 --state state.jsonl 2>told >out &
child=$! children="$children $child"
exec 3<told
read -r first <&3
kill -KILL "$child"
cat <&3 >/dev/null
wait "$child" 2>/dev/null
exec 3<&-
batch in --resume state.jsonl
expect_code 0
expect_equal "$(cat var/images/kept/* | sort -u | wc -l)" 300 'different files'
[ "$(kept_count)" -le 306 ] || complain "$(kept_count) files kept: more was repeated than was under way"
expect_no_drafts var

done_testing
