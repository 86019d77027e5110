#!/bin/sh
# Dependencies point down only. Reads every #include "..." and <...> of the tree.
set -eu
failed=0

# includes FOLDER: a line "file:line header" for every include below it.
includes() {
    grep -rHnE '^ *# *include ' "$1" --include='*.c' --include='*.h' |
        sed -E 's/^([^:]+:[0-9]+): *# *include *["<]([^">]+)[">].*/\1 \2/'
}

complain() {
    printf '%s includes what it must not know:\n%s\n' "$1" "$2"
    failed=1
}

# ours FOLDER PATTERN: of our own headers ("..." and <pixmill/...>) the files below FOLDER include only those that
# PATTERN, an extended regular expression, matches.
ours() {
    found=$(grep -rHnE '^ *# *include ("|<pixmill/)' "$1" --include='*.c' --include='*.h' |
        sed -E 's/^([^:]+:[0-9]+): *# *include *["<]([^">]+)[">].*/\1 \2/' |
        allowed="^($2)\$" awk '$2 !~ ENVIRON["allowed"]')
    [ -z "$found" ] || complain "$1" "$found"
}

# theirs FOLDER PATTERN: no file below FOLDER includes a header that PATTERN matches.
theirs() {
    found=$(includes "$1" | banned="^($2)" awk '$2 ~ ENVIRON["banned"]')
    [ -z "$found" ] || complain "$1" "$found"
}

ours core/base 'base/[a-z0-9_]+[.]h|pixmill/(plugin|pixmill)[.]h'
ours core/lang/diag '(base|lang/diag)/[a-z0-9_]+[.]h|pixmill/plugin[.]h'
ours core/lang/yaml '(base|lang/(diag|yaml))/[a-z0-9_]+[.]h|pixmill/plugin[.]h'
ours core/lang/expr '(base|lang/(diag|yaml|expr))/[a-z0-9_]+[.]h|pixmill/plugin[.]h'
ours core/lang/options '(base|lang/(diag|yaml|expr|options))/[a-z0-9_]+[.]h|pixmill/plugin[.]h'
ours core/lang/program '(base|lang/[a-z]+)/[a-z0-9_]+[.]h|pixmill/plugin[.]h'
ours core/engine '(base|lang/[a-z]+|engine)/[a-z0-9_]+[.]h|pixmill/(plugin|pixmill)[.]h'
ours runtimes/app '(base|lang/[a-z]+|engine|app)/[a-z0-9_]+[.]h|pixmill/(plugin|pixmill)[.]h'
ours runtimes/lambda '(base|lang/[a-z]+|engine|app|lambda)/[a-z0-9_]+[.]h|pixmill/(plugin|pixmill)[.]h'
ours runtimes/daemon '(base|lang/[a-z]+|engine|app|daemon)/[a-z0-9_]+[.]h|pixmill/(plugin|pixmill)[.]h'
ours runtimes/cli '(base|lang/[a-z]+|engine|testing)/[a-z0-9_]+[.]h|([.][.]/)?[a-z0-9_]+[.]h|pixmill/(plugin|pixmill)[.]h'
for plugin in plugins/*/; do
    ours "$plugin" '(body/|[.][.]/)?[a-z0-9_]+[.]h|(vipsbase|aws|storebase|tablebase)/[a-z0-9_]+[.]h|pixmill/plugin[.]h'
done

# The core knows no image codec, no HTTP server, no database; the command line, and what the hosts share, know no more
# than the core does. The daemon has a server and a journal, the Lambda host a client, and neither decodes anything.
for folder in core runtimes; do
    theirs $folder 'vips/|glib|jpeglib|png[.]h|webp/|tiff|libheif/'
done
for folder in core runtimes/cli runtimes/app runtimes/daemon; do
    theirs $folder 'curl/'
done
for folder in core runtimes/cli runtimes/app runtimes/lambda; do
    theirs $folder 'microhttpd|sqlite3|systemd/'
done
# The light half of an image plugin describes, and needs no library for it.
for half in plugins/resize/*.[ch] plugins/vips/*.[ch]; do
    theirs "$half" 'vips/|glib|vipsbase/'
done

[ $failed = 0 ] && echo "every arrow points down"
exit $failed
