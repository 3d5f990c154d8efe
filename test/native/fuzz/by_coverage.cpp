// libFuzzer drives the family: it keeps inputs that reach new code, and changes them.
#include "family.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  softmax_native::test::Input input(bytes, size);
  softmax_native::test::fuzz(input);
  return 0;
}
