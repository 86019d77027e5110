# The gate for tests in sh: one process of it for the file, which ends with it, and an environment that leads to it. Sourced
# after tests/acceptance/lib.sh; NODE_PATH is where dynalite is.
# shellcheck shell=sh disable=SC2034,SC2154
set -u
gate_key=AKIDGATE gate_secret=gate-secret-of-32-characters-long

# Starts it, and tells everything that is started from now on where it is.
start_gate() {
    mkfifo "$work/gate.in"
    node "$SOURCE/tests/aws-gate/gate.js" <"$work/gate.in" >"$work/gate.out" 2>"$work/gate.err" &
    children="$! $children"
    exec 9>"$work/gate.in" # it ends when this closes
    tries=0
    until grep -q '}' "$work/gate.out" || [ $tries -ge 600 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    gate_s3=http://127.0.0.1:$(json_get s3 <"$work/gate.out")
    gate_table=http://127.0.0.1:$(json_get table <"$work/gate.out")
    gate_queue=http://127.0.0.1:$(json_get queue <"$work/gate.out")
    gate_control=http://127.0.0.1:$(json_get control <"$work/gate.out")
    for variable in $(env | sed -n 's/^\(AWS_[A-Z_0-9]*\)=.*/\1/p; s/^\([A-Za-z]*_[Pp][Rr][Oo][Xx][Yy]\)=.*/\1/p'); do
        unset "$variable"
    done
    export HOME="$work" AWS_EC2_METADATA_DISABLED=true AWS_REGION=us-east-1
    export AWS_ENDPOINT_URL_S3="$gate_s3" AWS_ENDPOINT_URL_DYNAMODB="$gate_table" AWS_ENDPOINT_URL_SQS="$gate_queue"
    export AWS_ACCESS_KEY_ID="$gate_key" AWS_SECRET_ACCESS_KEY="$gate_secret"
}

# Talks to it, in JSON: control PATH [DATA]. The reply is in $work/control.
control() {
    curl -sS --noproxy '*' -o "$work/control" --data-binary "${2:-}" "$gate_control$1" || complain "the gate is gone"
}

# Forgets all that came before: an empty bucket, and no table.
reset_gate() {
    control /reset
}

# How many objects of the bucket have a key that starts so.
count_objects() {
    control /objects
    grep -o "\"$1[^\"]*\"" "$work/control" | wc -l
}
