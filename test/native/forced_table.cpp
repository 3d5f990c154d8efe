// The table that SOFTMAX_NATIVE_ISA names is the one in use; without it, or with a name that is unknown here, the best.
// ctest runs this program under several values.
#include <cstdlib>
#include <string>

#include "kernel_cases.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

TEST(the_environment_chooses_the_table) {
  const char* forced = std::getenv("SOFTMAX_NATIVE_ISA");
  std::string wanted = (*tables().begin())->name;
  for (const KernelTable* table : tables()) {
    if (forced != nullptr && forced == std::string(table->name)) wanted = forced;
  }
  note("%s: %s", forced == nullptr ? "not set" : forced, kernels().name);
  CHECK(kernels().name == wanted);
  // The emulated set is for tests: never the best.
  CHECK((*tables().begin())->name != std::string("emulated"));
}

}  // namespace
}  // namespace softmax_native::test
