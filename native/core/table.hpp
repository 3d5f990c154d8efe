// The table of function pointers made from kernels.def: one table for each instruction set, with the same members
// for float32 and float64. Kernels take pointers and sizes and cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softmax_native {

template <class T>
struct KernelsOf {
#define KERNEL(name, result, arguments) result(*name) arguments;
#include "kernels.def"
#undef KERNEL
};

struct KernelTable {
  const char* name;
  KernelsOf<float> f32;
  KernelsOf<double> f64;

  template <class T>
  const KernelsOf<T>& of() const;
};

template <>
inline const KernelsOf<float>& KernelTable::of<float>() const {
  return f32;
}
template <>
inline const KernelsOf<double>& KernelTable::of<double>() const {
  return f64;
}

// Rows are read in chunks of this many elements: a chunk and its result stay in the first-level cache, and each chunk
// has a maximum and a sum of its own, so that chunks can be given to threads and combined in order. Part of the
// numeric contract: changing it changes bits.
inline constexpr std::size_t kChunk = 4096;

// Rows up to this length are one group of lanes, and can be computed many rows at a time.
inline constexpr std::size_t kShort = 64;

// Matrix products: columns of a packed panel, which is a cache line wide, and the terms that are summed in one chain;
// longer sums are made of such blocks, added in order. Both are part of the numeric contract.
template <class T>
inline constexpr std::size_t kPanel = 64 / sizeof(T);
inline constexpr std::size_t kDepth = 256;

}  // namespace softmax_native
