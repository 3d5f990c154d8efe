// Which table runs. Chosen once for the process: the best that the machine can run, or the one that
// SOFTMAX_NATIVE_ISA names. Tests may switch it.
#pragma once

#include <cstddef>

#include "table.hpp"

namespace softmax_native {

// The table in use.
const KernelTable& kernels();

// The tables that this machine can run, best first, the emulated one (for tests) last.
const KernelTable* const* runnable_tables(std::size_t* count);

// Uses the table of that name from now on; false, and no change, when it is unknown here.
bool select_table(const char* name);

}  // namespace softmax_native
