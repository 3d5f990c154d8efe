# Builds with sanitizers: for the scripts here and in ../service, whose `root` is that of the repository.

# find_clang FLAGS...: the first clang that links a program with these flags, which takes Debian's libclang-rt-*-dev.
find_clang() {
  for candidate in clang++-19 clang++-14 clang++; do
    command -v "$candidate" > /dev/null || continue
    # libFuzzer brings another main, which is then the one.
    if echo 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }
      __attribute__((weak)) int main() {}' | "$candidate" -x c++ "$@" -o /dev/null - 2> /dev/null; then
      echo "$candidate"
      return
    fi
  done
}

# configure KIND FLAGS OPTIONS...: `build` is then the folder of a build of KIND, `compiler` what compiles it.
configure() {
  build=$root/build-sanitize-$1
  flags="-O1 -g1 -w $2"
  # shellcheck disable=SC2086
  compiler=$(find_clang $flags)
  compiler=${compiler:-g++}
  shift 2
  echo "compiled by $compiler"
  cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Sanitize -DSOFTMAX_NATIVE_TESTS=ON -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_CXX_FLAGS="$flags" "$@" > "$build.log" 2>&1 || { cat "$build.log"; exit 1; }
}

# The programs and the binary for Node share one build.
configure_address() {
  configure address \
    "-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer" "$@"
}

configure_thread() {
  configure thread "-fsanitize=thread"
}
