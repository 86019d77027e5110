#!/bin/sh
# What belongs to a command besides its work: completion, man pages, schemas, graphs and explanations.
. "$(dirname "$0")/lib.sh"

verbs='check run test serve jobs tables queues plugins schema graph explain completion man'

# What bash would offer for a command line: offers WORD...; the last word is being completed.
offers() {
    run bash -c '
        source <(pixmill completion bash)
        compopt() { :; }
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
        _pixmill
        printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

expect_offered() {
    for word; do grep -qx -- "$word" "$work/out" || complain "not offered: $word"; done
}

# ---- completion ------------------------------------------------------------------------------------------------------

it scripts_of_all_shells_parse
run pixmill completion bash
expect_code 0
cp "$work/out" bash.sh
run bash -n bash.sh
expect_code 0
run pixmill completion zsh
cp "$work/out" zsh.sh
if command -v zsh >/dev/null; then
    run zsh -n zsh.sh
    expect_code 0
fi
run pixmill completion fish
cp "$work/out" fish.sh
if command -v fish >/dev/null; then
    run fish -n fish.sh
    expect_code 0
fi
for verb in $verbs; do
    grep -qw -- "$verb" bash.sh || complain "bash: no $verb"
    grep -q -- "-a $verb " fish.sh || complain "fish: no $verb"
done

it an_unknown_shell_is_wrong_usage
run pixmill completion tcsh
expect_code 2
expect_err 'bash, zsh or fish'

it bash_offers_verbs
offers pixmill ''
expect_offered $verbs
offers pixmill pl
expect_equal "$(cat "$work/out")" plugins

it bash_offers_options_and_their_words
offers pixmill run --
expect_offered --each --jobs --resume --state --max-fail --project --json
offers pixmill check --format ''
expect_offered human short json sarif github
offers pixmill queues ''
expect_offered create
offers pixmill graph upload --format ''
expect_offered mermaid dot
offers pixmill run upload --color ''
expect_offered auto always never

it bash_offers_what_the_project_has
make_app
cd app
offers pixmill run ''
expect_offered import newest thumbnails upload
offers pixmill run import --profile ''
expect_offered local
offers pixmill explain th
expect_offered thumbnails

it bash_offers_values_behind_letters_too
make_app
cd app
offers pixmill run import -P ''
expect_offered local
offers pixmill check -f ''
expect_offered human short json sarif github

it bash_offers_operations_to_describe
offers pixmill plugins describe thumb
expect_offered thumbnail

it words_are_complete_in_a_folder_without_a_project
run pixmill completion words operations
expect_code 0
expect_out decode thumbnail encode vips.gaussblur put
run pixmill completion words codes
expect_out E102 W
run pixmill completion words pipelines
expect_code 0
expect_silence

# ---- man pages -------------------------------------------------------------------------------------------------------

it man_pages_render_without_warnings
for verb in '' $verbs; do
    run pixmill man $verb
    expect_code 0
    cp "$work/out" page.1
    if command -v groff >/dev/null; then
        run groff -man -Tutf8 -ww -z page.1
        expect_code 0
        expect_equal "$(cat "$work/err")" '' "warnings of the page $verb"
    elif command -v man >/dev/null; then
        run man --warnings -l page.1
        expect_code 0
        expect_equal "$(cat "$work/err")" '' "warnings of the page $verb"
    fi
    for section in NAME SYNOPSIS 'EXIT STATUS'; do
        grep -q "^.SH $section" page.1 || complain "$verb: no section $section"
    done
done
run pixmill man nothing
expect_code 2
run pixmill help nothing
expect_code 2

it man_pages_name_every_option
for verb in check run test serve jobs graph schema; do
    run pixmill man $verb
    cp "$work/out" page.1
    run pixmill $verb --help
    for option in $(grep -o -- '--[a-z-]*' "$work/out" | sort -u); do
        tr -d '\\' <page.1 | grep -q -- "$option" || complain "$verb: no $option"
    done
    cp "$work/out" help
    run pixmill help $verb
    expect_code 0
    cmp -s help "$work/out" || complain "help $verb is not that of $verb --help"
done

# ---- schemas ---------------------------------------------------------------------------------------------------------

it schemas_are_json_and_know_every_operation
for which in project pipeline; do
    run pixmill schema $which
    expect_code 0
    expect_json_document
    [ -n "$(json '$schema')" ] || complain "$which does not say which schema it follows"
done
expect_out '"thumbnail"' '"gravity"' '"foreach"' '"put"'
run pixmill schema --out schemas
expect_code 0
expect_file schemas/project.schema.json
expect_file schemas/pipeline.schema.json
run pixmill schema nothing
expect_code 2

# By structure: that every key the pipelines of the app use is in the schema.
it the_keys_of_the_app_are_in_the_schemas
run pixmill schema pipeline
for key in $(sed -n 's/^\([a-z_]*\):.*/\1/p' "$SOURCE"/pipelines/upload.yaml "$SOURCE"/pipelines/thumbnails.yaml |
    sort -u); do
    json "properties.$key" >/dev/null || complain "no key $key"
done
run pixmill schema project
for key in $(sed -n 's/^\([a-z_]*\):.*/\1/p' "$SOURCE"/pipelines/pixmill.yaml); do
    json "properties.$key" >/dev/null || complain "no key $key"
done

# ---- graph and explain -----------------------------------------------------------------------------------------------

it graphs_draw_every_step
make_app
run pixmill graph upload --project app
expect_code 0
expect_out flowchart image original row
run pixmill graph thumbnails --project app --format dot
expect_code 0
expect_out digraph original image blur sizes small saved row
if command -v dot >/dev/null; then
    cp "$work/out" graph.dot
    run dot -Tsvg graph.dot
    expect_code 0
fi
run pixmill graph uplod --project app
expect_code 2
expect_err 'did you mean `upload`?'

it explain_tells_what_a_pipeline_needs
make_app
run pixmill explain thumbnails --project app
expect_code 0
expect_out 'takes key: string' 'started by created (object_created images:uploads/)' 'get' 'thumbnail' \
    'needs store images, pipeline forget, table images' 'after a failure' 'retry 3'
run pixmill explain upload --project app
expect_out 'undone after a failure'
expect_no_file app/var

it explain_knows_every_code_that_there_is
for code_name in $(pixmill completion words codes); do
    run pixmill explain "$code_name"
    expect_code 0
    expect_file "$work/out"
done
run pixmill explain E999
expect_code 2

# ---- plugins ---------------------------------------------------------------------------------------------------------

it plugins_are_listed_and_described
run pixmill plugins list
expect_code 0
expect_out localfs sqlite resize vips
run pixmill plugins list --json
expect_json_document
expect_json schema pixmill.plugins/1
run pixmill plugins describe thumbnail
expect_out 'image -> image' width
run pixmill plugins describe thumbnail --json
expect_json_document
run pixmill plugins describe thumbnail --markdown
expect_out '| `width` |'
run pixmill plugins describe thumbnial
expect_code 2
expect_err 'did you mean `thumbnail`?'

it a_man_page_of_an_operation_renders
run pixmill plugins describe thumbnail --man
expect_code 0
cp "$work/out" page.1
grep -q '^\.TH' page.1 || complain 'no man page'
if command -v groff >/dev/null; then
    run groff -man -Tutf8 -ww -z page.1
    expect_equal "$(cat "$work/err")" '' warnings
fi

done_testing
