#!/bin/sh
# Measures the daemon against a bare libvips loop that makes the same thumbnails and against a Node server with sharp
# that does the same work, all in turn in this run, each on a fresh folder.
#   bench/serve/run.sh [--rounds N] [--count N] [--mixed N] [--no-slim] [--no-node] [--only MEASURE] [--short] [PHOTO...]
# MEASURE: uploads, connections, overload, memory. Without a PHOTO it makes one of 12 megapixels. --mixed: how many
# uploads of all kinds the memory measure makes. --short: the least of everything, with small pictures, which shows that
# all of it works and measures nothing. $PIXMILL_BENCH_BUILD names another build than release,
# $PIXMILL_BENCH_STATE a folder with a few GB left in place of /tmp, where the servers keep their state while they run.
# Ratios are medians of per-round ratios.
set -eu
cd "$(dirname "$0")/../.."
build=${PIXMILL_BENCH_BUILD:-build/release}
. bench/npm.sh
rounds=5 count=48 mixed=2000 slim=yes node=yes only=all pictures=$work large=4900
while [ $# -gt 0 ]; do
    case $1 in
        --serve) shift ;;
        --rounds) rounds=$2 && shift 2 ;;
        --count) count=$2 && shift 2 ;;
        --mixed) mixed=$2 && shift 2 ;;
        --no-slim) slim=no && shift ;;
        --no-node) node=no && shift ;;
        --only) only=$2 && shift 2 ;;
        --short) rounds=1 count=4 mixed=8 pictures=$work/short large=1000 && shift ;;
        *) break ;;
    esac
done
SHARP_FOLDER=$PWD/$work
export SHARP_FOLDER

wanted() { [ "$only" = all ] || [ "$only" = "$1" ]; }

# A picture like others, but of another size and format: NAME WIDTH FORMAT PROGRESSIVE.
variant() {
    [ -e "$pictures/$1" ] || "$build/bin/pixmill" run variant "$pictures/photo.jpg" --project bench/pipelines \
        --set "width=$2" --set "format=$3" --set "progressive=$4" -o "$pictures/$1"
}

mkdir -p "$pictures"
[ "$pictures" = "$work" ] || cp examples/photo.jpg "$pictures"
[ -e "$pictures/photo.jpg" ] ||
    "$build/bin/pixmill" run photo examples/photo.jpg --project bench/pipelines -o "$pictures/photo.jpg"
[ $# -gt 0 ] || set -- "$pictures/photo.jpg"
if [ $slim = yes ] && ! fetch_slim; then
    echo "the slim libvips of npm cannot be fetched here; no figures for it"
    slim=no
fi
if [ $node = yes ] && ! fetch_sharp; then
    echo "sharp cannot be fetched from npm here, or does not run on this Node; no figures for it"
    node=no
fi

# measure MEASURE ROUNDS COUNT FILE...: with the contenders of that measure.
measure() {
    what=$1 && shift
    files=$*
    daemon="serve --project=bench/serve --state={state} --port={port}"
    slim_path="env LD_LIBRARY_PATH=$PWD/$work/slim"
    shift 2
    loop="$build/bin/bench-loop best 1280,640,256 {count} 2 $*"
    # shellcheck disable=SC2086
    set -- $what $files -- serve "pixmill" "$build/libexec/pixmill/daemon" $daemon
    if [ $slim = yes ]; then
        set -- "$@" -- serve "pixmill,slim" $slim_path "$build/libexec/pixmill/daemon" $daemon
    fi
    if [ $what = uploads ]; then
        set -- "$@" -- loop "loop" $loop
        [ $slim = no ] || set -- "$@" -- loop "loop,slim" $slim_path $loop
    fi
    if [ $node = yes ]; then
        for mode in usual best; do
            set -- "$@" -- serve "node,$mode" node bench/serve/server.mjs "{port}" "{state}" $mode
        done
    fi
    "$build/bin/bench-serve" "$@"
}

echo "== libvips $(pkg-config --modversion vips), slim: $slim, sharp: $node, $(nproc) processors, $# file(s)"
if wanted uploads; then
    echo "uploads from 4 connections, answered when the original, 1280, 640 and 256 px and a record are durable;" \
        "$count a round, $rounds rounds"
    measure uploads "$rounds" "$count" "$@"
fi
if wanted connections; then
    echo "peak memory from 4 and from 64 connections; $count uploads, $rounds rounds"
    measure connections "$rounds" "$count" "$@"
fi
if wanted overload; then
    echo "uploads at four times the rate of 4 connections: 201s a second, how long refusals take, and /health without" \
        "and with that load"
    measure overload "$rounds" "$count" "$@"
fi
if wanted memory; then
    variant medium.jpg 2400 jpeg false
    variant small.jpg 900 jpeg false
    variant progressive.jpg $large jpeg true
    variant picture.png 1000 png false
    variant picture.webp 1600 webp false
    echo "memory after each quarter of $mixed uploads of six kinds, one round"
    small=$pictures/small.jpg medium=$pictures/medium.jpg
    measure memory 1 "$mixed" "$@" $small $medium $pictures/picture.png $small $medium $pictures/progressive.jpg $small \
        $pictures/picture.webp $medium
fi
