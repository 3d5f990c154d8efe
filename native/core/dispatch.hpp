// Which table runs. Chosen once for the process: the best that the machine can run, or the one that
// SOFTMAX_NATIVE_ISA names. Tests may switch it.
#pragma once

#include <cstddef>

#include "table.hpp"

namespace softmax_native {

// The table in use.
const KernelTable& kernels();

// The table for work on rows of so many bytes that lie anywhere in a matrix, a few at a time. Where they are not whole
// cache lines, each load of 64 bytes touches two: registers of half a line are faster by a quarter. Same bits. A table
// that was named is the one for all rows.
const KernelTable& table_for_rows(std::size_t bytes);

// The same for rows of `dim` elements.
template <class T>
const KernelsOf<T>& kernels_for_rows(std::size_t dim) {
  return table_for_rows(dim * sizeof(T)).of<T>();
}

// The tables that this machine can run, best first, the emulated one (for tests) last.
const KernelTable* const* runnable_tables(std::size_t* count);

// Uses the table of that name from now on; false, and no change, when it is unknown here.
bool select_table(const char* name);

}  // namespace softmax_native
