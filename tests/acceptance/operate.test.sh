#!/bin/sh
# The daemon as those who run it meet it: what they see and do while it runs, how it starts, stops and takes changes.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=serve_lib.sh
. "$(dirname "$0")/serve_lib.sh"
without_leak_check
turned=$SOURCE/pipelines/fixtures/turned.jpg
cut=$SOURCE/pipelines/fixtures/cut.jpg # its header is fine, so it is taken; its thumbnails cannot be made

# ---- dead letters ----------------------------------------------------------------------------------------------------

it a_dead_letter_is_listed_retried_and_discarded_over_http
make_app
serve
upload "$cut"
expect_status 201
await_json /admin/jobs counts.dead 1
operate GET /admin/dead
expect_status 200
expect_json 'items.#' 1
expect_json items.0.pipeline thumbnails
expect_json items.0.event.key "uploads/$filename"
expect_json items.0.cause.code decode.corrupt
expect_json items.0.attempts 1
expect_json cursor null
letter=$(json items.0.id)
operate POST "/admin/dead/$letter/retry"
expect_status 204
await_json /admin/dead items.0.attempts 1
upload "$cut"
await_json /admin/jobs counts.dead 2
operate GET '/admin/dead?limit=1'
first=$(json items.0.id)
operate GET "/admin/dead?limit=1&cursor=$(json cursor)"
second=$(json items.0.id)
[ "$first" -gt "$second" ] || complain "the newest is not the first: $first, $second"
for letter in $first $second; do
    operate DELETE "/admin/dead/$letter"
    expect_status 204
done
operate DELETE "/admin/dead/$first"
expect_status 404
expect_json code job.not_found
operate POST /admin/dead/1x/retry
expect_status 404
operate POST /admin/dead/99999999999999999999/retry
expect_status 404
operate GET /admin/dead
expect_json 'items.#' 0
for query in limit=0 limit=501 limit=x limit= cursor=x cursor=-1 'limit=1&cursor=99999999999999999999'; do
    operate GET "/admin/dead?$query"
    expect_status 400
done
stop_daemon
expect_code 0

it pixmill_jobs_does_the_same_whether_the_daemon_runs_or_not
make_app
serve
upload "$cut"
await_json /admin/jobs counts.dead 1
run pixmill jobs list --state state --json
expect_code 0
expect_json_document
expect_json jobs.0.cause.code decode.corrupt
letter=$(json jobs.0.id)
run pixmill jobs show "$letter" --state state
expect_out "uploads/$filename"
# With the original in order the same job succeeds.
cp "$turned" "state/images/uploads/$filename"
run pixmill jobs retry "$letter" --state state
expect_code 0
await_status "$filename" ready
await_json /admin/jobs counts.dead 0
upload "$cut"
await_json /admin/jobs counts.dead 1
stop_daemon
expect_code 0
run pixmill jobs --state state
expect_code 0
expect_out decode.corrupt
cp "$turned" "state/images/uploads/$filename"
run pixmill jobs retry --all --state state
expect_code 0
run pixmill jobs --state state --json
expect_json 'jobs.#' 0
expect_json waiting 1
serve
await_status "$filename" ready
upload "$cut"
await_json /admin/jobs counts.dead 1
stop_daemon
letter=$(pixmill jobs list --state state --json | json_get jobs.0.id)
run pixmill jobs discard "$letter" --state state
expect_code 0
run pixmill jobs discard "$letter" --state state
expect_code 1
serve
operate GET /admin/dead
expect_json 'items.#' 0
stop_daemon

# ---- who may look ----------------------------------------------------------------------------------------------------

it what_is_for_operators_needs_their_token
make_app
serve
for route in 'GET /admin/status' 'GET /admin/jobs' 'GET /admin/dead' 'POST /admin/dead/1/retry' 'DELETE /admin/dead/1' \
    'GET /admin/queues' 'GET /admin/queues/mail/dead' 'POST /admin/queues/mail/dead/1/retry' \
    'DELETE /admin/queues/mail/dead/1' 'POST /admin/reload'; do
    ask "${route%% *}" "${route##* }"
    expect_status 401
    expect_json code auth.missing
    expect_header WWW-Authenticate Bearer
    for token in wrong "$(cat state/operator.token)x" "$(cut -c 2- state/operator.token)" "$(cat state/url.keys)" ''; do
        ask "${route%% *}" "${route##* }" -H "Authorization: Bearer $token"
        expect_status 401
    done
    ask "${route%% *}" "${route##* }" -H "Authorization: Basic $(cat state/operator.token)"
    expect_status 401
