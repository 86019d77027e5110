#!/bin/sh
# Measures the drivers s3 and dynamodb against curl alone and against the AWS SDK for JavaScript, in turn in this run, all
# against one server of ours that verifies signatures, on this machine.
#   bench/aws/run.sh [--rounds N] [--no-large] [--short]
# CPU is that of the client alone, in ms for an operation; curl's is what a further transfer costs one that has started.
# Each figure is the median of the rounds. --no-large: no file of 2 GB. --short: the least of everything, which shows that all
# of it works and measures nothing. $PIXMILL_BENCH_BUILD names another build than release.
# shellcheck disable=SC2086
set -eu
cd "$(dirname "$0")/../.."
build=${PIXMILL_BENCH_BUILD:-build/release}
work=${TMPDIR:-/tmp}/pixmill-bench-aws.$$
rounds=5 large=2147483648 sizes='65536:200 5242880:20 209715200:2' requests=100
while [ $# -gt 0 ]; do
    case $1 in
        --aws) shift ;;
        --rounds) rounds=$2 && shift 2 ;;
        --no-large) large=0 && shift ;;
        --short) rounds=1 large=100000000 sizes='65536:4 68157440:1' requests=4 && shift ;;
        *) echo "usage: bench/aws/run.sh [--rounds N] [--no-large] [--short]" >&2 && exit 2 ;;
    esac
done
command -v node >/dev/null || { echo "node is missing; the server of this measure needs it" >&2 && exit 1; }
NODE_PATH=$(sh tests/npm.sh aws-gate)
export NODE_PATH NODE_NO_WARNINGS=1
mkdir -p "$work"
mkfifo "$work/input"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=bench -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
: >"$work/ports"
node bench/aws/server.js "$work/key.pem" "$work/certificate.pem" <"$work/input" >"$work/ports" &
server=$!
exec 9>"$work/input"
trap 'exec 9>&-; wait $server 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
until grep -q '}' "$work/ports"; do kill -0 $server && sleep 0.05; done
port() { sed "s/.*\"$1\":\([0-9]*\).*/\1/" "$work/ports"; }
# The certificate is for all of them.
export AWS_CA_BUNDLE="$work/certificate.pem" CURL_CA_BUNDLE="$work/certificate.pem" NODE_EXTRA_CA_CERTS="$work/certificate.pem"
tls=false
export AWS_ENDPOINT_URL_S3="http://127.0.0.1:$(port s3)" AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:$(port table)"
export AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true HOME="$work" no_proxy='*'
export AWS_ACCESS_KEY_ID=AKIDGATE AWS_SECRET_ACCESS_KEY=gate-secret-of-32-characters-long
client="$build/bin/bench-aws-client bench/aws"

# ---- contenders: CPU and wall time of an operation, in ms: NAME OPERATION COUNT FILE ----------------------------------

# A file of curl's options for that many transfers: transfers METHOD COUNT FILE.
transfers() {
    url=$(curl -sS -d "{\"method\":\"$1\",\"key\":\"$(basename "$3")\",\"tls\":$tls}" "http://127.0.0.1:$(port control)/sign")
    echo silent
    echo 'header = "Expect:"'
    left=$2
    while [ "$left" -gt 0 ]; do
        case $1 in PUT) echo "upload-file = \"$3\"" ;; *) echo 'output = "/dev/null"' ;; esac
        echo "url = \"$url\""
        left=$((left - 1))
    done
}

# The same for requests to a table, which curl signs itself: calls OPERATION COUNT.
calls() {
    left=$2
    while [ "$left" -gt 0 ]; do
        case $1 in
            record)
                target=PutItem body="{\"TableName\":\"Bench\",\"ConditionExpression\":\"attribute_not_exists(id)\",\"Item\":{\"id\":"
                body="$body{\"S\":\"curl-$$-$round-$2-$left\"},\"name\":{\"S\":\"a photo of the harbour.jpg\"},\"bytes\":{\"N\":\"4194304\"}}}"
                ;;
            *) target=GetItem body='{"TableName":"Bench","ConsistentRead":true,"Key":{"id":{"S":"known"}}}' ;;
        esac
        printf 'silent\noutput = "/dev/null"\nurl = "%s/"\nheader = "X-Amz-Target: DynamoDB_20120810.%s"\n' \
            "$AWS_ENDPOINT_URL_DYNAMODB" "$target"
        printf 'header = "Content-Type: application/x-amz-json-1.0"\naws-sigv4 = "aws:amz:us-east-1:dynamodb"\n'
        printf 'user = "%s:%s"\nfail\ndata = "%s"\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" \
            "$(printf '%s' "$body" | sed 's/"/\\"/g')"
        left=$((left - 1))
        [ "$left" = 0 ] || echo next
    done
}

