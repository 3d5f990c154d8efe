#!/bin/sh
# Builds the binary under AddressSanitizer and UndefinedBehaviorSanitizer and runs JavaScript against it:
# test/service/sanitize.sh [lists of arguments, 100000]. The build is that of test/native/sanitize.sh, with the binary added;
# dist must be built. One leak of Node's own is passed over:
# a promise that its worker never settled.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
lists=${1:-100000}
build=$root/build-sanitize-address
headers=$(node -p "require('node:path').join(process.execPath, '../../include/node')")
api=$(cd "$root" && node -p "require('node:path').resolve(require('node-addon-api').include_dir)")
flags="-O2 -g -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer"
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Sanitize -DSOFTMAX_NATIVE_TESTS=ON -DCMAKE_CXX_FLAGS="$flags" \
  -DCMAKE_JS_INC="$headers;$api" > "$build.log" 2>&1 || { cat "$build.log"; exit 1; }
cmake --build "$build" --parallel "${SOFTMAX_NATIVE_JOBS:-2}" --target softmax_native

suppressions=$build/leaks.supp
# Any frame of a stack may match: nothing broader, or what the addon leaks is passed over, too.
printf 'leak:napi_create_promise\n' > "$suppressions"
export SOFTMAX_NATIVE_BINARY="$build/softmax_native.node" SOFTMAX_NATIVE_REQUIRE=1
export SOFTMAX_NATIVE_TEST_BUILD="$build"
export ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1"
export LSAN_OPTIONS="suppressions=$suppressions:print_suppressions=0" UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"
library=$(gcc -print-file-name=libasan.so)
cd "$root"
watched() {
  echo "== node $*"
  LD_PRELOAD=$library node --expose-gc "$@"
}
watched test/service/arguments.mjs "$lists"
watched test/service/leaks.mjs 20000 1000
watched test/service/cycles.mjs terminate 50
# LeakSanitizer's tracer faults in a process that ends in mid-job.
ASAN_OPTIONS="detect_leaks=0"
watched test/service/cycles.mjs exit 50
# Nor does it let vitest's processes end.
watched node_modules/vitest/vitest.mjs run test/faults test/promises --test-timeout 300000
