// What every family begins with: the case by the scalar kernels on one thread, and the same bits wanted of all others.
#pragma once

#include "../../../native/parallel/pool.hpp"
#include "../kernel_cases.hpp"

namespace softmax_native::test {

// What `first` gives with the scalar table on one thread. After it `compare` is called with that and the table's name
// on each table, with `threads`. In the end the fastest table is selected.
template <class First, class Compare>
auto on_each_table(std::size_t threads, First first, Compare compare) {
  select_table("scalar");
  Pool::shared().set_threads(1);
  const auto wanted = first();
  for (const KernelTable* table : tables()) {
    select_table(table->name);
    Pool::shared().set_threads(threads);
    compare(wanted, table->name);
  }
  select_table((*tables().begin())->name);
  return wanted;
}

}  // namespace softmax_native::test
