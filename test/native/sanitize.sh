#!/bin/sh
# Builds the native tests under the sanitizers and runs them: test/native/sanitize.sh [address|thread] ["programs", all].
#   address  address, undefined behaviour, leaks (the default); all programs
#   thread   data races; all that use threads: the pool, the queue, the operations
# The build goes to build-sanitize-<kind>. Guard pages stay useful beside it: sanitizers do not see masked loads.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/test/native/instrumented.sh"
kind=${1:-address}
programs=${2:-all}
case $kind in
  address)
    configure_address
    # The handler that guard_pages installs for SIGSEGV must be the one that runs.
    export ASAN_OPTIONS="allow_user_segv_handler=1:handle_segv=1"
    export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
    ;;
  thread)
    configure_thread
    export TSAN_OPTIONS="halt_on_error=1"
    [ "$programs" != all ] ||
      programs="pool queue queued_operations training_threads tokens softmax_state operations_threads operations_linear
        operations_layers operations_attention"
    ;;
  *)
    echo "unknown kind: $kind" >&2
    exit 2
    ;;
esac
targets= names=
for program in $programs; do
  targets="$targets test_$program"
  names="$names|$program"
done
[ "$programs" != all ] || targets=all names='|.*'
# shellcheck disable=SC2086
cmake --build "$build" --parallel "${SOFTMAX_NATIVE_JOBS:-2}" --target $targets
ctest --test-dir "$build" -LE fuzz -R "^native\.(${names#|})\$" --parallel "${SOFTMAX_NATIVE_JOBS:-2}" --timeout 7200 \
  --output-on-failure
