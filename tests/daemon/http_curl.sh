#!/bin/sh
# The HTTP front as curl sees it: refusals of large bodies, 100-continue, ranges of files, connections kept.
# usage: http_curl.sh SERVER
set -eu
server=$1
command -v curl >/dev/null || {
    echo "curl is missing" >&2
    exit 1
}
work=$(mktemp -d)
mkfifo "$work/input"
"$server" <"$work/input" >"$work/output" 2>"$work/port" &
pid=$!
exec 9>"$work/input"
finish() {
    status=$?
    exec 9>&-
    wait "$pid" || status=1
    [ $status = 0 ] || cat "$work/output" "$work/port" >&2
    rm -rf "$work"
    exit $status
}
trap finish EXIT
until grep -q '^port ' "$work/port"; do
    kill -0 "$pid" 2>/dev/null || exit 1
    sleep 0.05
done
url=http://127.0.0.1:$(sed -n 's/^port //p' "$work/port")

# expect WHAT GOT WANTED
expect() {
    if [ "$2" != "$3" ]; then
        printf '%s: got "%s", wanted "%s"\n' "$1" "$2" "$3" >&2
        exit 1
    fi
}
ask() { curl --silent --show-error --noproxy '*' --max-time 120 "$@"; }

truncate -s 100M "$work/large"
expect "upload of 100 MB" "$(ask -T "$work/large" "$url/x" | cut -d' ' -f1-4)" "PUT /x? 104857600 0"
expect "upload without a length" "$(ask -T - "$url/x" <"$work/large" | cut -d' ' -f1-4)" "PUT /x? 104857600 0"
# Refused at the headers: the answer is seen, whether curl asks first or has begun to send.
for expectation in 'Expect: 100-continue' 'Expect:'; do
    expect "refused upload, $expectation" \
        "$(ask -H "$expectation" -T "$work/large" -w '%{http_code}' "$url/refuse")" "too much
413"
    expect "failed upload, $expectation" \
        "$(ask -H "$expectation" -T "$work/large" -w ' %{http_code}' "$url/fail")" "test.fail 422"
done
sent=$(ask -H 'Expect: 100-continue' -T "$work/large" -o /dev/null -w '%{size_upload}' "$url/refuse")
expect "bytes that a refused upload sent" "$sent" 0

expect "a file" "$(ask "$url/file" | wc -c | tr -d ' ')" 5000000
expect "the same from memory" "$(ask "$url/memory" | cksum)" "$(ask "$url/file" | cksum)"
expect "head of a file" "$(ask -I "$url/file" | tr -d '\r' | sed -n 's/^Content-Length: //p')" 5000000
expect "connections of three requests" \
    "$(ask -o /dev/null -w '%{num_connects}' "$url/x" -o /dev/null "$url/later" -o /dev/null "$url/status/204")" 100
expect "answer of another thread" "$(ask -d abc "$url/later" | cut -d' ' -f1-4)" "POST /later? 3 294"
echo "curl agrees"
