#!/bin/sh
# Makes build/package/pixmill-lambda-ARCH.zip and pixmill-lambda-light-ARCH.zip, and looks through what came out.
# usage: package.sh [arm64|x86_64|all] [PROJECT]      PROJECT: a folder with pixmill.yaml in place of pipelines/
set -eu
cd "$(dirname "$0")/../.."
. deploy/lambda/lib.sh

# compile ARCH: bootstrap and the modules that map libvips.
compile() {
    build=$package_folder/build-$1
    # What CMake has found is only as good as what it found it in.
    [ ! -e "$build/CMakeCache.txt" ] || [ "$build/CMakeCache.txt" -nt "$target/made" ] || rm -rf "$build"
    # Everything but what keeps its things on one machine; what has a body comes as two.
    linked=$(sed -n 's/^pixmill_add_plugin(\([a-z0-9-]*\).*/\1/p' plugins/*/CMakeLists.txt |
        grep -vxE 'localfs|sqlite|.*-body' | paste -s -d ';')
    folders=$(for folder in plugins/*/; do basename "$folder"; done | grep -vxE 'localfs|sqlite' | paste -s -d ';')
    {
        PKG_CONFIG_LIBDIR=$target/pkgconfig cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE='-O2 -DNDEBUG' \
            -DCMAKE_TOOLCHAIN_FILE="$PWD/deploy/lambda/toolchain.cmake" -DPIXMILL_MACHINE="$machine" \
            -DPIXMILL_TARGET="$target" -DBUILD_TESTING=OFF -DPIXMILL_BENCH=OFF -DPIXMILL_EXAMPLES=OFF \
            -DPIXMILL_RUNTIMES='app;lambda' -DPIXMILL_PLUGINS="$folders" -DPIXMILL_LAMBDA_PLUGINS="$linked" \
            -DCMAKE_INSTALL_PREFIX=/opt -DCMAKE_INSTALL_LIBDIR=lib -DPIXMILL_PLUGIN_FROM_BIN=plugins &&
            LD_LIBRARY_PATH=$target/lib cmake --build "$build" -j "$(nproc)" \
                --target pixmill-lambda plugin-resize-body plugin-vips-body
    } >"$package_folder/build-$1.log" 2>&1 || {
        grep -E -A 12 'FAILED:|CMake Error' "$package_folder/build-$1.log" >&2 || tail -n 20 "$package_folder/build-$1.log" >&2
        die "the build for $1 failed: $package_folder/build-$1.log"
    }
}

# lay_out FOLDER ARCH KIND: what is in a zip, as it is unpacked to /var/task.
lay_out() {
    rm -rf "$1"
    mkdir -p "$1/licenses"
    "$triplet-strip" -o "$1/bootstrap" "$build/libexec/pixmill/bootstrap"
    # The project, without its tests and what it kept on this machine.
    (cd "$project" && find . \( -name fixtures -o -name golden -o -name var -o -name '.?*' \) -prune -o \
        -type f -name '*.yaml' ! -name '*.test.yaml' -print) | while IFS= read -r file; do
        mkdir -p "$1/pipelines/$(dirname "$file")"
        cp "$project/$file" "$1/pipelines/$file"
    done
    cp LICENSE "$1/licenses/pixmill.txt"
    cp "$target"/licenses/*.txt "$1/licenses"
    cp deploy/lambda/NOTICE "$1/licenses"
    if [ "$3" = full ]; then
        mkdir "$1/plugins" "$1/lib"
        for body in resize vips; do
            "$triplet-strip" --strip-unneeded -o "$1/plugins/$body-body.so" "$build/lib/pixmill/plugins-1/$body-body.so"
        done
        cp "$target/lib/libvips-cpp.so.$vips_version" "$1/lib"
        cp "$target/licenses/libvips.md" "$1/licenses"
    fi
    find "$1" -type f -exec chmod 644 {} +
    find "$1" -type d -exec chmod 755 {} +
    chmod 755 "$1/bootstrap"
}

# pack FOLDER ZIP: the same bytes from the same files, whenever and wherever.
pack() {
    rm -f "$2"
    find "$1" -exec touch -d '2020-01-01T00:00:00Z' {} +
    (cd "$1" && find . -type f | sed 's|^\./||' | LC_ALL=C sort | TZ=UTC zip -q -X -D -9 "$2" -@)
}

make() {
    arch_names "$1"
    target=$package_folder/target-$1
    sh deploy/lambda/target.sh "$1"
    compile "$1"
    for kind in full light; do
        name=pixmill-lambda-$([ $kind = full ] || echo light-)$1
        lay_out "$package_folder/$name" "$1" $kind
        pack "$package_folder/$name" "$package_folder/$name.zip"
        sh deploy/lambda/check.sh "$package_folder/$name.zip"
    done
}

project=${2:-pipelines}
[ -e "$project/pixmill.yaml" ] || die "$project holds no pixmill.yaml"
mkdir -p "$package_folder"
case ${1:-all} in
    all) make arm64 && make x86_64 ;;
    *) make "$1" ;;
esac
