#!/bin/sh
# What is installed works for others, also after it was moved: a plugin and a host built against it alone, the program with
# that plugin, man pages and completions. usage: install.sh BUILD_FOLDER CMAKE COMPILER
set -eu
build=$1
cmake=$2
cc=$3
source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset PIXMILL_PLUGIN_PATH PIXMILL_PROFILE DESTDIR
export CMAKE_GENERATOR=Ninja # make may not be there
cd "$work"

fail() {
    echo "$*"
    exit 1
}

# quietly COMMAND...: shows what it printed when it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || {
        cat "$work/log"
        fail "failed: $*"
    }
}

quietly "$cmake" --install "$build" --prefix "$work/first"
mv first prefix
prefix=$work/prefix
pixmill=$prefix/bin/pixmill
[ "$(find prefix -name acme.so)" = "" ] || fail "the example plugin was installed"
found=$(grep -rIlF -e "$build" -e "$work/first" -e "$source" prefix || true)
[ -z "$found" ] || fail "these know where they were made: $found"

# ---- the program ----
"$pixmill" plugins list >list || fail "a plugin cannot be loaded: $(cat list)"
for plugin in localfs resize sqlite vips; do
    grep -q "^$plugin " list || fail "the program does not find the plugin $plugin"
done
quietly "$pixmill" run -e 'decode ! thumbnail width=64 ! encode format=webp' "$source/examples/photo.jpg" -o small.webp
[ "$(head -c 12 small.webp | tail -c 4)" = WEBP ] || fail "no WebP came out"

# ---- the app ----
app=$prefix/share/pixmill/pipelines
"$pixmill" check --project "$app" >log 2>&1 || fail "the app's pipelines are not in order: $(cat log)"
[ "$(find "$app" -type f ! -name '*.yaml' -o -name '*.test.yaml')" = "" ] || fail "tests of the app were installed"
[ ! -e "$source/frontend/dist/index.html" ] || [ -s "$prefix/share/pixmill/site/index.html" ] ||
    fail "the web page was not installed"
[ -s "$prefix/lib/systemd/system/pixmill.service" ] || fail "the unit of systemd was not installed"

# Nobody says which project, so it is the installed one.
: >serve.log
"$pixmill" serve --state "$work/served" --port 0 >serve.log 2>&1 &
daemon=$!
trap 'kill "$daemon" 2>/dev/null; rm -rf "$work"' EXIT
tries=0
until grep -q 'ready on' serve.log || [ $tries = 600 ]; do
    kill -0 "$daemon" 2>/dev/null || break
    sleep 0.05
    tries=$((tries + 1))
done
address=$(sed -n 's/.*ready on \(http:[^ ]*\).*/\1/p' serve.log)
[ "$(curl -sS "$address/images")" = '{"items":[],"cursor":null}' ] || fail "the app is not served: $(cat serve.log)"
kill "$daemon"
wait "$daemon" || fail "the daemon did not stop as it should: $(cat serve.log)"
[ -s served/pixmill.db ] || fail "the records are not in the state folder"
trap 'rm -rf "$work"' EXIT
if "$pixmill" serve --port 0 >log 2>&1 || ! grep -q 'give --state' log; then
    fail "the installed folder is not to be written to: $(cat log)"
fi

# ---- the daemon's program ----
mkdir state
if "$pixmill" jobs list --state state >log 2>&1 || ! grep -q 'journal.unavailable' log; then
    fail "the program does not find the daemon's: $(cat log)"
fi

# ---- a plugin, with CMake and without ----
quietly "$cmake" -S "$source/examples/plugin" -B acme -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$prefix"
quietly "$cmake" --build acme
cat >stats.yaml <<END
version: 1
inputs: {file: {type: blob}}
steps: [{id: stats, in: input.file, acme.stats: {}}]
output: \${steps.stats.distinct}
END
printf abca >bytes

# counts: whether the plugin is found and works.
counts() { [ "$("$pixmill" run stats.yaml bytes 2>log)" = 3 ] || fail "$1: $(cat log)"; }

module=$(find acme -name acme.so)
PIXMILL_PLUGIN_PATH=$work/$(dirname "$module")
export PIXMILL_PLUGIN_PATH
counts "the plugin in a folder of PIXMILL_PLUGIN_PATH does not work"
unset PIXMILL_PLUGIN_PATH
quietly "$cmake" --install acme --prefix "$prefix"
counts "the plugin does not work where it was installed"

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name pixmill.pc)")
export PKG_CONFIG_PATH
plugins=$(pkg-config --variable=plugindir pixmill)
rm "$plugins/acme.so" || fail "pkg-config names a folder of plugins that is none: $plugins"
# The command of docs/plugin-guide.md.
# shellcheck disable=SC2046
(cd "$source/examples/plugin" && quietly "$cc" -shared -fPIC -fvisibility=hidden -Wl,-z,defs,-z,now \
    $(pkg-config --cflags pixmill) -o "$plugins/acme.so" acme.c -lm)
counts "the plugin built without CMake does not work"

# ---- a host ----
# shellcheck disable=SC2046
quietly "$cc" -std=c11 -Wall -Werror "$source/examples/embed/embed.c" -o host $(pkg-config --cflags --libs pixmill)
LD_LIBRARY_PATH=$(pkg-config --variable=libdir pixmill) PIXMILL_PLUGIN_PATH=$plugins \
    quietly ./host "$source/examples/embed/thumbnail.yaml" "$source/examples/photo.jpg" 320 host.webp
grep -q 'bytes of image/webp' log || fail "the host made no picture: $(cat log)"
quietly "$cmake" -S "$source/examples/embed" -B embed -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$prefix"
quietly "$cmake" --build embed
PIXMILL_PLUGIN_PATH=$plugins \
    quietly embed/embed "$source/examples/embed/thumbnail.yaml" "$source/examples/photo.jpg" 320 embed.webp
cmp host.webp embed.webp || fail "two builds of the same host differ"
quietly "$cmake" -S "$source/examples/static" -B static -DCMAKE_C_COMPILER="$cc" -DCMAKE_PREFIX_PATH="$prefix"
quietly "$cmake" --build static
quietly static/static "$source/examples/static/stats.yaml" "$source/examples/photo.jpg"
grep -q '"distinct":256' log || fail "the host with a plugin inside does not work: $(cat log)"

# ---- man pages and completions ----
"$pixmill" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/-\1/p' >verbs
[ -s verbs ] || fail "the program has no verbs"
for page in '' $(cat verbs); do
    head -n 1 "$prefix/share/man/man1/pixmill$page.1" | grep -q '^\.TH ' || fail "there is no man page pixmill$page(1)"
done
for file in bash-completion/completions/pixmill zsh/site-functions/_pixmill fish/vendor_completions.d/pixmill.fish; do
    grep -q check "$prefix/share/$file" || fail "there is no completion $file"
done
echo "what is installed works, also after it was moved"
