# What the tests of this folder share; each of them sources it first. It wants in the environment:
#   PIXMILL   the program            TOOLS      the folder of make_picture, measure, hold_lock, json_get and forbid_code
#   SOURCE    the project's folder   SANITIZED  not empty: a sanitizer takes memory as it likes, so it is not bounded
# A test begins with `it NAME` in an empty folder of its own and ends where the next one begins; `done_testing` ends the
# last. Output is TAP (https://testanything.org); what a command printed is shown when its test fails.
# shellcheck shell=sh disable=SC2034
set -u
: "${PIXMILL:?}" "${TOOLS:?}" "${SOURCE:?}" "${SANITIZED=}"
PATH=$(dirname "$PIXMILL"):$TOOLS:$PATH
photo=$SOURCE/examples/photo.jpg
patience=3600 # looks, some hundredths of a second apart, at what comes soon unless something hangs
work=$(mktemp -d "${TMPDIR:-/tmp}/pixmill-acceptance.XXXXXX") || exit 1
tests=0 failures=0 wrong='' current='' code=0
mounts='' children=''
unset PIXMILL_PROFILE PIXMILL_PLUGIN_PATH NO_COLOR
export LC_ALL=C.UTF-8

clean_up() {
    for child in $children; do kill "$child" 2>/dev/null; done
    cd /
    for mount in $mounts; do umount "$mount" 2>/dev/null; done
    chmod -R u+rwX "$work" 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# For files that decode pictures: threads of libvips that end with the program make gcc's leak checker itself crash at
# times. What the plugins leak is looked for by their own tests.
without_leak_check() {
    case $SANITIZED in *address*) export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" ;; esac
}

# ---- tests -----------------------------------------------------------------------------------------------------------

end_test() {
    [ -n "$current" ] || return 0
    if [ -z "$wrong" ]; then
        echo "ok $tests - $current"
    else
        echo "not ok $tests - $current"
        failures=$((failures + 1))
    fi
    current=''
}

it() {
    end_test
    tests=$((tests + 1)) current=$1 wrong=''
    mkdir "$work/$tests" && cd "$work/$tests" || exit 1
}

# Leaves the current test out, saying why.
skip() {
    echo "ok $tests - $current # SKIP $1"
    current=''
}

complain() {
    wrong=1
    printf '# %s\n' "$*"
    [ ! -s "$work/out" ] || head -c 3000 "$work/out" | sed 's/^/#   out: /'
    [ ! -s "$work/err" ] || head -c 3000 "$work/err" | sed 's/^/#   err: /'
}

done_testing() {
    end_test
    echo "1..$tests"
    [ "$failures" = 0 ]
    exit
}

# ---- commands --------------------------------------------------------------------------------------------------------

# Runs a command; its exit code is in $code, what it printed in the files $work/out and $work/err.
run() {
    code=0
    "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
}

# The same within MIB of address space; $peak_mib and $cpu_ms tell what it took.
run_within() {
    limit=$1
    shift
    [ -z "$SANITIZED" ] || limit=0
    run measure "$work/took" "$limit" "$@"
    read -r peak_kib cpu_ms <"$work/took" || peak_kib=0 cpu_ms=0
    peak_mib=$((peak_kib / 1024))
}

expect_peak_below() {
    [ -n "$SANITIZED" ] || [ "$peak_mib" -lt "$1" ] || complain "took $peak_mib MiB, not less than $1 MiB"
}

expect_code() {
    [ "$code" = "$1" ] || complain "exit code $code instead of $1"
}

expect_out() {
    for text; do grep -qF -- "$text" "$work/out" || complain "standard output lacks: $text"; done
}

expect_err() {
    for text; do grep -qF -- "$text" "$work/err" || complain "standard error lacks: $text"; done
}

expect_silence() {
    [ ! -s "$work/out" ] || complain "standard output is not empty"
}

