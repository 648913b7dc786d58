#!/bin/sh
# The contestant with a region between origin and branch; contestant.sh says how it is called.
MIDDLE=1 exec "$(dirname "$(readlink -f "$0")")/contestant.sh" "$@"