done
operate PUT /admin/jobs
expect_status 405
expect_header Allow GET
operate GET /admin/status
expect_status 200
expect_json ready true
expect_json waiting 0
operate GET /admin/nothing
expect_status 404
stop_daemon

it a_monitor_needs_no_token_on_this_machine_and_gets_none_through_a_proxy
make_app
serve
upload "$turned"
await_status "$filename" ready
await_rest
ask GET /metrics
expect_status 200
expect_header Content-Type 'text/plain; version=0.0.4; charset=utf-8'
# https://prometheus.io/docs/instrumenting/exposition_formats: comments, and samples of a name, labels and a number.
bad=$(grep -Evc '^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*",?)*\})? [-+]?([0-9.]+(e[-+]?[0-9]+)?|Inf|NaN))$' \
    "$work/out")
expect_equal "$bad" 0 'lines that are no metrics'
expect_out 'pixmill_http_requests_total{route="/upload",method="POST",status="201"} 1' \
    'pixmill_runs_total{pipeline="thumbnails",outcome="ok"} 1' 'pixmill_job_tries_total{outcome="done"} 1'
expect_equal "$(grep -c '^# TYPE pixmill_runs_total ' "$work/out")" 1 'types of one metric'
tries=0
until grep -q '^pixmill_workers{class="image",state="idle"} [1-9]' "$work/out" &&
    grep -q '^pixmill_workers{class="image",state="busy"} 0' "$work/out" || [ $tries -ge 600 ]; do
    sleep 0.05 # some are looked at once a second
    ask GET /metrics
    tries=$((tries + 1))
done
expect_out 'pixmill_workers{class="image",state="busy"} 0' 'pixmill_jobs{state="dead"} 0'
ask GET /metrics -H 'X-Forwarded-For: 127.0.0.1'
expect_status 401
ask GET /metrics -H 'X-Forwarded-For: 127.0.0.1' -H "Authorization: Bearer $(cat state/operator.token)"
expect_status 200
ask GET /health
expect_status 200
expect_json status ok
ask GET /health -I
expect_status 200
ask GET /ready
expect_status 200
expect_json status ready
stop_daemon
serve --trust-proxy
ask GET /metrics
expect_status 401
stop_daemon

# ---- starting and stopping -------------------------------------------------------------------------------------------

it what_one_start_began_the_next_one_ends
make_app
serve
for n in 1 2 3 4 5 6; do
    upload "$photo"
    expect_status 201
    names="${names:-} $filename"
done
stop_daemon
expect_code 0
serve
for filename in $names; do
    await_status "$filename" ready
done
operate GET /admin/dead
expect_json 'items.#' 0
stop_daemon INT
expect_code 0

