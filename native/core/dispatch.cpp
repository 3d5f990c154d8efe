#include "dispatch.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "cpu.hpp"

namespace softmax_native {

#if defined(__x86_64__) || defined(_M_X64)
#define SOFTMAX_HAS_AVX 1
namespace avx512 {
extern const KernelTable table;
}
namespace avx2 {
extern const KernelTable table;
}
#endif
namespace scalar {
extern const KernelTable table;
}
namespace emulated {
extern const KernelTable table;
}

namespace {

struct Runnable {
  const KernelTable* tables[8];
  std::size_t count = 0;

  Runnable() {
#if defined(SOFTMAX_HAS_AVX)
    if (cpu_has_avx512()) tables[count++] = &avx512::table;
    if (cpu_has_avx2()) tables[count++] = &avx2::table;
#endif
    tables[count++] = &scalar::table;
    tables[count++] = &emulated::table;
  }

  const KernelTable* find(const char* name) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (std::strcmp(tables[i]->name, name) == 0) return tables[i];
    }
    return nullptr;
  }
};

const Runnable& runnable() {
  static const Runnable found;
  return found;
}

const KernelTable* first_choice() {
  const char* forced = std::getenv("SOFTMAX_NATIVE_ISA");
  const KernelTable* table = forced == nullptr ? nullptr : runnable().find(forced);
  return table != nullptr ? table : runnable().tables[0];
}

std::atomic<const KernelTable*>& active() {
  static std::atomic<const KernelTable*> table{first_choice()};
  return table;
}

}  // namespace

const KernelTable& kernels() { return *active().load(std::memory_order_acquire); }

const KernelTable* const* runnable_tables(std::size_t* count) {
  *count = runnable().count;
  return runnable().tables;
}

bool select_table(const char* name) {
  const KernelTable* table = runnable().find(name);
  if (table == nullptr) return false;
  active().store(table, std::memory_order_release);
  return true;
}

}  // namespace softmax_native
