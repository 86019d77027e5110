#!/bin/sh
# Every relative link of the documents leads to a file, and to a heading of it where it names one.
set -eu
failed=0
count=0

# has_heading FILE ANCHOR: an anchor is a heading in lower case, without what is no letter, digit, _ or -, and with - for
# each space (GitHub's rule).
has_heading() {
    sed -n 's/^##* //p' "$1" | tr 'A-Z ' 'a-z-' | sed 's/[^a-z0-9_-]//g' | grep -qxF -e "$2"
}

for page in $(find . -name '*.md' -not -path './build/*' -not -path './.git/*' -not -path '*/node_modules/*' -not -path './frontend/test/results/*'); do
    for link in $(grep -oE '\]\([^) ]+\)' "$page" | sed 's/^](//; s/)$//' | grep -vE '^[a-z]+:' | sort -u); do
        count=$((count + 1))
        file=${link%%#*}
        target=$page
        [ -z "$file" ] || target=$(dirname "$page")/$file
        if [ ! -e "$target" ]; then
            echo "$page: $link leads nowhere"
            failed=1
        elif [ "$file" != "$link" ] && ! has_heading "$target" "${link#*#}"; then
            echo "$page: $link: no such heading"
            failed=1
        fi
    done
done
[ $count -gt 0 ] || failed=1
[ $failed = 0 ] && echo "$count links lead where they say"
exit $failed
