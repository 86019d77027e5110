# A daemon of the test's own on a free port of this machine, and a client for it (curl). Sourced after lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154
set -u
daemon='' address='' status='' state=''

# Starts `pixmill serve` on ./app with ./state, and waits until it is ready or gone; its log is the file ./log.
start_daemon() {
    state=$PWD/state
    : >log
    pixmill serve --project app --state "$state" --port 0 "$@" >log.out 2>log </dev/null &
    daemon=$!
    children="$daemon $children"
    tries=0
    while [ $tries -lt $patience ]; do
        address=$(sed -n 's/.*ready on \(http:[^ "]*\).*/\1/p' log | tail -n 1)
        [ -z "$address" ] || return 0
        kill -0 "$daemon" 2>/dev/null || return 1
        tries=$((tries + 1))
        sleep 0.05
    done
    return 1
}

# Starts it, or fails the test.
serve() {
    start_daemon "$@" || complain "the daemon did not start: $(cat log)"
}

# stop_daemon [SIGNAL]: its exit code is in $code.
stop_daemon() {
    kill -"${1:-TERM}" "$daemon" 2>/dev/null
    code=0
    wait "$daemon" 2>/dev/null || code=$?
    children=$(echo "$children" | sed "s/\b$daemon\b//")
}

# ask METHOD PATH [CURL ARGUMENTS]: $status, the body in $work/out, the headers in $work/head.
ask() {
    method=$1 path=$2
    shift 2
    : >"$work/err"
    : >"$work/out"
    status=$(curl -sS -o "$work/out" -D "$work/head" -w '%{http_code}' -X "$method" "$@" "$address$path" 2>"$work/err")
}

# As the operator.
operate() {
    method=$1 path=$2
    shift 2
    ask "$method" "$path" -H "Authorization: Bearer $(cat "$state/operator.token")" "$@"
}

expect_status() {
    [ "$status" = "$1" ] || complain "status $status instead of $1"
}

# A header of the last answer.
header() {
    tr -d '\r' <"$work/head" | sed -n "s/^$1: //Ip" | tail -n 1
}

expect_header() {
    expect_equal "$(header "$1")" "$2" "$1"
}

# upload FILE [CURL ARGUMENTS]: $filename is what the picture is called now.
upload() {
    file=$1
    shift
    ask POST "/upload?filename=$(basename "$file")" -H 'Content-Type: image/*' --data-binary "@$file" "$@"
    filename=$(json filename 2>/dev/null)
}

# The headers that an answer in FILE tells to send, as a configuration of curl: told_headers FILE
told_headers() {
    for name in $(grep -o '"headers":{[^}]*}' "$1" | grep -o '"[a-z-]*":"' | tr -d '":'); do
        printf 'header = "%s: %s"\n' "$name" "$(json_get "headers.$name" <"$1" | sed 's/["\\]/\\&/g')"
    done
}

# Waits until a record has that status.
await_status() {
    tries=0
    while [ $tries -lt $patience ] && kill -0 "$daemon" 2>/dev/null; do
        ask GET "/images/$1"
        [ "$(json status 2>/dev/null)" != "$2" ] || return 0
        tries=$((tries + 1))
        sleep 0.05
    done
    complain "$1 did not become $2"
}

# Waits until no job is to be done.
await_rest() {
    tries=0
    while [ $tries -lt $patience ] && kill -0 "$daemon" 2>/dev/null; do
        operate GET /admin/jobs
        [ "$(json counts.expected)$(json counts.ready)$(json counts.delayed)$(json counts.running)" != 0000 ] || return 0
        tries=$((tries + 1))
        sleep 0.05
    done
    complain 'jobs are left'
}

# Waits until a line of the log says so.
await_log() {
    tries=0
    while [ $tries -lt $patience ] && kill -0 "$daemon" 2>/dev/null; do
        ! grep -qF -- "$1" log || return 0
        tries=$((tries + 1))
        sleep 0.05
    done
    complain "the log lacks: $1"
}

# Waits until the answer to an operator's GET has that value: await_json PATH NAME VALUE.
await_json() {
    tries=0
    while [ $tries -lt $patience ] && kill -0 "$daemon" 2>/dev/null; do
        operate GET "$1"
        [ "$(json "$2" 2>/dev/null)" != "$3" ] || return 0
        tries=$((tries + 1))
        sleep 0.05
    done
    complain "$2 of $1 did not become $3"
}

# Waits until that path answers so: await_answer PATH STATUS.
await_answer() {
    tries=0
    while [ $tries -lt $patience ] && kill -0 "$daemon" 2>/dev/null; do
        ask GET "$1"
        [ "$status" != "$2" ] || return 0
        tries=$((tries + 1))
        sleep 0.05
    done
    complain "$1 did not become $2"
}
