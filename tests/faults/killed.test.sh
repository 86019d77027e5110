#!/bin/sh
# kill -9 at each call that one upload makes on files and between processes, first of the supervisor, then of the
# workers: what was acknowledged is there when the daemon is, and what was not can be sent again.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
calls='openat openat2 write pwrite64 fdatasync fsync ftruncate linkat renameat renameat2 unlink unlinkat mkdirat
       fsetxattr copy_file_range memfd_create sendmsg recvmsg sendfile'

# One upload is watched, to know which calls there are: learn PIDS NAME.
learn() {
    picture warm.jpg "warm $2"
    insist warm.jpg "warm-$2"
    await_rest
    trace "$1" -e trace=openat,openat2,write,pwrite64,%desc,%file || return 1
    picture learn.jpg "learn $2"
    insist learn.jpg "learn-$2"
    await_rest
    untrace
    count_calls "$calls" >points
}

it the_supervisor_may_die_at_each_call_of_an_upload
begin_app
if ! has_strace; then
    skip 'strace is not allowed here'
else
    learn "$daemon" supervisor
    turn=0 deaths=0
    for point in $(cat points); do
        number=0
        while [ $number -lt "${point#*:}" ]; do
            number=$((number + 1)) turn=$((turn + 1))
            [ $((turn % EVERY)) = 0 ] || continue
            key="supervisor-${point%:*}-$number"
            picture one.jpg "$turn $key"
            trace "$daemon" -e trace="${point%:*}" -e inject="${point%:*}:signal=SIGKILL:when=$number" ||
                complain "no trace: $(cat trace.err)"
            send one.jpg "$key"
            acknowledged=$filename
            await_rest_or_end
            is_alive || deaths=$((deaths + 1))
            untrace
            kill -KILL "$daemon" 2>/dev/null
            await_end
            serve
            insist one.jpg "$key"
            [ -z "$acknowledged" ] || expect_equal "$filename" "$acknowledged" "the name of $key"
        done
    done
    [ "$deaths" -gt 0 ] || complain 'it never died'
    expect_sound
    printf '# %s calls, %s of them watched, died at %s\n' "$turn" "$((turn / EVERY))" "$deaths"
    stop_daemon
    expect_code 0
fi

it a_worker_may_die_at_each_call_of_an_upload
begin_app --workers=1
if ! has_strace; then
    skip 'strace is not allowed here'
else
    learn "$(workers)" worker
    turn=0 deaths=0
    for point in $(cat points); do
        number=0
        while [ $number -lt "${point#*:}" ]; do
            number=$((number + 1)) turn=$((turn + 1))
            [ $((turn % EVERY)) = 0 ] || continue
            # What ended several workers rests for a while, which is another test.
            if [ $((deaths % 4)) = 3 ]; then
                stop_daemon
                serve --workers=1
                deaths=$((deaths + 1))
            fi
            key="worker-${point%:*}-$number"
            picture one.jpg "$turn $key"
            trace "$(workers)" -e trace="${point%:*}" -e inject="${point%:*}:signal=SIGKILL:when=$number" ||
                complain "no trace: $(cat trace.err)"
            send one.jpg "$key"
            first=$status
            untrace
            [ "$first" = 201 ] || deaths=$((deaths + 1))
            case $first in 201 | 500 | 503) ;; *) complain "$key got $first" ;; esac
            insist one.jpg "$key"
        done
    done
    [ "$deaths" -gt 0 ] || complain 'none ever died'
    await_rest
    expect_sound
    expect_health
    stop_daemon
fi

done_testing
