#!/bin/sh
# Measures how functions for AWS Lambda start: those of the package, beside the same in Node with sharp and in Python with
# Pillow, all in turn in this run.   bench/lambda/run.sh [--rounds N] [--short] [PHOTO]
# Without a PHOTO it makes one of 12 megapixels. --short: the least of everything, with a small photo, which shows that all
# of it works and measures nothing. $PIXMILL_BENCH_BUILD names another build than release.
set -eu
cd "$(dirname "$0")/../.."
build=${PIXMILL_BENCH_BUILD:-build/release}
. bench/npm.sh
rounds=21 photo=$work/photo.jpg
while [ $# -gt 0 ]; do
    case $1 in
        --lambda) shift ;;
        --rounds) rounds=$2 && shift 2 ;;
        --short) rounds=2 photo=examples/photo.jpg && shift ;;
        *) break ;;
    esac
done
arch=$(uname -m | sed 's/aarch64/arm64/')
photo=${1:-$photo}
[ $# -gt 0 ] || [ -e "$photo" ] ||
    "$build/bin/pixmill" run photo examples/photo.jpg --project bench/pipelines -o "$photo"

folder=$PWD/$work/lambda
rm -rf "$folder"
mkdir -p "$folder/photos" "$folder/thumbnails" "$folder/modules"
cp "$photo" "$folder/photos/photo"
echo '{"pipeline":"thumbnail","inputs":{"name":"photo"}}' >"$folder/event.json"
# The folder of photos is what the package itself has no plugin for.
ln -s "$(realpath "$(find "$build" -path '*/plugins-1/localfs.so' | head -n 1)")" "$folder/modules/"

export PHOTOS="$folder" AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none
export PIXMILL_PROJECT="$PWD/bench/lambda/project" PIXMILL_PLUGIN_PATH="$folder/modules"
full=$PWD/build/package/pixmill-lambda-$arch
light=$PWD/build/package/pixmill-lambda-light-$arch
python=/usr/bin/python3 # Debian's, which Debian's Pillow belongs to

# add NAME COMMAND...: one more contender, in $contenders.
contenders=
add() {
    contenders="$contenders -- '$1'"
    shift
    contenders="$contenders $*"
}
# measure EVENT: those that were added.
measure() {
    eval "'$build/bin/bench-lambda' '$rounds' '$1' $contenders"
    contenders=
}

sharp=yes pillow=yes
if fetch_sharp; then
    export SHARP_FOLDER="$PWD/$work"
else
    echo "sharp cannot be fetched from npm here, or does not run on this Node; no figures for it"
    sharp=no
fi
if ! $python -c 'import PIL' 2>/dev/null; then
    echo "Debian's python3-pil is not there; no figures for it"
    pillow=no
fi
[ $sharp = no ] || node="env NODE_ENV=production node bench/lambda/function.mjs"
script="$python bench/lambda/function.py"

echo "== cold starts, $rounds of each in turn, $(nproc) processors; medians, and multiples of the first line"
echo "a gallery, which handles no pixels: from the start of its process to the request for its first event"
add "pixmill, light package" env _HANDLER=gallery "$light/bootstrap"
[ $sharp = no ] || add "Node $(node --version), no library" env _HANDLER=gallery $node
add "Python, no library" env _HANDLER=gallery $script
measure -
echo "thumbnails: from the start of the process to the request for its first event"
add "pixmill" env _HANDLER=thumbnail "$full/bootstrap"
[ $sharp = no ] || add "Node with sharp $sharp_version" env _HANDLER=thumbnail $node
[ $pillow = no ] || add "Python with Pillow" env _HANDLER=thumbnail $script
measure -
echo "thumbnails: from there through the first photo ($(wc -c <"$folder/photos/photo") bytes) to the request for the second"
add "pixmill" env _HANDLER=thumbnail "$full/bootstrap"
[ $sharp = no ] || add "Node with sharp $sharp_version" env _HANDLER=thumbnail $node
[ $pillow = no ] || add "Python with Pillow" env _HANDLER=thumbnail $script
measure "$folder/event.json" | grep -v '^{'
