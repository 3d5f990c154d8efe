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

struct Choice {
  const KernelTable *table, *split_rows;  // the second for rows that are not whole cache lines
};

struct Runnable {
  const KernelTable* tables[8];
  Choice named[8], best;
  std::size_t count = 0;

  Runnable() {
#if defined(SOFTMAX_HAS_AVX)
    if (cpu_has_avx512()) tables[count++] = &avx512::table;
    if (cpu_has_avx2()) tables[count++] = &avx2::table;
#endif
    tables[count++] = &scalar::table;
    tables[count++] = &emulated::table;
    for (std::size_t i = 0; i < count; ++i) named[i] = {tables[i], tables[i]};
    best = named[0];
#if defined(SOFTMAX_HAS_AVX)
    if (cpu_has_avx512() && cpu_has_avx2()) best.split_rows = &avx2::table;
#endif
  }

  const Choice* find(const char* name) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (std::strcmp(tables[i]->name, name) == 0) return &named[i];
    }
    return nullptr;
  }
};

const Runnable& runnable() {
  static const Runnable found;
  return found;
}

const Choice* first_choice() {
  const char* forced = std::getenv("SOFTMAX_NATIVE_ISA");
  const Choice* choice = forced == nullptr ? nullptr : runnable().find(forced);
  return choice != nullptr ? choice : &runnable().best;
}

std::atomic<const Choice*>& active() {
  static std::atomic<const Choice*> choice{first_choice()};
  return choice;
}

}  // namespace

const KernelTable& kernels() { return *active().load(std::memory_order_acquire)->table; }

const KernelTable& table_for_rows(std::size_t bytes) {
  constexpr std::size_t kLine = 64;
  const Choice* choice = active().load(std::memory_order_acquire);
  return bytes % kLine == 0 ? *choice->table : *choice->split_rows;
}

const KernelTable* const* runnable_tables(std::size_t* count) {
  *count = runnable().count;
  return runnable().tables;
}

bool select_table(const char* name) {
  const Choice* choice = runnable().find(name);
  if (choice == nullptr) return false;
  active().store(choice, std::memory_order_release);
  return true;
}

}  // namespace softmax_native