reject_out() {
    for text; do ! grep -qF -- "$text" "$work/out" || complain "standard output has: $text"; done
}

reject_err() {
    for text; do ! grep -qF -- "$text" "$work/err" || complain "standard error has: $text"; done
}

expect_equal() {
    [ "$1" = "$2" ] || complain "${3:-value}: \`$1\` instead of \`$2\`"
}

expect_file() {
    [ -s "$1" ] || complain "$1 is missing or empty"
}

expect_no_file() {
    [ ! -e "$1" ] || complain "$1 is there"
}

# A value of the JSON document that the last command printed.
json() {
    json_get "$1" <"$work/out"
}

expect_json() {
    expect_equal "$(json "$1" 2>&1)" "$2" "$1"
}

# That a parser which is not ours takes the output for one JSON document; nothing to do where there is no such parser.
expect_json_document() {
    if command -v node >/dev/null; then
        node -e 'JSON.parse(require("fs").readFileSync(0, "utf8"))' <"$work/out" || complain "no JSON, says node"
    elif command -v python3 >/dev/null; then
        python3 -c 'import json, sys; json.load(sys.stdin)' <"$work/out" || complain "no JSON, says python3"
    fi
    json_get . <"$work/out" >/dev/null || complain "no JSON"
}

# ---- projects and pictures -------------------------------------------------------------------------------------------

# The pipelines of the image sharing app, in ./app; import takes an upload through them, quietly.
make_app() {
    mkdir -p "${1:-app}" && cp "$SOURCE"/pipelines/*.yaml "${1:-app}" && rm -f "${1:-app}"/*.test.yaml
}

import() {
    run pixmill run import --project app "$@"
}

# How many files are in a folder; 0 when there is none.
count_files() {
    find "$1" -type f 2>/dev/null | wc -l
}

# Records of the app, newest first, in $work/out.
list_records() {
    run pixmill run newest --project app --set limit=100
}

# That no file was left but objects: neither a draft of the store nor one of the command.
expect_no_drafts() {
    drafts=$(find "$1" -type f \( -name 'draft-*' -o -name '.*' -o -regex '.*\.[A-Za-z0-9]\{6\}' \) 2>/dev/null)
    [ -z "$drafts" ] || complain "left behind: $drafts"
}

# A PNG of noise: make_png FILE WIDTH HEIGHT [SEED].
make_png() {
    pixmill run -e "vips.gaussnoise width=$2 height=$3 seed=${4:-1} ! encode format=png" -o "$1" 2>"$work/err" ||
        complain "the picture $1 could not be made"
}

# What a picture is, as JSON in $work/out: describe FILE.
describe() {
    printf '%s\n' 'version: 1' 'inputs: {file: {type: blob}}' 'steps:' \
        '  - {id: image, in: input.file, decode: {frames: all}}' \
        'output: {format: "${steps.image.format}", width: "${steps.image.width}", height: "${steps.image.height}",' \
        '         frames: "${steps.image.frames}", media: "${steps.image.media}"}' >"$work/describe.yaml"
    run pixmill run "$work/describe.yaml" "$1"
}

# A pipeline that keeps a file and never looks into it: make_reader FILE.
make_reader() {
    printf '%s\n' 'version: 1' 'inputs: {file: {type: blob}, tag: {type: string, default: none}}' 'steps:' \
        '  - {id: kept, in: input.file, put: {store: images, key: "kept/${run.id}"}}' \
        'output: "${input.tag}"' >"$1"
}

# Root is not kept from writing by a mode.
is_root() {
    [ "$(id -u)" = 0 ]
}

# Mounts a small file system that is gone with the test: mount_small FOLDER SIZE. Fails where that is not allowed.
mount_small() {
    mkdir -p "$1" && is_root && mount -t tmpfs -o "size=$2,mode=0755" none "$1" 2>/dev/null || return 1
    mounts="$(cd "$1" && pwd) $mounts"
}
