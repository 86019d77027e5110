#!/bin/sh
# Disks that are full, read-only or broken, and folders that are not what they should be: no acknowledgement that is not
# true, and a daemon that lives and heals.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# Each call of the list fails, once and from then on: fail_calls WHO ERRORS. The points are in ./points.
fail_calls() {
    turn=0 failures_seen=0
    for point in $(cat points); do
        for how in $2; do
            number=0
            while [ $number -lt "${point#*:}" ]; do
                number=$((number + 1)) turn=$((turn + 1))
                [ $((turn % EVERY)) = 0 ] || continue
                when=$number
                [ $((turn / EVERY % 2)) = 0 ] || when=$number+
                key="$1-${point%:*}-$how-$number"
                picture one.jpg "$turn $key"
                if [ "$1" = worker ]; then who=$(workers); else who=$daemon; fi
                trace "$who" -e trace="${point%:*}" -e inject="${point%:*}:error=$how:when=$when" ||
                    complain "no trace: $(cat trace.err)"
                send one.jpg "$key"
                first=$status
                untrace
                case $first in
                    201) ;;
                    500 | 503 | 507) failures_seen=$((failures_seen + 1)) ;;
                    *) complain "$key got $first" ;;
                esac
                is_alive || { complain "$key ended the daemon" && serve; }
                insist one.jpg "$key"
            done
        done
    done
    printf '# %s faults, each %s made, %s answers told of one\n' "$turn" "$EVERY" "$failures_seen"
    [ "$failures_seen" -gt 0 ] || complain 'no answer told of a fault'
}

# Which calls one upload makes: learn PIDS CALLS.
learn() {
    picture warm.jpg warm
    insist warm.jpg warm
    await_rest
    trace "$1" -e trace=%desc,%file || complain "no trace: $(cat trace.err)"
    picture learn.jpg learn
    insist learn.jpg learn
    await_rest
    untrace
    count_calls "$2" >points
}

it each_call_of_the_journal_may_fail
begin_app
if ! has_strace; then
    skip 'strace is not allowed here'
else
    learn "$daemon" 'pwrite64 fdatasync ftruncate memfd_create'
    fail_calls supervisor 'ENOSPC EIO'
    expect_health
    expect_sound
    stop_daemon
    expect_code 0
fi

it each_call_of_a_worker_on_its_store_and_table_may_fail
begin_app
if ! has_strace; then
    skip 'strace is not allowed here'
else
    learn "$(workers)" 'fsync linkat openat openat2 mkdirat fsetxattr copy_file_range pwrite64 fdatasync'
    fail_calls worker 'ENOSPC EIO EDQUOT'
    expect_health
    expect_sound
    stop_daemon
    expect_code 0
fi

it a_full_disk_takes_nothing_and_heals
make_app
if ! mount_small state 100m; then
    skip 'no file system may be mounted here'
else
    chmod 700 state
    : >ledger
    serve
    insist "$turned" before
    await_rest
    mkfifo body
    curl -s -o answer -w '%{http_code}' -H 'Content-Type: image/jpeg' -H 'Idempotency-Key: caught' \
        -H 'Transfer-Encoding: chunked' -T body -X POST "$address/upload" >caught &
    client=$!
    children="$client $children"
    exec 9>body
    head -c 200000 "$photo" >&9
    tries=0
    while ! find "/proc/$daemon/fd" -lname '*/spool/*' | grep -q . && [ $tries -lt $patience ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    dd if=/dev/zero of=state/filler bs=64k 2>/dev/null
    dd if=/dev/zero of=state/filler2 bs=512 2>/dev/null
    tail -c +200001 "$photo" >&9
    exec 9>&-
    wait "$client"
    expect_equal "$(cat caught)" 507 'the answer to the upload that was caught'
    send "$turned" during
    expect_status 507
    ask GET /ready
    expect_status 503
    expect_json reason 'the disk is full'
    expect_health
    ask GET "/uploads/$(sed -n 's/^before [^ ]* //p' ledger)"
    expect_status 200
    rm state/filler state/filler2
    ask GET /ready
    expect_status 200
    picture other.jpg other
    insist other.jpg during-again
    expect_sound
    stop_daemon
    expect_code 0
    serve
    expect_sound
    stop_daemon
fi

it a_state_folder_that_becomes_read_only_takes_nothing_and_heals
make_app
if ! mount_small state 100m; then
    skip 'no file system may be mounted here'
else
    chmod 700 state
    : >ledger
    serve
    insist "$turned" before
    await_rest
    # A file system with files that are open for writing does not become read-only when it is asked to: the journal's
    # calls fail as they would.
    if ! trace "$daemon" -e trace=pwrite64,ftruncate,openat,unlink \
        -e inject=pwrite64,ftruncate,openat,unlink:error=EROFS; then
        skip 'strace is not allowed here'
    else
        picture other.jpg other
        send other.jpg during
        case $status in 500 | 503) ;; *) complain "status $status for an upload" ;; esac
        ask GET /ready
        expect_status 503
        untrace
        insist other.jpg during
        ask GET /ready
        expect_status 200
        expect_sound
        stop_daemon
        expect_code 0
        umount state
        mount -t tmpfs -o ro,mode=0700 none state
        expect_no_start
        umount state
    fi
