#!/bin/sh
# What a binary exports: a module its entry alone, the library its public API alone. Modules of the light kind do not link
# libvips, and every module is bound when it is loaded.
set -eu
build=$1
failed=0
complain() {
    echo "$*"
    failed=1
}

for module in "$build"/lib/*/pixmill/plugins-1/*.so "$build"/lib/pixmill/plugins-1/*.so; do
    [ -e "$module" ] || continue
    exported=$(nm -D --defined-only "$module" | awk '{print $3}' | grep -vE '^(_init|_fini|__(asan|ubsan|tsan|odr)|_edata|_end|__bss_start)' || true)
    [ "$exported" = pxm_plugin_entry ] || complain "$module exports: $exported"
    readelf -d "$module" | grep -qE 'BIND_NOW|FLAGS.*NOW' || complain "$module binds lazily"
    case $module in
        *-body.so) ;;
        *) ! readelf -d "$module" | grep -q 'NEEDED.*libvips' || complain "$module links libvips" ;;
    esac
done

library=$(find "$build" -name 'libpixmill.so*' -type f | head -n 1)
if [ -n "$library" ]; then
    declared=$(grep -ohE '\bpxm_[a-z0-9_]+\(' include/pixmill/pixmill.h | tr -d '(' | sort -u)
    exported=$(nm -D --defined-only "$library" | awk '$2 == "T" {print $3}' | sed 's/@.*//' | grep -vE '^_' | sort -u)
    for symbol in $exported; do
        echo "$declared" | grep -qx "$symbol" || complain "$library exports $symbol, which the header does not declare"
    done
    [ -n "$exported" ] || complain "$library exports nothing"
fi
[ $failed = 0 ] && echo "modules and library export what they should"
exit $failed
