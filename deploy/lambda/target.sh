#!/bin/sh
# Makes build/package/target-ARCH: the headers and libraries that the package of an architecture is linked with, out of
# Debian's packages and npm's slim libvips. Needs no root: apt works in a folder of its own. usage: target.sh ARCH
set -eu
cd "$(dirname "$0")/../.."
. deploy/lambda/lib.sh
arch_names "$1"
target=$package_folder/target-$1
stamp=$target/made
for source in deploy/lambda/target.sh deploy/lambda/lib.sh deploy/lambda/arc4random.c deploy/lambda/package-lock.json; do
    [ -e "$stamp" ] && [ "$stamp" -nt "$source" ] || { rm -rf "$target"; break; }
done
[ ! -e "$stamp" ] || exit 0
mkdir -p "$target/include" "$target/lib" "$target/pkgconfig" "$target/licenses"

# ---- Debian's: static where the image of Lambda may not have it, and no older glibc is in the way ---------------------
apt=$package_folder/apt-$1
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs" "$apt/root"
: >"$apt/status"
cat >"$apt/conf" <<END
Dir::State::Lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
APT::Architecture "$debian_arch";
APT::Architectures { "$debian_arch"; };
APT::Sandbox::User "";
END
(
    # No `set -e` here: what follows is a condition.
    export APT_CONFIG="$apt/conf"
    cd "$apt/debs" && rm -f ./*.deb && apt-get -q -q update &&
        apt-get -q -q download libyaml-dev libltdl-dev libexpat1-dev libssl-dev libssl3 libcurl4-openssl-dev \
            libyaml-0-2 libltdl7 libexpat1 &&
        for deb in *.deb; do dpkg-deb -x "$deb" "$apt/root" || exit 1; done
) >"$apt/log" 2>&1 || unavailable "Debian's packages for $1 could not be fetched: $(tail -n 3 "$apt/log")"
usr=$apt/root/usr
for header in yaml.h ltdl.h libltdl expat.h expat_external.h openssl; do cp -R "$usr/include/$header" "$target/include"; done
# Where Debian keeps what differs between architectures.
cp -R "$usr/include/$triplet/." "$target/include"
for name in yaml ltdl expat; do cp "$usr/lib/$triplet/lib$name.a" "$target/lib"; done
"$triplet-gcc" -std=c11 -O2 -fPIC -Wall -Wextra -Werror -c deploy/lambda/arc4random.c -o "$apt/arc4random.o"
"$triplet-ar" r "$target/lib/libexpat.a" "$apt/arc4random.o" 2>/dev/null
# OpenSSL 3 keeps its interface, and the image has it: linked with the oldest 3.0, which asks for nothing newer.
cp "$usr/lib/$triplet/libcrypto.so.3" "$target/lib/libcrypto.so"
# Debian's libcurl names its symbols' version, which no other distribution does; so a library of the same names, for the
# linker alone, stands in for the one of the image.
"$triplet-nm" --defined-only "$usr/lib/$triplet/libcurl.a" 2>/dev/null |
    sed -n 's/.* T \(curl_[a-z_]*\)$/void \1(void);\nvoid \1(void) {}/p' | sort -u -r >"$apt/curl.c"
"$triplet-gcc" -shared -nostdlib -Wl,-soname,libcurl.so.4 -o "$target/lib/libcurl.so" "$apt/curl.c"
for package in libyaml-0-2 libltdl7 libexpat1; do
    cp "$usr/share/doc/$package/copyright" "$target/licenses/$package.txt"
done

# ---- npm's ------------------------------------------------------------------------------------------------------------
npm=$package_folder/npm
modules=$npm/node_modules
if [ ! -e "$modules/.package-lock.json" ] || [ deploy/lambda/package-lock.json -nt "$modules/.package-lock.json" ]; then
    mkdir -p "$npm"
    cp deploy/lambda/package.json deploy/lambda/package-lock.json "$npm"
    # Forced, as packages of two architectures are asked for.
    (cd "$npm" && npm ci --force --ignore-scripts --no-audit --no-fund --loglevel=error) >&2 ||
        unavailable "npm's packages could not be fetched"
fi
slim=$modules/@img/sharp-libvips-linux-$npm_arch
library=libvips-cpp.so.$vips_version
[ -e "$slim/lib/$library" ] || die "the package of npm holds another libvips than $vips_version"
cp "$slim/lib/$library" "$target/lib"
ln -s "$library" "$target/lib/libvips-cpp.so"
sed 's/^#.*sharp-libvips.*/# libvips and what is built into it/' "$slim/README.md" >"$target/licenses/libvips.md"

# ---- what CMake is told -------------------------------------------------------------------------------------------------
# description NAME LIBRARY VERSION [INCLUDES]
description() {
    printf 'Name: %s\nDescription: %s\nVersion: %s\nLibs: -L%s -l%s\nCflags: -I%s %s\n' \
        "$1" "$2" "$3" "$target/lib" "$2" "$target/include" "${4:-}" >"$target/pkgconfig/$1.pc"
}
version_of() { sed -n 's/^Version: //p' "$usr/lib/$triplet/pkgconfig/$1.pc"; }
description yaml-0.1 yaml "$(version_of yaml-0.1)"
description expat expat "$(version_of expat)"
description libcrypto crypto "$(version_of libcrypto)"
description libcurl curl "$(version_of libcurl)"
headers=$modules/@img/sharp-libvips-dev/include
description vips vips-cpp $vips_version "-I$headers -I$headers/glib-2.0 -I$slim/lib/glib-2.0/include"
: >"$stamp"
