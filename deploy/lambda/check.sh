#!/bin/sh
# Looks through a package: what is in it, how it is packed, and whether the image of Lambda has all that it asks for.
# usage: check.sh ZIP...
set -eu
cd "$(dirname "$0")/../.."
. deploy/lambda/lib.sh
# What is certain to be in the image provided.al2023, of either architecture, that our programs need.
image_libraries='libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|libresolv\.so\.2|libgcc_s\.so\.1|libstdc\+\+\.so\.6'
image_libraries="$image_libraries|libcurl\.so\.4|libcrypto\.so\.3|ld-linux-(x86-64|aarch64)\.so\.[12]"
glibcxx_ceiling=3.4.29
full_bytes_max=9000000
light_bytes_max=1000000
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

complain() {
    echo "$zip: $*"
    failed=1
}

# newest_version FILE PREFIX: of the versions of symbols that a file asks for.
newest_version() { readelf -V "$1" | grep -oE "Name: $2_[0-9.]+" | sed 's/.*_//' | sort -V | tail -n 1; }

# above VERSION CEILING
above() { [ -n "$1" ] && [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | tail -n 1)" = "$1" ]; }

check_packing() {
    case $zip in *light*) most=$light_bytes_max ;; *) most=$full_bytes_max ;; esac
    bytes=$(wc -c <"$zip")
    [ "$bytes" -le $most ] || complain "is $bytes bytes, and at most $most were meant"
    names=$(unzip -Z1 "$zip")
    [ "$names" = "$(printf '%s\n' "$names" | LC_ALL=C sort -u)" ] || complain "is not in order"
    odd=$(printf '%s\n' "$names" | grep -vxE "bootstrap|licenses/[A-Za-z0-9.-]+|pipelines/[A-Za-z0-9_./-]+\.yaml|\
plugins/(resize|vips)-body\.so|lib/libvips-cpp\.so\.$vips_version" || true)
    [ -z "$odd" ] || complain "holds what is not meant to be there:" $odd
    for name in bootstrap licenses/pixmill.txt licenses/NOTICE pipelines/pixmill.yaml; do
        printf '%s\n' "$names" | grep -qxF "$name" || complain "has no $name"
    done
    case $zip in
        *light*) ! printf '%s\n' "$names" | grep -qE '^(plugins|lib)/' || complain "is light, and has modules" ;;
        *) [ "$(printf '%s\n' "$names" | grep -cE '^(plugins|lib)/|libvips\.md')" = 4 ] || complain "lacks modules" ;;
    esac
    # Modes and times, as zipinfo lists them.
    odd=$(TZ=UTC zipinfo -l "$zip" | awk '/^[-dl?]/ {
        if ($1 != ($NF == "bootstrap" ? "-rwxr-xr-x" : "-rw-r--r--") || $(NF - 2) != "20-Jan-01" || $(NF - 1) != "00:00") print}')
    [ -z "$odd" ] || complain "has other modes or times than it should: $odd"
}

# check_binary FILE NAME
check_binary() {
    readelf -h "$1" 2>/dev/null | grep -q "Machine: *$elf_machine" || {
        complain "$2 is no program for $machine"
        return
    }
    version=$(newest_version "$1" GLIBC)
    ! above "$version" $glibc_ceiling || complain "$2 wants GLIBC_$version, and the image has $glibc_ceiling"
    version=$(newest_version "$1" GLIBCXX)
    ! above "$version" $glibcxx_ceiling || complain "$2 wants GLIBCXX_$version"
    ! readelf -V "$1" | grep -qE 'CURL_OPENSSL|OPENSSL_3\.(0\.[1-9]|[1-9])' || complain "$2 wants symbols as Debian names them"
    ! readelf -d "$1" | grep -q TEXTREL || complain "$2 writes to its code"
    for library in $(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
        printf '%s\n' "$library" | grep -qxE "$image_libraries" || [ -e "$work/task/lib/$library" ] ||
            complain "$2 needs $library, which is neither here nor in the image"
    done
    case $2 in
        bootstrap)
            ! readelf -d "$1" | grep -qE 'libvips|RPATH|RUNPATH' || complain "$2 maps libvips by itself, or says where to look"
            ;;
        plugins/*)
            readelf -d "$1" | grep -qF '(RPATH)              Library rpath: [$ORIGIN/../lib]' ||
                complain "$2 may find another libvips than ours"
            ;;
    esac
}

for zip; do
    arch=${zip##*-}
    arch_names "${arch%.zip}"
    rm -rf "$work/task"
    mkdir "$work/task"
    check_packing
    unzip -q "$zip" -d "$work/task"
    for name in bootstrap lib/libvips-cpp.so.$vips_version plugins/resize-body.so plugins/vips-body.so; do
        [ ! -e "$work/task/$name" ] || check_binary "$work/task/$name" "$name"
    done
done
exit $failed
