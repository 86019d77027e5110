#!/bin/sh
# What a binary exports: a module its entry alone, the library its public API alone. Modules of the light kind and the
# program do not link libvips, and every module is bound when it is loaded. usage: symbols.sh BUILD_FOLDER
set -eu
build=$1
failed=0
complain() {
    echo "$*"
    failed=1
}

# exports FILE: its functions and data; names that start with _ belong to the compiler and its sanitizers.
exports() {
    nm -D --defined-only "$1" | awk '{sub(/@.*/, "", $3); print $3}' | grep -v '^_' | sort -u
}

needs() {
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

modules=$(find "$build" -path '*/pixmill/plugins-1/*.so' | sort)
[ -n "$modules" ] || complain "$build has no modules"
for module in $modules; do
    exported=$(exports "$module")
    [ "$exported" = pxm_plugin_entry ] || complain "$module exports:" $exported
    readelf -d "$module" | grep -qE '\(FLAGS.*NOW' || complain "$module binds lazily"
    case $module in
        *-body.so) ;;
        *) ! needs "$module" | grep -qE 'vips|glib' || complain "$module links libvips" ;;
    esac
done

program=$(find "$build" -path '*/bin/pixmill' -type f)
[ -n "$program" ] || complain "$build has no program"
for file in $program; do
    ! needs "$file" | grep -qE 'vips|glib|sqlite|libpixmill' || complain "$file links what plugins are there for"
done

library=$(find "$build" -name 'libpixmill.so.*.*' -type f)
[ -n "$library" ] || complain "$build has no shared library"
declared=$(sed -n 's/^PXM_API .*\(pxm_[a-z0-9_]*\)(.*/\1/p' include/pixmill/pixmill.h | sort -u)
for file in $library; do
    exported=$(exports "$file" | grep -v '^LIBPIXMILL_')
    [ "$exported" = "$declared" ] || complain "$file exports other functions than pixmill.h declares:" \
        "$(printf '%s\n%s\n' "$exported" "$declared" | sort | uniq -u | tr '\n' ' ')"
done
[ $failed = 0 ] && echo "modules, program and library link and export what they should"
exit $failed