by_curl() {
    for times in 1 $(($2 + 1)); do
        case $1 in
            put*) transfers PUT $times "$3" ;;
            get) transfers GET $times "$3" ;;
            *) calls "$1" $times ;;
        esac >"$work/curl.$times"
    done
    { "$build/bin/bench-aws-took" curl -K "$work/curl.1" && "$build/bin/bench-aws-took" curl -K "$work/curl.$times"; } |
        awk -v n="$2" 'NR == 1 { cpu = $1; wall = $2 } NR == 2 { printf "%.3f %.3f\n", ($1 - cpu) / n, ($2 - wall) / n }'
}

# What the signature of a body wants beside: openssl reads the same bytes once more. Small files are hashed many at a time.
by_openssl() {
    files='' left=$2
    while [ "$left" -gt 0 ]; do files="$files $3" left=$((left - 1)); done
    { "$build/bin/bench-aws-took" openssl dgst -sha256 "$3" && "$build/bin/bench-aws-took" openssl dgst -sha256 "$3" $files; } |
        awk -v n="$2" '/^[0-9.]+ [0-9.]+$/ { line++; if (line == 1) { cpu = $1; wall = $2 }
            else printf "%.3f %.3f\n", ($1 - cpu) / n, ($2 - wall) / n }'
}

by_unsigned() { PIXMILL_PROFILE=unsigned $client "$1" "$2" ${3:-}; }
by_pixmill() { $client "$1" "$2" ${3:-}; }
by_sdk() { node bench/aws/sdk.js "${1%-known}" "$2" ${3:-}; }

# ---- measuring -------------------------------------------------------------------------------------------------------

median() { sort -n | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'; }
figure() { awk -v column="$2" '{ print $column }' "$work/$1" | median; }

# measure TITLE OPERATION COUNT FILE CONTENDER...
measure() {
    title=$1 operation=$2 count=$3 file=$4
    shift 4
    for name; do : >"$work/$name"; done
    round=0
    while [ $round -lt "$rounds" ]; do
        for name; do "by_$name" "$operation" "$count" "$file" >>"$work/$name"; done
        round=$((round + 1))
    done
    printf '%s\n' "$title"
    for name; do
        printf '  %-10s CPU %9.3f ms   wall %9.3f ms' "$name" "$(figure "$name" 1)" "$(figure "$name" 2)"
        [ "$name" = pixmill ] || [ "$name" = openssl ] ||
            printf '   pixmill to it: CPU %.2f, throughput %.2f' "$(ratio pixmill "$name" 1)" "$(ratio "$name" pixmill 2)"
        echo
    done
    case " $* " in
        *" openssl "*)
            printf '  %-10s CPU %9.3f ms   %23s pixmill to it: CPU %.2f\n' 'curl + hash' \
                "$(paste "$work/curl" "$work/openssl" | awk '{ print $1 + $3 }' | median)" '' \
                "$(paste "$work/pixmill" "$work/curl" "$work/openssl" | awk '{ all = $(NF - 3) + $(NF - 1); print all == 0 ? 0 : $1 / all }' | median)"
            ;;
    esac
}

# The median of the ratios of the rounds, 0 where the other took no time that can be told: ratio NAME OTHER COLUMN.
ratio() {
    columns=$(awk '{ print NF; exit }' "$work/$1")
    paste "$work/$1" "$work/$2" | awk -v a="$3" -v b=$((columns + $3)) '{ print $b == 0 ? 0 : $a / $b }' | median
}

ratios() { printf '  %s to %s: CPU %.2f, throughput %.2f\n' "$1" "$2" "$(ratio "$1" "$2" 1)" "$(ratio "$2" "$1" 2)"; }

echo "== $(nproc) processors, $rounds rounds; curl $(curl --version | sed -n '1s/^curl \([^ ]*\).*/\1/p'), node $(node --version)"
for size in $sizes; do
    count=${size#*:} size=${size%:*}
    head -c "$size" /dev/urandom >"$work/$size"
    measure "put $size bytes of which the SHA-256 is known, as of what the daemon took in" put-known "$count" "$work/$size" \
        pixmill curl openssl sdk
    measure "put $size bytes" put "$count" "$work/$size" pixmill curl openssl sdk
    measure "get $size bytes" get "$count" "$work/$size" pixmill curl sdk
done
tls=true AWS_ENDPOINT_URL_S3="https://127.0.0.1:$(port secure)"
measure "put $size bytes over TLS, the SHA-256 known; unsigned: pixmill with sign_parts: unless_tls" put-known "$count" \
    "$work/$size" pixmill unsigned curl sdk
ratios unsigned curl
tls=false AWS_ENDPOINT_URL_S3="http://127.0.0.1:$(port s3)"
$client prepare 0
measure "record: a new item of four fields" record $requests '' pixmill curl sdk
measure "lookup: an item" lookup $requests '' pixmill curl sdk
measure "query: the 20 newest items" query $(((requests + 4) / 5)) '' pixmill sdk
if [ $large -gt 0 ]; then
    truncate -s $large "$work/large"
    for operation in put put-known; do
        echo "$operation $((large / 1000000)) MB: at most" \
            "$($client $operation 1 "$work/large" | awk '{ print $3 }') MiB more than before"
    done
fi
