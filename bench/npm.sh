# What bench/run.sh and bench/serve/run.sh take from npm. To be sourced with the project's folder as the current one.
# shellcheck shell=sh
work=build/bench
npm_arch=$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
slim_package=@img/sharp-libvips-linux-$npm_arch
slim_version=1.3.4 # the one that this sharp brings along
sharp_version=0.35.5
mkdir -p "$work"

npm_install() {
    npm install --silent --no-audit --no-fund --no-save --prefix "$work" "$@" >/dev/null 2>&1
}

# The package ships one library that holds libvips and GLib; three names lead to it.
fetch_slim() {
    [ -e "$work/slim/libvips.so.42" ] && return 0
    npm_install "sharp@$sharp_version" "$slim_package@$slim_version" ||
        npm_install "$slim_package@$slim_version" || return 1
    mkdir -p "$work/slim"
    library=$(ls "$PWD/$work/node_modules/$slim_package"/lib/libvips-cpp.so.* | head -n 1)
    for name in libvips.so.42 libglib-2.0.so.0 libgobject-2.0.so.0; do
        ln -sf "$library" "$work/slim/$name"
    done
}

# With both named, as npm removes what an install does not name.
fetch_sharp() {
    [ -e "$work/node_modules/sharp/package.json" ] ||
        npm_install "sharp@$sharp_version" "$slim_package@$slim_version" || return 1
    (cd "$work" && node -e 'require("sharp")') 2>/dev/null
}