it a_state_folder_has_one_daemon_at_a_time
make_app
serve
run pixmill serve --project app --state state --port 0
expect_code 69
expect_err "$daemon" another
ask GET /health
expect_status 200
port=${address##*:}
run pixmill serve --project app --state other --port "$port"
expect_code 69
expect_err "$port"
stop_daemon

it what_is_wrong_with_the_project_is_told_with_its_place
make_app
printf 'version: 1\nsteps:\n  - {id: a, nothing: {}}\n' >app/wrong.yaml
run pixmill serve --project app --state state --port 0
expect_code 78
expect_err wrong.yaml:3:13: error
rm app/wrong.yaml
run pixmill serve --project app --state state --port 0 --profile none
expect_code 78
expect_err none
run pixmill serve --project nowhere --state state
expect_code 2
run pixmill serve --project app --state state --workers 0
expect_code 2
run pixmill serve --project app --state state --log xml
expect_code 2
run pixmill serve app
expect_code 2

# ---- what the project says of its host -------------------------------------------------------------------------------

it the_project_says_how_it_is_served_where_the_command_line_does_not
make_app
serve # to find a port that is free
port=${address##*:}
stop_daemon
{
    printf '%s\n' 'version: 1' 'env: {PIXMILL_STATE: {type: string, default: var}}' 'profiles:'
    for profile in local other; do
        echo "  $profile:"
        printf '    stores: {images: {localfs: {root: "${env.PIXMILL_STATE}/%s"}}}\n' $profile
        grep -m 1 -A 2 '^    tables:' "$SOURCE/pipelines/pixmill.yaml"
    done
    echo 'hosts:'
    echo "  daemon: {listen: \"127.0.0.1:$port\", workers: 3, profile: other, limits: {time: 45s, bytes: 1KiB}}"
} >app/pixmill.yaml
start_daemon_as_said() {
    state=$PWD/state
    : >log
    pixmill serve --project app --state "$state" "$@" 2>log </dev/null &
    daemon=$!
    children="$daemon $children"
    await_log 'ready on'
    address=$(sed -n 's/.*ready on \(http:[^ "]*\).*/\1/p' log)
}
start_daemon_as_said
expect_equal "$address" "http://127.0.0.1:$port" 'where it listens'
operate GET /admin/status
expect_json workers.0.workers 3
head -c 1100 "$turned" >large
ask POST /upload -H 'Content-Type: image/jpeg' --data-binary @large
expect_status 413
sed -i 's/, bytes: 1KiB//; s/workers: 3/workers: 2/; s/127.0.0.1:/127.0.0.2:/' app/pixmill.yaml
await_log 'listens elsewhere now'
await_json /admin/status workers.0.workers 2
upload "$turned"
expect_status 201
[ -e "state/other/uploads/$filename" ] || complain 'it is not in the store of the profile'
stop_daemon
expect_code 0
start_daemon_as_said --port 0 --workers 1 --profile local --host 127.0.0.3
case $address in "http://127.0.0.3:$port") complain 'the port of the command line does not count' ;; esac
case $address in http://127.0.0.3:*) ;; *) complain 'the host of the command line does not count' ;; esac
operate GET /admin/status -H "Host: localhost"
expect_json workers.0.workers 1
stop_daemon
sed -i 's/listen: [^,]*/listen: "0.0.0.0:0"/' app/pixmill.yaml
start_daemon_as_said
address=$(echo "$address" | sed 's/0\.0\.0\.0/127.0.0.1/')
upload "$turned"
expect_status 401
stop_daemon

# ---- changes ---------------------------------------------------------------------------------------------------------

it a_changed_pipeline_is_served_and_a_broken_one_is_not
make_app
serve
printf 'version: 1\ntriggers: {get: {http: {method: GET, path: /greeting}}}\noutput: {text: first}\n' >app/greeting.yaml
await_answer /greeting 200
expect_json text first
sed -i 's/first/second/' app/greeting.yaml
tries=0
while [ "$(json text)" != second ] && [ $tries -lt $patience ]; do
    sleep 0.05
    ask GET /greeting
    tries=$((tries + 1))
done
expect_json text second
sed -i 's/output:/outptu:/' app/greeting.yaml
await_log 'what ran before goes on'
grep -qF greeting.yaml:3:1 log || complain 'the log does not say where the error is'
ask GET /greeting
expect_json text second
rm app/greeting.yaml
await_answer /greeting 404
# With the time as it was, nothing but the signal tells.
: >log
kill -HUP "$daemon"
await_log 'loaded anew'
: >log
operate POST /admin/reload
expect_status 202
await_log 'loaded anew'
stop_daemon
expect_code 0

it nothing_is_lost_while_projects_come_and_go
make_app
serve
for n in 1 2 3 4 5 6; do
    pids=''
    for m in 1 2 3 4; do
        curl -sS -o "answer.$n.$m" -H 'Content-Type: image/jpeg' -H "Idempotency-Key: $n.$m" --data-binary "@$turned" \
            "$address/upload" &
        pids="$pids $!"
    done
    kill -HUP "$daemon"
    # shellcheck disable=SC2086
    wait $pids
done
names=$(for n in answer.*; do json_get filename <"$n"; done)
expect_equal "$(echo "$names" | sort -u | wc -l)" 24 pictures
for filename in $names; do
    await_status "$filename" ready
done
operate GET /admin/dead
expect_json 'items.#' 0
stop_daemon
expect_code 0

it keys_of_signed_urls_are_changed_without_breaking_those_that_are_out
make_app
serve
presign() {
    ask POST /uploads -H 'Content-Type: application/json' -d '{"content_type": "image/jpeg"}'
    expect_status 201
    url=$(json url)
}
put_url() {
    ask PUT "$1" -H 'Content-Type: image/jpeg' --data-binary "@$turned"
}
presign
first=$url
presign
late=$url
reload() {
    : >log
    kill -HUP "$daemon"
    await_log 'loaded anew'
}
{
    head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'
    echo
    cat state/url.keys
} >keys
cat keys >state/url.keys
reload
presign
[ "$(echo "$url" | sed 's/.*key=\([^&]*\).*/\1/')" != "$(echo "$first" | sed 's/.*key=\([^&]*\).*/\1/')" ] ||
    complain 'the new key does not sign'
put_url "$url"
expect_status 201
put_url "$first"
expect_status 201
head -n 1 keys >state/url.keys
presign
reload
put_url "$late"
expect_status 401
put_url "$url"
expect_status 201
stop_daemon
expect_code 0

# ---- the log ---------------------------------------------------------------------------------------------------------

it a_log_of_json_lines_says_what_belongs_together_and_no_secret
make_app
serve --json --color always
upload "$cut" -H 'X-Request-Id: mine' -H 'User-Agent: "quoted"'
id=$(header X-Request-Id)
await_json /admin/jobs counts.dead 1
ask POST /uploads -H 'Content-Type: application/json' -d '{"content_type": "image/jpeg"}'
url=$(json url)
signature=$(echo "$url" | sed 's/.*signature=\([^&]*\).*/\1/')
ask PUT "$url" -H 'Content-Type: image/jpeg' --data-binary "@$turned"
expect_status 201
operate GET /admin/status
ask GET /admin/status -H 'Authorization: Bearer not-the-token-at-all'
ask GET "/images?token=query-secret&limit=1"
printf 'version: 1\nsteps: [{id: a, nothing: {}}]\n' >app/wrong.yaml
await_log 'what ran before goes on'
stop_daemon
expect_code 0
for name in state/operator.token state/url.keys; do
    if grep -qF -f "$name" log; then complain "the log has what is in $name"; fi
done
for secret in "$signature" not-the-token-at-all query-secret; do
    if grep -qF -- "$secret" log; then complain "the log has $secret"; fi
done
grep '"message":"POST /upload?' log >"$work/out"
expect_json status 201
expect_json pipeline upload
expect_json agent '"quoted"'
[ -n "$id" ] || complain 'no id of the request'
expect_json request "$id"
run=$(json run)
[ -n "$run" ] || complain 'no run'
grep '"source":"jobs"' log >"$work/out"
expect_json level warning
expect_json pipeline thumbnails
expect_json origin "$run"
[ -n "$(json run)" ] || complain 'no run'
while read -r line; do
    printf "%s\n" "$line" | json_get . >/dev/null || complain "no JSON: $line"
done <log

# ---- damage ----------------------------------------------------------------------------------------------------------

it after_damage_to_the_journal_every_original_is_looked_at_again
make_app
serve
for n in 1 2 3; do
    upload "$turned"
    await_status "$filename" ready
done
stop_daemon
mkdir lost && mv "state/images/thumbnails/${filename%.*}" lost/
head -c 65536 /dev/urandom >state/journal.db
rm -f state/journal.db-wal
serve
await_log 'looked at all objects again: 3 jobs were added'
grep -qF 'the journal was damaged' log || complain 'nobody was told'
await_rest
expect_equal "$(count_files "state/images/thumbnails/${filename%.*}")" "$(count_files "lost/${filename%.*}")" thumbnails
aside=$(find state -name 'journal-damaged-*.db')
expect_equal "$(wc -c <"$aside")" 65536 'size of the journal that was set aside'
stop_daemon
expect_code 0

done_testing
