#!/bin/sh
# The unit of systemd: in order, as closed as it can be, and not so closed that the daemon could not work: it makes no call of
# the kernel that the unit forbids. usage: systemd.sh PIXMILL. Exit code 77: left out.
set -eu
pixmill=$1
unit=$PWD/deploy/systemd/pixmill.service
exposure_max=1.2
command -v systemd-analyze >/dev/null || {
    echo "left out: there is no systemd-analyze (Debian package systemd)"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "$*"
    exit 1
}

# ---- in order ----
# The program need not be installed here, nor its man pages.
mkdir "$work/unit"
sed "s|^ExecStart=pixmill |ExecStart=$pixmill |; /^Documentation=/d" "$unit" >"$work/unit/pixmill.service"
SYSTEMD_LOG_TARGET=console systemd-analyze verify "$work/unit/pixmill.service" >"$work/verify" 2>&1 || true
! grep -F pixmill.service "$work/verify" || fail "the unit is not in order"

# ---- closed ----
systemd-analyze security --offline=true --no-pager "$work/unit/pixmill.service" >"$work/security" 2>&1 ||
    fail "systemd-analyze: $(cat "$work/security")"
exposure=$(sed -n 's/.*exposure level for [^:]*: \([0-9.]*\) .*/\1/p' "$work/security")
awk -v is="$exposure" -v max="$exposure_max" 'BEGIN { exit !(is != "" && is <= max) }' ||
    fail "exposure is $exposure, more than $exposure_max"

# ---- not too closed ----
command -v strace >/dev/null || {
    echo "exposure $exposure; what the daemon calls was not looked at: there is no strace"
    exit 0
}
# The calls of a group of systemd's, one a line.
expand() {
    systemd-analyze syscall-filter "$1" | sed -n 's/^    \([@a-z0-9_-]*\)$/\1/p' | while read -r name; do
        case $name in @*) expand "$name" ;; *) echo "$name" ;; esac
    done
}
# As the lines of the unit say it: the first allows, those with ~ take away, later ones add again.
expand @default >"$work/allowed"
sed -n 's/^SystemCallFilter=//p' "$unit" | while read -r line; do
    : >"$work/line"
    for name in ${line#\~}; do
        case $name in @*) expand "$name" ;; *) echo "$name" ;; esac >>"$work/line"
    done
    case $line in
        ~*) grep -vxFf "$work/line" "$work/allowed" >"$work/next" ;;
        *) cat "$work/allowed" "$work/line" >"$work/next" ;;
    esac
    mv "$work/next" "$work/allowed"
done
: >"$work/log"
strace -f -qq -o "$work/trace" "$pixmill" serve --project pipelines --state "$work/state" --port 0 >"$work/log" 2>&1 &
tracer=$!
trap 'kill "$(head -n 1 "$work/trace" | cut -d " " -f 1)" 2>/dev/null; wait "$tracer"; rm -rf "$work"' EXIT
tries=0
until grep -q 'ready on' "$work/log" || [ $tries = 3600 ]; do
    kill -0 "$tracer" 2>/dev/null || break
    sleep 0.05
    tries=$((tries + 1))
done
address=$(sed -n 's/.*ready on \(http:[^ ]*\).*/\1/p' "$work/log")
[ -n "$address" ] || fail "the daemon did not start: $(cat "$work/log")"
curl -sS --data-binary @examples/photo.jpg -o "$work/answer" "$address/upload"
filename=$(sed -n 's/.*"filename":"\([^"]*\)".*/\1/p' "$work/answer")
tries=0
until curl -sS "$address/images/$filename" | grep -q '"status":"ready"' || [ $tries = 3600 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
[ $tries -lt 3600 ] || fail "the picture did not become ready: $(cat "$work/log")"
kill "$(head -n 1 "$work/trace" | cut -d ' ' -f 1)"
wait "$tracer" || fail "the daemon did not stop as it should: $(cat "$work/log")"
trap 'rm -rf "$work"' EXIT
# SQLite gives its files away where it is root; a library of libvips looks for memory nodes, and does without.
printf '%s\n' fchown set_mempolicy get_mempolicy >>"$work/allowed"
sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$work/trace" | sort -u >"$work/called"
[ "$(wc -l <"$work/called")" -gt 30 ] || fail "the trace is too short"
forbidden=$(grep -vxFf "$work/allowed" "$work/called" || true)
[ -z "$forbidden" ] || fail "the unit forbids what the daemon calls: $forbidden"
echo "the unit is in order, and the daemon works under it; exposure $exposure"