fi

it folders_that_are_not_right_are_told_in_one_line
make_app
echo hello >file
state_folder=$PWD/file
expect_no_start
state_folder=$PWD/file/state
expect_no_start
if is_root; then
    state_folder=$PWD/foreign
    mkdir -m 700 foreign && chown 12345 foreign
    expect_no_start
fi
state_folder=''

it the_second_daemon_of_a_folder_says_who_has_it
begin_app
first=$daemon
cp log log.first
first_address=$address
start_daemon && complain 'two daemons have one folder'
code=0
wait "$daemon" || code=$?
expect_code 69
grep -q "process $first" log || complain "it does not say who has it: $(cat log)"
daemon=$first address=$first_address
insist "$turned" one
stop_daemon KILL
serve
expect_sound
stop_daemon

it without_descriptors_it_waits_or_refuses_and_goes_on
make_app
: >ledger
serve
idle=$(descriptors "$daemon")
stop_daemon
# Room for a few connections above what it takes to be idle.
hard=$(ulimit -n)
ulimit -S -n $((idle + 8))
serve
ulimit -S -n "$hard"
for number in $(seq 1 40); do
    picture "$number.jpg" "few $number"
    (
        code=000
        tries=0
        while [ "$code" != 201 ] && [ $tries -lt $patience ]; do
            code=$(curl -s -o "answer.$number" -w '%{http_code}' -H 'Content-Type: image/jpeg' \
                -H "Idempotency-Key: few-$number" --data-binary "@$number.jpg" "$address/upload")
            case $code in 201 | 000 | 429 | 500 | 503) ;; *) echo "$code" >>unexpected ;; esac
            tries=$((tries + 1))
            [ "$code" = 201 ] || sleep 0.05
        done
    ) &
    pids="${pids:-} $!"
done
# shellcheck disable=SC2086
wait $pids
pids=''
expect_no_file unexpected
for number in $(seq 1 40); do
    echo "few-$number $(sha256sum <"$number.jpg" | cut -d ' ' -f 1) $(json_get filename <"answer.$number")" >>ledger
done
expect_health
expect_sound
stop_daemon

it without_inodes_it_takes_nothing_and_heals
make_app
if ! mount_small state 200m,nr_inodes=200; then
    skip 'no file system may be mounted here'
else
    chmod 700 state
    : >ledger
    serve
    insist "$turned" before
    await_rest
    mkdir state/filler
    number=0
    while true 2>/dev/null >"state/filler/$number"; do number=$((number + 1)); done
    picture other.jpg other
    send other.jpg during
    case $status in 500 | 503 | 507) ;; *) complain "status $status for an upload" ;; esac
    expect_health
    ask GET "/uploads/$(sed -n 's/^before [^ ]* //p' ledger)"
    expect_status 200
    rm -r state/filler
    insist other.jpg during
    expect_sound
    stop_daemon
    expect_code 0
fi

it without_descriptors_in_the_whole_system_it_waits_and_goes_on
begin_app
if ! trace "$daemon" -e trace=accept4,openat,epoll_wait -e inject=accept4,openat:error=ENFILE; then
    skip 'strace is not allowed here'
else
    picture one.jpg one
    curl -sS -m 2 -o answer "$address/images" 2>/dev/null && complain 'it was answered'
    # It looks again now and then, and does not turn in circles.
    accepts=$(grep -c 'accept4(' trace)
    [ "$accepts" -gt 0 ] || complain 'nothing failed'
    [ "$accepts" -lt 100 ] || complain "$accepts connections were tried for"
    untrace
    insist one.jpg one
    expect_health
    expect_sound
fi
stop_daemon
expect_code 0

done_testing
