#!/bin/sh
# storm.sh FOLDER PROGRAM ARGUMENTS: runs the storm on a folder that is not there yet, and leaves none if all went well.
set -eu
folder=$1
shift
rm -rf "$folder" "$folder.log"
"$@"
rm -rf "$folder" "$folder.log"
