#!/bin/sh
# Rules of the house that a script can see.
set -eu
failed=0
complain() {
    printf '%s:\n%s\n' "$1" "$2"
    failed=1
}

folders='core include plugins runtimes examples bench tests deploy'
# shellcheck disable=SC2086
sources=$(find $folders -name '*.[ch]' | sort)

# shellcheck disable=SC2086
found=$(wc -l $sources | awk '$2 != "total" && $1 > 600 {print $2 " has " $1 " lines"}')
[ -z "$found" ] || complain "files are at most 600 lines" "$found"

# shellcheck disable=SC2086
found=$(LC_ALL=C.UTF-8 grep -nE '^.{121}' $sources || true)
[ -z "$found" ] || complain "lines are at most 120 columns" "$found"

# A body stands between braces in the first column; the rows of a table in it are data, and do not count.
# shellcheck disable=SC2086
found=$(awk '
    FNR == 1 { inside = table = 0 }
    /^{$/ { inside = 1; start = FNR; count = -1 }
    inside && /= {$/ { table = 1 }
    inside && !table { count++ }
    table && /^ *};$/ { table = 0 }
    inside && /^}/ {
        if (count - 1 > 70) print FILENAME ":" start ": " count - 1 " lines"
        inside = table = 0
    }' $sources)
[ -z "$found" ] || complain "functions are at most 70 lines" "$found"

banned='strcpy|strcat|v?sprintf|strtok|ato[il]|gets|alloca|system|localtime|gmtime|ctime|strerror|rand|tmpnam|mktemp'
# shellcheck disable=SC2086
found=$(grep -nE "\\b($banned)\\(" $sources | grep -vE '^[^:]+:[0-9]+: *(\*|/\*|//)' || true)
[ -z "$found" ] || complain "these functions are banned" "$found"

# What an environment says of a program that runs with more rights than its user is not to be believed.
found=$(grep -rnE '\bgetenv\(' core plugins runtimes --include='*.c' || true)
[ -z "$found" ] || complain "use secure_getenv" "$found"

# shellcheck disable=SC2086
found=$(grep -rnE '\b(TODO|FIXME|XXX)\b' $folders docs README.md CONTRIBUTING.md dev | grep -v '^tests/project/house_rules.sh:' || true)
[ -z "$found" ] || complain "unfinished work is not marked, it is done" "$found"

[ $failed = 0 ] && echo "the house rules hold"
exit $failed
