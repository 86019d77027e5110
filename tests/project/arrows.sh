#!/bin/sh
# Dependencies point down only. Reads every #include "..." and <pixmill/...> of the tree.
set -eu
failed=0

# allow FOLDER PATTERN: files below FOLDER may include nothing of ours but what PATTERN (an extended regular expression)
# matches.
allow() {
    found=$(grep -rnE '^#include ("|<pixmill/)' "$1" --include='*.c' --include='*.h' |
        sed -E 's/^([^:]+:[0-9]+):#include ["<]([^">]+)[">].*/\1 \2/' |
        awk -v allowed="^($2)\$" '$2 !~ allowed' || true)
    if [ -n "$found" ]; then
        printf '%s includes what it must not know:\n%s\n' "$1" "$found"
        failed=1
    fi
}

allow core/base 'base/[a-z0-9_]+\.h|pixmill/(plugin|pixmill)\.h'
allow core/lang '(base|lang)/[a-z0-9_]+\.h|pixmill/plugin\.h'
allow core/engine '(base|lang|engine)/[a-z0-9_]+\.h|pixmill/(plugin|pixmill)\.h'
for plugin in plugins/*/; do
    name=$(basename "$plugin")
    allow "$plugin" "[a-z0-9_]+\\.h|(body|$name)/[a-z0-9_]+\\.h|\\.\\./[a-z0-9_]+\\.h|(vipsbase|aws)/[a-z0-9_]+\\.h|pixmill/plugin\\.h"
done
[ $failed = 0 ] && echo "every arrow points down"
exit $failed
