#!/bin/sh
# Fuzzes the native code under AddressSanitizer and UndefinedBehaviorSanitizer: test/native/fuzz.sh [inputs, 1000000]
# [family, all]. With clang and its libFuzzer by coverage, else by a seeded generator (fuzz/by_seed.cpp). The build goes to
# build-fuzz; libFuzzer's corpus stays in build-fuzz/corpus for the next time. SOFTMAX_NATIVE_SECONDS bounds each family
# (default: 600). A failure prints the case; libFuzzer also writes it to build-fuzz/crash-*, and fuzz_<family> <file> repeats it.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/test/native/instrumented.sh"
inputs=${1:-1000000}
families=${2:-kernels operations softmax derivatives losses linear diagnosis attention states tokens candidates trees layers}
seconds=${SOFTMAX_NATIVE_SECONDS:-600}
build=$root/build-fuzz
# -w: warnings are the other builds' business.
flags="-O1 -g -w -fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer"
export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1"

compiler=$(find_clang -fsanitize=fuzzer,address)
if [ -n "$compiler" ]; then
  set -- -DCMAKE_CXX_COMPILER="$compiler" -DSOFTMAX_NATIVE_LIBFUZZER=ON -DCMAKE_CXX_FLAGS="$flags -fsanitize=fuzzer-no-link"
else
  set -- -DSOFTMAX_NATIVE_LIBFUZZER=OFF -DCMAKE_CXX_FLAGS="$flags"
fi
cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Sanitize -DSOFTMAX_NATIVE_TESTS=ON "$@" > "$build.log" 2>&1 ||
  { cat "$build.log"; exit 1; }
targets=
for family in $families; do targets="$targets fuzz_$family"; done
# shellcheck disable=SC2086
cmake --build "$build" --parallel "${SOFTMAX_NATIVE_JOBS:-2}" --target $targets

cd "$build"
for family in $families; do
  echo "== $family"
  fuzzer=test/native/fuzz/fuzz_$family
  if [ -n "$compiler" ]; then
    mkdir -p "corpus/$family"
    "$fuzzer" -runs="$inputs" -max_total_time="$seconds" -max_len=256 -seed=1 -print_final_stats=1 -verbosity=0 \
      "corpus/$family" > "$family.log" 2>&1 || { cat "$family.log"; exit 1; }
    grep number_of_executed_units "$family.log"
  else
    "$fuzzer" "$inputs" 1 "$seconds"
  fi
done
