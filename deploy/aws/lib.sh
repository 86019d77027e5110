# What the scripts of this folder share; each of them sources it first. POSIX sh, the AWS command line, and nothing else but curl.
# Exit codes: 0 done; 1 AWS refused or failed; 2 wrong usage; 3 something is missing before anything was changed; 4 (smoke) a
# check failed.
# shellcheck shell=sh disable=SC2034
set -eu
me=$(basename "$0")
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
stack=pixmill region='' as_json='' assume_yes=''

say() { printf '%s\n' "$*" >&2; }
step() { if [ -t 2 ]; then printf '\033[1m%s\033[0m\n' "$*" >&2; else say "$*"; fi; }

# die CODE WORDS
die() {
    code=$1
    shift
    say "$me: $*"
    exit "$code"
}

# usage [TEXT]: the help of the script, which is what its `help` prints; to standard error, and with code 2, after a mistake.
usage() {
    [ $# -gt 0 ] || { help && exit 0; }
    say "$me: $*"
    help >&2
    exit 2
}

# option NAME [VALUE]: takes what all scripts have in common, and sets `taken` to how many words it took; 0: it is none of these.
option() {
    taken=1
    case $1 in
        -h | --help) usage ;;
        --json) as_json=1 ;;
        -y | --yes) assume_yes=1 ;;
        --stack | --region)
            [ -n "${2:-}" ] || usage "$1 wants a value"
            taken=2
            if [ "$1" = --stack ]; then stack=$2; else region=$2; fi
            ;;
        *) taken=0 ;;
    esac
}

# A folder that goes with the script, readable by its user alone: parameters may hold a token.
scratch() {
    temporary=$(umask 077 && mktemp -d "${TMPDIR:-/tmp}/pixmill-aws.XXXXXX")
    trap 'rm -rf "$temporary"' EXIT
    trap 'exit 1' HUP INT TERM
}

# explain FILE: what an error of the AWS command line means for who reads it.
explain() {
    case $(cat "$1") in
        *ExpiredToken* | *"token included in the request is expired"* | *"SSO session"*)
            say "The credentials have expired: sign in again, as with \`aws sso login\`." ;;
        *"Unable to locate credentials"* | *NoCredentials*)
            say "There are no credentials: \`aws configure\`, or set AWS_PROFILE." ;;
        *InvalidClientTokenId* | *UnrecognizedClient* | *SignatureDoesNotMatch* | *AuthFailure*)
            say "AWS does not know these credentials; look at \`aws sts get-caller-identity\`." ;;
        *AccessDenied* | *"not authorized to perform"* | *UnauthorizedOperation*)
            say "Your credentials may not do this; docs/deploy-aws.md says what who deploys needs." ;;
        *"Could not connect to the endpoint"* | *"Could not resolve"*)
            say "The service was not reached: no network, or the region does not exist." ;;
        *"Unknown options"*)
            say "This AWS command line is too old for that; \`deploy --adopt\` needs 2.15 or later." ;;
        *ThrottlingException* | *"Rate exceeded"*)
            say "AWS asks for patience; try again in a minute." ;;
        *"does not exist"* | *ResourceNotFoundException* | *NoSuchBucket* | *"Not Found"*)
            say "It is not there: is the stack's name right (--stack), and the region (--region)?" ;;
        *LimitExceeded* | *TooManyBuckets* | *QuotaExceeded*)
            say "A quota of the account is used up; Service Quotas in the console raises it." ;;
    esac
}

# cloud WORDS...: the AWS command line in the region, without a pager; explains a failure, and ends the script.
cloud() {
    AWS_PAGER='' aws --region "$region" "$@" 2>"$temporary/error" || {
        cat "$temporary/error" >&2
        explain "$temporary/error"
        die 1 "aws $1 $2 failed"
    }
}

# attempt WORDS...: likewise, but a failure is the caller's, and quiet.
attempt() {
    AWS_PAGER='' aws --region "$region" "$@" 2>"$temporary/error"
}

# What has to be true before anything is changed. Sets account and region.
preflight() {
    case $stack in
        [!a-z]* | *[!a-z0-9-]* | ?) die 3 "--stack: a name starts with a letter, and has small letters, digits and hyphens: $stack" ;;
    esac
    [ ${#stack} -le 21 ] || die 3 "--stack: a name has 21 characters at most, as it is part of the names of buckets: $stack"
    command -v aws >/dev/null || die 3 "the AWS command line is missing: apt-get install awscli"
    version=$(aws --version 2>&1 | sed -n 's|^aws-cli/\([0-9]*\)\.\([0-9]*\).*|\1 \2|p')
    [ -n "$version" ] || die 3 "\`aws --version\` says nothing that can be understood"
    case $version in
        0\ * | 1\ ? | 1\ 1? | 1\ 2[0-6]) die 3 "this AWS command line is too old ($(echo "$version" | tr ' ' .)): 2.9 or later" ;;
    esac
    region=${region:-${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region 2>/dev/null || true)}}}
    [ -n "$region" ] || die 3 "no region: --region, or AWS_REGION"
    account=$(attempt sts get-caller-identity --query Account --output text) || {
        cat "$temporary/error" >&2
        explain "$temporary/error"
        die 3 "AWS does not say who you are"
    }
}

# What the stack says: outputs as lines "NAME<tab>VALUE" in a file. Fails where there is no stack.
read_outputs() {
    attempt cloudformation describe-stacks --stack-name "$stack" --output text \
        --query 'Stacks[0].Outputs[].[OutputKey, OutputValue]' >"$temporary/outputs"
}

need_outputs() {
    read_outputs || {
        cat "$temporary/error" >&2
        explain "$temporary/error"
        die 3 "there is no stack $stack in $region"
    }
}

# output NAME: a value of the stack; nothing where it has none.
output() {
    sed -n "s/^$1	//p" "$temporary/outputs"
}

# The outputs as a JSON object. Values are names and URLs: they hold nothing that would have to be escaped.
outputs_json() {
    awk -F '\t' 'BEGIN { printf "{" } { printf "%s\"%s\":\"%s\"", (NR > 1 ? "," : ""), $1, $2 } END { print "}" }' "$temporary/outputs"
}

# confirm QUESTION WORD: goes on where the word is typed, or with --yes.
confirm() {
    [ -z "$assume_yes" ] || return 0
    [ -t 0 ] || die 3 "$1 Say --yes where nobody can be asked."
    printf '%s [%s] ' "$1" "$2" >&2
    read -r answer
    [ "$answer" = "$2" ] || die 3 "nothing was done"
}
