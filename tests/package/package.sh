#!/bin/sh
# The package for AWS Lambda: made twice, it is the same to the byte; looked through, it holds what it should, and a wrong
# one is found out; run as Lambda runs it, it works in a bare environment, maps libvips for pictures alone, and writes
# nothing. Of another architecture than this machine's it is run by an emulator. usage: package.sh RUNTIME_API own|other
set -eu
api=$1
source=$PWD
here=$source/tests/package
work=$(mktemp -d)
full=
trap '[ -z "$full" ] || umount "$full"; rm -rf "$work"' EXIT
chmod 755 "$work"
failed=0
complain() {
    echo "$*"
    failed=1
}
own=$(uname -m | sed s/aarch64/arm64/)
other=$([ "$own" = arm64 ] && echo x86_64 || echo arm64)
machine=$([ "$other" = arm64 ] && echo aarch64 || echo x86_64)
emulator=qemu-$machine-static

tools='npm zip unzip zipinfo apt-get dpkg-deb readelf'
[ "$2" = own ] || tools="$tools $emulator $machine-linux-gnu-gcc"
for tool in $tools; do
    command -v $tool >/dev/null || {
        echo "skipped: there is no $tool"
        exit 77
    }
done
arch=$([ "$2" = own ] && echo "$own" || echo "$other")
deploy/lambda/target.sh "$arch" >"$work/log" 2>&1 || {
    status=$?
    cat "$work/log"
    [ $status = 3 ] || exit 1
    echo "skipped: what the package is made of cannot be fetched here"
    exit 77
}

# package_in FOLDER ARCH
package_in() {
    PIXMILL_PACKAGE_FOLDER=$1 deploy/lambda/package.sh "$2" >"$work/log" 2>&1 ||
        { cat "$work/log" && echo "there is no package for $2" && exit 1; }
}

# ---- what it holds ------------------------------------------------------------------------------------------------------
first=$source/build/package

# refused WHY: that the package in $work/wrong is not let pass, and what is said of it.
refused() {
    (cd "$work/wrong" && find . -type f | sed 's|^\./||' | LC_ALL=C sort | TZ=UTC zip -q -X -D "$work/wrong-light-$own.zip" -@)
    if deploy/lambda/check.sh "$work/wrong-light-$own.zip" >"$work/log"; then
        complain "a wrong package passes: $1"
    elif ! grep -qF "$1" "$work/log"; then
        complain "what is wrong with a package ($1) is told as $(cat "$work/log")"
    fi
    rm -rf "$work/wrong" "$work/wrong-light-$own.zip"
}
wrong() { cp -a "$first/pixmill-lambda-light-$own" "$work/wrong"; }

# Of this machine's architecture: made twice, and then spoiled.
look_through() {
    package_in "$first" "$own"
    mkdir "$work/again"
    ln -s "$first/target-$own" "$work/again"
    CCACHE_DISABLE=1 package_in "$work/again" "$own" # compiled again, wherever compilers keep what they made
    for name in pixmill-lambda-$own.zip pixmill-lambda-light-$own.zip; do
        cmp "$first/$name" "$work/again/$name" || complain "$name is another one when it is made elsewhere"
    done
    rm -rf "$work/again"

    wrong && echo secret >"$work/wrong/credentials" && refused "holds what is not meant to be there: credentials"
    wrong && chmod 644 "$work/wrong/bootstrap" && refused "other modes or times"
    wrong && touch "$work/wrong/bootstrap" && refused "other modes or times"
    wrong && echo '#!/bin/sh' >"$work/wrong/bootstrap" && refused "bootstrap is no program for"
    wrong && rm "$work/wrong/pipelines/pixmill.yaml" && refused "has no pipelines/pixmill.yaml"
    # What a program of this system asks for, the image may not have.
    wrong && cp "$(dirname "$api")/pixmill" "$work/wrong/bootstrap" && refused "neither here nor in the image"
    wrong && echo 'unsigned arc4random(void); int main(void) { return (int)arc4random(); }' |
        cc -x c - -o "$work/wrong/bootstrap" && refused "wants GLIBC_2.36"
}

# ---- how it runs --------------------------------------------------------------------------------------------------------
event() { # event METHOD PATH QUERY BODY_BASE64
    printf '{"version":"2.0","routeKey":"%s %s","rawPath":"%s","rawQueryString":"%s","headers":{},' "$1" "$2" "$2" "$3"
    printf '"requestContext":{"http":{"method":"%s","path":"%s"}},"isBase64Encoded":%s,"body":"%s"}' \
        "$1" "$2" "$([ -n "$4" ] && echo true || echo false)" "$4"
}
event GET /plain text=hello '' >"$work/plain.json"
event POST /thumbnail '' "$(base64 -w 0 "$source/examples/photo.jpg")" >"$work/thumbnail.json"
event POST /thumbnail '' "$(base64 -w 0 "$here/phone.heic")" >"$work/heic.json"
cp -R "$here/project" "$work/project"
cp "$api" "$work/api"
chmod -R a+rX "$work"

# Another user than the one who owns the files, where this may be asked for: only folders for all are to be written to.
user=
[ "$(id -u)" != 0 ] || user="setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs"

