#!/bin/sh
# Runs a bench with the least of everything: every table must have its rows, and every figure must be a number. How large the
# numbers are says nothing here. usage: short.sh NAME BUILD, with NAME.txt beside this file: what comes, with N for a number
set -eu
name=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here/../.."
case $name in
    images) bench=bench/run.sh ;;
    *) bench=bench/$name/run.sh ;;
esac
if [ "$name" = lambda ] && [ ! -e "build/package/pixmill-lambda-$(uname -m | sed s/aarch64/arm64/)/bootstrap" ]; then
    echo "skipped: there is no package"
    exit 77
fi
PIXMILL_BENCH_BUILD=$2 PIXMILL_BENCH_STATE=$work sh "$bench" --short >"$work/said" 2>"$work/errors" || {
    echo "$bench --short ends with $?:" && cat "$work/said" "$work/errors"
    exit 1
}

# Only the names of the rows are left, and that there are numbers; and of what could not be fetched, nothing. The time of a
# loop is that of a long one less that of a short one, which on a busy machine may be nothing that can be told.
absent=%
! grep -q 'slim libvips of npm cannot be fetched' "$work/said" || absent='pixmill,slim|loop,slim|%'
! grep -q 'sharp cannot be fetched' "$work/said" || absent="node,usual|node,best|Node|$absent"
! grep -q 'python3-pil is not there' "$work/said" || absent="Python with Pillow|$absent"
shape() {
    sed -E 's/linux-[a-z0-9]+/linux-ARCH/g; s/-?[0-9]+(\.[0-9]+)*x?/N/g; s/ +/ /g; s/(slim|sharp): (yes|no)/\1: -/g; s/ +$//' "$1" |
        sed -E "/^ loop/s/ -/ N/g; /^ ($absent)/d; s/ ($absent) N//g; /cannot be fetched|is not there/d" |
        case $absent in *slim*) sed '/^== the slim/,$d' ;; *) cat ;; esac
}
shape "$here/$name.txt" >"$work/expected"
shape "$work/said" >"$work/found"
diff -u "$work/expected" "$work/found" || {
    echo "$bench --short says other things than it should:" && cat "$work/said" "$work/errors"
    exit 1
}
