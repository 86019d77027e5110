# What the tests of this folder share; each of them sources it first. Beside what tests/acceptance/lib.sh wants it takes
# from the environment:
#   DAEMON    the program that `pixmill serve` becomes        FAULTS   the folder of storm, fleet, audit, backlog and vanish
#   EVIL      the folder of a plugin that does what no plugin should
#   EVERY     each how many of the faults of a loop is made: 1 for all of them
# shellcheck shell=sh disable=SC2034,SC2154
: "${DAEMON:?}" "${FAULTS:?}" "${EVERY:=1}"
# shellcheck source-path=SCRIPTDIR source=../acceptance/lib.sh
. "$(dirname "$0")/../acceptance/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../acceptance/serve_lib.sh
. "$(dirname "$0")/../acceptance/serve_lib.sh"
without_leak_check
PATH=$FAULTS:$PATH
turned=$SOURCE/pipelines/fixtures/turned.jpg
tracer='' state_folder=''

# The daemon itself, without the command line before it: its process id is that of the supervisor.
start_daemon() {
    state=${state_folder:-$PWD/state}
    : >log
    "$DAEMON" serve --project="${project:-app}" --state="$state" --port=0 "$@" >log.out 2>log </dev/null &
    daemon=$!
    children="$daemon $children"
    tries=0
    while [ $tries -lt $patience ]; do
        address=$(sed -n 's/.*ready on \(http:[^ "]*\).*/\1/p' log | tail -n 1)
        [ -z "$address" ] || return 0
        kill -0 "$daemon" 2>/dev/null || return 1
        tries=$((tries + 1))
        sleep 0.02
    done
    return 1
}

# That it does not start, and says why in one line: expect_no_start [EXIT CODE].
expect_no_start() {
    if start_daemon; then
        complain 'it started'
        stop_daemon
        return
    fi
    code=0
    wait "$daemon" || code=$?
    expect_code "${1:-69}"
    expect_equal "$(wc -l <log)" 1 'lines of log'
}

# An app of its own in the test's folder, and a ledger of what it acknowledged.
begin_app() {
    make_app
    : >ledger
    serve "$@"
}

# ---- pictures --------------------------------------------------------------------------------------------------------

# A JPEG like no other: picture FILE TEXT. Its comment has the text, of 20 characters.
picture() {
    {
        head -c 2 "$turned"
        printf '\377\376\000\026%-20.20s' "$2"
        tail -c +3 "$turned"
    } >"$1"
}

# A file uploaded under a key; what was acknowledged goes to the ledger: send FILE KEY [CURL ARGUMENTS].
send() {
    file=$1 key=$2
    shift 2
    filename=''
    ask POST /upload -H 'Content-Type: image/jpeg' -H "Idempotency-Key: $key" --data-binary "@$file" "$@"
    [ "$status" != 201 ] || filename=$(json filename)
}

# Sent until it is acknowledged, as clients do that want it done.
insist() {
    tries=0
    send "$@"
    while [ "$status" != 201 ] && [ $tries -lt $patience ]; do
        tries=$((tries + 1))
        sleep 0.05
        send "$@"
    done
    expect_status 201
    echo "$2 $(sha256sum <"$1" | cut -d ' ' -f 1) $filename" >>ledger
}

# What was sent and is not to be there, or may be.
sent_in_vain() {
    echo "$2 $(sha256sum <"$1" | cut -d ' ' -f 1) -" >>ledger
}

# That all of the ledger is as it was promised, and nothing else is there.
expect_sound() {
    run audit "${address##*:}" "$state" ledger
    expect_code 0
}

# ---- faults ----------------------------------------------------------------------------------------------------------

# Watches a process, or all processes of a list, from now on: trace PIDS STRACE ARGUMENTS. False: it is gone already.
trace() {
    pids=$1
    shift
    : >trace.err
    # shellcheck disable=SC2046
    strace -f -o trace $(for pid in $pids; do echo "-p $pid"; done) "$@" 2>trace.err &
    tracer=$!
    children="$tracer $children"
    tries=0
    while ! grep -q 'attached' trace.err && kill -0 "$tracer" 2>/dev/null && [ $tries -lt $patience ]; do
        tries=$((tries + 1))
        sleep 0.01
    done
    grep -q 'attached' trace.err
}

# A tracer whose process was killed does not always notice.
untrace() {
    kill "$tracer" 2>/dev/null
    tries=0
    while kill -0 "$tracer" 2>/dev/null && [ "$(ps -o stat= -p "$tracer" | cut -c 1)" != Z ] && [ $tries -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.01
    done
    kill -KILL "$tracer" 2>/dev/null
    wait "$tracer" 2>/dev/null
    children=$(echo "$children" | sed "s/\b$tracer\b//")
}

# Those that strace saw called, of a list, each with how often: count_calls NAMES.
count_calls() {
    for call in $1; do
        count=$(grep -cE "^[0-9]+ +$call\(" trace)
        [ "$count" = 0 ] || echo "$call:$count"
    done
}

# A tracer may not be allowed here.
has_strace() {
    command -v strace >/dev/null && trace "$daemon" -e trace=none && untrace
}

# Processes of the daemon: workers have threads, what they are forked from has none.
workers() {
    for pid in $(cat "/proc/$daemon/task/$daemon/children"); do
        [ "$(ls "/proc/$pid/task" 2>/dev/null | wc -l)" -lt 2 ] || echo "$pid"
    done
}

# How many descriptors a process has open.
descriptors() {
    ls "/proc/$1/fd" | wc -l
}

# Waits until no connection but the one that asks is open, and the descriptors are as they were. Once is enough: what
# leaks stays.
expect_descriptors() {
    tries=0 found=$(descriptors "$daemon")
    while [ "$found" -gt "$1" ] && [ $tries -lt $patience ]; do
        tries=$((tries + 1))
        sleep 0.05
        found=$(descriptors "$daemon")
    done
    [ "$found" -le "$1" ] || complain "$found descriptors instead of $1"
}

# Waits until the daemon ended, whatever ended it.
await_end() {
    wait "$daemon" 2>/dev/null
    children=$(echo "$children" | sed "s/\b$daemon\b//")
}

is_alive() {
    case $(ps -o stat= -p "$daemon") in '' | Z*) return 1 ;; esac
}

# Waits until no job is left, or the daemon is gone.
await_rest_or_end() {
    tries=0
    while is_alive && [ $tries -lt $patience ]; do
        operate GET /admin/jobs
        if [ "$status" = 200 ]; then
            [ "$(json counts.expected)$(json counts.ready)$(json counts.delayed)$(json counts.running)" != 0000 ] || return 0
        fi
        tries=$((tries + 1))
        sleep 0.02
    done
}

# That it lives, is the same process, and says that it is well.
expect_health() {
    is_alive || complain 'the daemon is gone'
    ask GET /health
    expect_status 200
}
