#!/bin/sh
# Builds the binary under AddressSanitizer and UndefinedBehaviorSanitizer and runs JavaScript against it:
# test/service/sanitize.sh [lists of arguments, 100000] [calls, 20000] [cycles, 50] ["folders of tests", those of promises
# and faults]. The build is that of test/native/sanitize.sh, with the binary added; dist must be built. One leak of Node's own
# is passed over: a promise that its worker never settled.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/test/native/instrumented.sh"
lists=${1:-100000} calls=${2:-20000} cycles=${3:-50} folders=${4-test/faults test/promises}
cd "$root"
headers=$(node -p "require('node:path').join(process.execPath, '../../include/node')")
api=$(node -p "require('node:path').resolve(require('node-addon-api').include_dir)")
configure_address -DCMAKE_JS_INC="$headers;$api"
cmake --build "$build" --parallel "${SOFTMAX_NATIVE_JOBS:-2}" --target softmax_native

suppressions=$build/leaks.supp
# Any frame of a stack may match: nothing broader, or what the addon leaks is passed over, too.
printf 'leak:napi_create_promise\n' > "$suppressions"
export SOFTMAX_NATIVE_BINARY="$build/softmax_native.node" SOFTMAX_NATIVE_REQUIRE=1
export SOFTMAX_NATIVE_TEST_BUILD="$build"
# With what is intercepted by default, LeakSanitizer now and then faults where a thread has just ended.
export ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1:intercept_tls_get_addr=0"
export LSAN_OPTIONS="suppressions=$suppressions:print_suppressions=0" UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
case $compiler in
  clang*) library=$("$compiler" -print-file-name="libclang_rt.asan-$(uname -m).so") ;;
  *) library=$("$compiler" -print-file-name=libasan.so) ;;
esac
watched() {
  echo "== node $*"
  LD_PRELOAD=$library node --expose-gc "$@"
}
# In parts, each of which is told of.
for first in $(seq 1 10000 "$lists"); do
  rest=$((lists - first + 1))
  watched test/service/arguments.mjs $((rest < 10000 ? rest : 10000)) "$first"
done
watched --max-semi-space-size=1 test/service/leaks.mjs "$calls" 1000
watched test/service/cycles.mjs terminate "$cycles"
# A process that ends in mid-job leaves V8's own memory behind.
ASAN_OPTIONS="detect_leaks=0"
watched test/service/cycles.mjs exit "$cycles"
# Some tests have such processes, too, and vitest's bundler leaks references.
# shellcheck disable=SC2086
[ -z "$folders" ] || watched node_modules/vitest/vitest.mjs run $folders --test-timeout 300000
