#!/bin/sh
# Writes the reference pages from what the program says of itself, so that they are never out of date. The plugins are
# those of this project, whatever else is installed. usage: docs/generate.sh PIXMILL FOLDER
set -eu
pixmill=$1
out=$2
sources=$(cd "$(dirname "$0")/../plugins" && pwd)
export LC_ALL=C
unset PIXMILL_PLUGIN_PATH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

note='Written by `./dev docs` from what the program says of itself; not to be edited.'

# page FILE TITLE: the head of a page.
page() {
    printf '# %s\n\n%s\n\n' "$2" "$note" >"$work/$1"
    cat >>"$work/$1"
}

# One blank line where there are several, none at the end.
tidy() {
    awk '/^$/ { blank = 1; next } { if (blank && started) print ""; blank = 0; started = 1; print }'
}

describe() {
    for name in "$@"; do
        "$pixmill" plugins describe "$name" --markdown
        echo
    done | tidy
}

headings() { sed -n 's/^## `\(.*\)`$/\1/p' "$work/$1"; }

# contents PAGE: a link to each heading of a page. An anchor is its heading in lower case without dots (GitHub's rule).
contents() {
    headings "$1" | awk -v page="$1" '{
        anchor = tolower($1)
        gsub(/[^a-z0-9_-]/, "", anchor)
        printf "%s[`%s`](%s#%s)", (NR > 1 ? " " : ""), $1, page, anchor
    } END { print "" }'
}

"$pixmill" plugins list >"$work/list"
plugins=
for plugin in $(awk '/^[^ ]/ { print $1 }' "$work/list"); do
    describe "$plugin" | page "$plugin.md" "The plugin \`$plugin\`"
    headings "$plugin.md" >>"$work/offered"
    if [ -d "$sources/$plugin" ]; then plugins="$plugins $plugin"; else rm "$work/$plugin.md"; fi
done

# What no plugin offers, the core does.
"$pixmill" completion words operations >"$work/all"
# shellcheck disable=SC2046
describe $(grep -vxF -f "$work/offered" "$work/all") | page core.md "The operations of the core"

for code in $("$pixmill" completion words codes); do
    printf '## %s\n\n' "$code"
    "$pixmill" explain "$code"
    echo
done | tidy | page diagnostics.md "Diagnostics: errors (E) and warnings (W)"

{
    printf '## pixmill\n\n```\n'
    "$pixmill" --help
    printf '```\n'
    for verb in $("$pixmill" --help | sed -n 's/^  \([a-z][a-z]*\)  .*/\1/p'); do
        printf '\n## pixmill %s\n\n```\n' "$verb"
        "$pixmill" "$verb" --help
        printf '```\n'
    done
} | page command-line.md "The command line"

{
    printf '| Page | |\n|---|---|\n'
    printf '| [Command line](command-line.md) | the verbs of `pixmill` and their options |\n'
    printf '| [Diagnostics](diagnostics.md) | what each code means, and the way out |\n'
    printf '| [Core](core.md) | operations that need no plugin: %s |\n' "$(contents core.md)"
    for plugin in $plugins; do
        summary=$(sed -n "s/^$plugin  *[^ ]*  *\(.*[^.]\)\.* ([0-9]* units*)\$/\1/p" "$work/list")
        # shellcheck disable=SC2016
        printf '| [`%s`](%s.md) | %s: %s |\n' "$plugin" "$plugin" "$summary" "$(contents "$plugin.md")"
    done
    # shellcheck disable=SC2016
    printf '\nIn the tables of options, "may hold a template" says that `${...}` may stand for the value.\n'
} | page README.md "Reference"

rm "$work/all" "$work/offered" "$work/list"
mkdir -p "$out"
rm -f "$out"/*.md
cp "$work"/*.md "$out"
