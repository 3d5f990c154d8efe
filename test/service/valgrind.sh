#!/bin/sh
# A handful of calls under valgrind, which sees what the sanitizers do not: masked loads, and bytes that were never written.
# test/service/valgrind.sh [lists of arguments, 300]; minutes, by hand. Ends with 9 where it found something.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
export SOFTMAX_NATIVE_REQUIRE=1
valgrind --smc-check=all-non-file --error-exitcode=9 --quiet node --jitless test/service/arguments.mjs "${1:-300}"