# answer TASK FUNCTION [WRAPPER...]: what the function of an unpacked package answers to its event, or to $event, into
# $work/answer.
answer() {
    task=$1 function=$2
    shift 2
    (
        cd /
        ulimit -v $limit_kb
        # shellcheck disable=SC2086
        exec env -i LANG=en_US.UTF-8 TZ=:UTC PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin TMPDIR="${full:-/tmp}" \
            LD_LIBRARY_PATH="/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:$task:$task/lib:/opt/lib" \
            LAMBDA_TASK_ROOT="$task" LAMBDA_RUNTIME_DIR=/var/runtime _HANDLER="$function" \
            AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512 AWS_REGION=eu-central-1 PIXMILL_PROJECT="$work/project" $debug \
            $user "$work/api" 1 "$work/${event:-$function}.json" -- "$function" "$@" "$task/bootstrap"
    ) >"$work/answer" 2>"$work/said" || {
        complain "$function of $task does not work: $(cat "$work/answer" "$work/said")"
        return 1
    }
}
expect() { grep -q "$1" "$work/answer" || complain "the answer of $function is $(cat "$work/answer")"; }
makes_webp() {
    sed -n 's/.*"isBase64Encoded":true,"body":"\([A-Za-z0-9+\/=]*\)".*/\1/p' "$work/answer" | base64 -d |
        head -c 12 | tail -c 4 | grep -q WEBP
}

limit_kb=524288 debug= event=

# The linker says what it maps. Nothing but the image's libraries, where no picture is handled.
maps="$work/maps"
mapped() {
    debug="LD_DEBUG=files LD_DEBUG_OUTPUT=$maps/linker"
    rm -rf "$maps"
    mkdir -m 777 "$maps"
    answer "$1" "$2" || true
    debug=
    cat "$maps"/linker.* | sed -n 's/.*file=\([^ ]*\) .*generating link map.*/\1/p' | sort -u >"$work/list"
    grep -q 'libcurl' "$work/list" || complain "the linker does not say what it maps"
}

run_here() {
    for kind in '' light-; do
        cp -a "$first/pixmill-lambda-$kind$own" "$work/task-$kind"
    done
    answer "$work/task-light-" plain && expect '"body":"{\\"text\\":\\"hello\\"}"'
    answer "$work/task-" thumbnail && { makes_webp || complain "no thumbnail came: $(head -c 2000 "$work/answer")"; }

    # Its libvips has no decoder for HEVC, which is no fault of the picture.
    event=heic
    answer "$work/task-" thumbnail && expect 'decode.unsupported'
    event=

    # Neither it nor libvips needs room in the temporary folder. (Debian's libvips does, for its machine code.)
    mkdir "$work/full"
    if mount -t tmpfs -o size=16k none "$work/full" 2>/dev/null; then
        full=$work/full
        chmod 777 "$full"
        dd if=/dev/zero of="$full/all" bs=1k count=16 2>"$work/log" || true
        answer "$work/task-" thumbnail && { makes_webp || complain "no thumbnail came where the temporary folder is full"; }
        umount "$full"
        full=
    fi

    mapped "$work/task-" plain
    ! grep -E 'vips|glib|-body' "$work/list" || complain "a function without pictures maps these"
    mapped "$work/task-" thumbnail
    grep -q "^$work/task-/plugins/resize-body.so" "$work/list" || complain "the module of the package is not used"
    ! grep -E 'libglib-2|libgobject|libvips\.so' "$work/list" || complain "another libvips is mapped, too"

    # A function with pictures cannot do without the modules, and says so.
    before=$failed
    if answer "$work/task-light-" thumbnail >/dev/null; then
        complain "the light package makes thumbnails"
    else
        failed=$before
        grep -q 'second module is missing' "$work/answer" || complain "what is missing is told as $(cat "$work/answer")"
    fi
    found=$(find "$work/task-" "$work/task-light-" -newer "$work/api")
    [ -z "$found" ] || complain "a function wrote to its folder:" $found
}

run_emulated() {
    package_in "$first" "$other"
    # Debian's libraries stand in for those of the image.
    apt=$first/apt-$other
    APT_CONFIG=$apt/conf apt-get -q -q -y --no-install-recommends --download-only install libcurl4 libstdc++6 >"$work/log" 2>&1 ||
        { cat "$work/log" && exit 1; }
    mkdir "$work/image"
    for deb in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$deb" "$work/image"; done
    chmod -R a+rX "$work/image"
    cp -a "$first/pixmill-lambda-$other" "$work/task-other"
    limit_kb=unlimited # an emulator maps more than what it runs
    emulate="$emulator -L $work/image -E LD_LIBRARY_PATH=/nonexistent"
    # shellcheck disable=SC2086
    answer "$work/task-other" plain $emulate && expect '"body":"{\\"text\\":\\"hello\\"}"'
    # shellcheck disable=SC2086
    answer "$work/task-other" thumbnail $emulate && { makes_webp || complain "no thumbnail came from $other"; }
    # An upload through all functions of the template, to its thumbnails and its place in the gallery.
    PACKAGE=$first MACHINE=$other RUNNER=$emulate node --test-name-pattern='^an_upload_becomes_objects' \
        "$source/tests/deploy/e2e.test.js" >"$work/log" 2>&1 || { cat "$work/log" && complain "no picture goes through $other"; }
    grep -q '^# pass 1$' "$work/log" || { cat "$work/log" && complain "no picture went through $other"; }
}

if [ "$2" = own ]; then
    look_through
    run_here
else
    run_emulated
fi
[ $failed = 0 ] && echo "the packages are what they should be, and work"
exit $failed
