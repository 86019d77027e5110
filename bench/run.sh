#!/bin/sh
# Measures pixmill against a bare libvips loop that does the same image work, both in turn in this run.
#   bench/run.sh [--rounds N] [--count N] [--no-slim] [--short] [PHOTO...]
# Without a PHOTO it makes one of 12 megapixels. --short: the least of everything, with a small photo, which shows that all
# of it works and measures nothing. $PIXMILL_BENCH_BUILD names another build than release. Ratios are medians of per-round
# ratios; they are what counts.
set -eu
cd "$(dirname "$0")/.."
bin=${PIXMILL_BENCH_BUILD:-build/release}/bin
. bench/npm.sh
rounds=7 count=24 slim=yes photo=$work/photo.jpg
while [ $# -gt 0 ]; do
    case $1 in
        --rounds) rounds=$2 && shift 2 ;;
        --count) count=$2 && shift 2 ;;
        --no-slim) slim=no && shift ;;
        --short) rounds=1 count=2 photo=examples/photo.jpg && shift ;;
        *) break ;;
    esac
done
compare() { "$bin/bench-compare" "$@"; }

measure() {
    project=bench/pipelines
    echo "one size (512 px), one worker"
    compare "$rounds" "bare loop" "$bin/bench-loop" best 512 "$count" 1 "$@" \
        -- "pixmill" "$bin/bench-pipeline" $project one "$count" 1 "$@"
    echo "one size, two workers"
    compare "$rounds" "bare loop" "$bin/bench-loop" best 512 "$count" 2 "$@" \
        -- "pixmill" "$bin/bench-pipeline" $project one "$count" 2 "$@"
    echo "three sizes (1280, 640, 256 px), one worker"
    compare "$rounds" "bare loop, chain" "$bin/bench-loop" best 1280,640,256 "$count" 1 "$@" \
        -- "pixmill" "$bin/bench-pipeline" $project three "$count" 1 "$@"
    echo "three sizes, two workers"
    compare "$rounds" "bare loop, chain" "$bin/bench-loop" best 1280,640,256 "$count" 2 "$@" \
        -- "pixmill" "$bin/bench-pipeline" $project three "$count" 2 "$@"
    echo "three sizes, against three thumbnails made separately"
    compare "$rounds" "vips_thumbnail_buffer x 3" "$bin/bench-loop" separate 1280,640,256 "$count" 1 "$@" \
        -- "pixmill" "$bin/bench-pipeline" $project three "$count" 1 "$@"
    echo "two workers against one (wall: the throughput of one as a share of two's)"
    compare "$rounds" "pixmill, one worker" "$bin/bench-pipeline" $project three "$count" 1 "$@" \
        -- "pixmill, two workers" "$bin/bench-pipeline" $project three "$count" 2 "$@"
}

# How many mapped files of a command are libvips.
vips_maps() { LD_DEBUG=files "$@" 2>&1 >/dev/null | grep -c 'calling init: .*libvips' || true; }

start_up() {
    echo "start-up"
    compare "$rounds" "true" /bin/true \
        -- "pixmill check (pictures)" "$bin/pixmill" check --project pipelines \
        -- "pixmill run (no pictures)" "$bin/pixmill" run plain --project bench/pipelines \
        -- "pixmill run (one thumbnail)" "$bin/pixmill" run one --project bench/pipelines "$1" -o /dev/null
    echo "  libvips libraries mapped: check $(vips_maps "$bin/pixmill" check --project pipelines)," \
        "run without pictures $(vips_maps "$bin/pixmill" run plain --project bench/pipelines)," \
        "run with one $(vips_maps "$bin/pixmill" run one --project bench/pipelines "$1" -o /dev/null)"
}

if [ $# -eq 0 ]; then
    [ -e "$photo" ] || "$bin/pixmill" run photo examples/photo.jpg --project bench/pipelines -o "$photo"
    set -- "$photo"
fi
echo "== the libvips of this system ($(pkg-config --modversion vips)), $(nproc) processors, $# file(s), $count pictures a run, $rounds rounds"
measure "$@"
start_up "$1"
if [ $slim = yes ]; then
    if fetch_slim; then
        echo "== the slim libvips of npm ($slim_package $slim_version), the same binaries"
        (LD_LIBRARY_PATH=$PWD/$work/slim && export LD_LIBRARY_PATH && measure "$@")
    else
        echo "== the slim libvips of npm cannot be fetched here; no figures for it"
    fi
fi
