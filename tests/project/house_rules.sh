#!/bin/sh
# Rules of the house that a script can see.
set -eu
failed=0
complain() {
    printf '%s:\n%s\n' "$1" "$2"
    failed=1
}

sources=$(find core include plugins runtimes examples bench tests -name '*.[ch]')

# shellcheck disable=SC2086
long=$(wc -l $sources | awk '$2 != "total" && $1 > 600 {print $2 " has " $1 " lines"}')
[ -z "$long" ] || complain "files are at most 600 lines" "$long"

banned='\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets|alloca|system|localtime|gmtime|ctime|strerror|rand|tmpnam|mktemp)\('
# shellcheck disable=SC2086
found=$(grep -nE "$banned" $sources | grep -vE '^[^:]+:[0-9]+: *(\*|/\*|//)' || true)
[ -z "$found" ] || complain "these functions are banned" "$found"

# Only what resolves options and the programs themselves may look at the environment.
found=$(grep -rnE '\bgetenv\(' core plugins runtimes --include='*.c' | grep -v secure_getenv || true)
[ -z "$found" ] || complain "use secure_getenv" "$found"

found=$(grep -rnE 'TODO|FIXME|XXX[^X]' core include plugins runtimes examples bench docs README.md | grep -v XXXXXX || true)
[ -z "$found" ] || complain "unfinished work is not marked, it is done" "$found"

[ $failed = 0 ] && echo "the house rules hold"
exit $failed
