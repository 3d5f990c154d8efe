#!/bin/sh
# Builds the native tests under the sanitizers and runs them: test/native/sanitize.sh [address|thread] [ctest options].
#   address  address, undefined behaviour, leaks: all programs (the default)
#   thread   data races: the pool, the queue, and the operations that use them
# The build goes to build-sanitize-<kind>. Guard pages stay useful beside it: sanitizers do not see masked loads.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
kind=${1:-address}
[ $# -eq 0 ] || shift
case $kind in
  address)
    flags="-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer"
    # The handler that guard_pages installs for SIGSEGV must be the one that runs.
    export ASAN_OPTIONS="allow_user_segv_handler=1:handle_segv=1"
    export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
    targets=all
    tests=""
    ;;
  thread)
    flags="-fsanitize=thread"
    export TSAN_OPTIONS="halt_on_error=1"
    targets="test_pool test_queue test_queued_operations test_operations_threads test_operations_linear"
    tests="-R ^native\.(pool|queue|queued_operations|operations_threads|operations_linear)$"
    ;;
  *)
    echo "unknown kind: $kind" >&2
    exit 2
    ;;
esac
build=$root/build-sanitize-$kind
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Sanitize -DSOFTMAX_NATIVE_TESTS=ON -DSOFTMAX_NATIVE_BENCH=OFF \
  -DCMAKE_CXX_FLAGS="-O2 -g $flags" > "$build.log" 2>&1 || { cat "$build.log"; exit 1; }
# shellcheck disable=SC2086
cmake --build "$build" --parallel "${SOFTMAX_NATIVE_JOBS:-2}" --target $targets
# shellcheck disable=SC2086
ctest --test-dir "$build" --output-on-failure $tests "$@"
