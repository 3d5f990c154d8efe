// Arrays of numbers of 16 bits, float16 or bfloat16. They are computed with as float32, to which they are widened a
// chunk at a time; results are rounded to them once.
#pragma once

#include "long_rows.hpp"

namespace softmax_native {

// An input of elements of the type that is computed with, or of 16 bits.
template <class T>
struct Source {
  const T* data;  // or nullptr, and
  const std::uint16_t* halves;
  bool brain;

  // Elements [first, first + n): where they stand, or widened to `to`.
  const T* read(std::size_t first, std::size_t n, T* to) const {
    if (halves == nullptr) return data + first;
    kernels().of<T>().widen_halves(halves + first, to, n, brain);
    return to;
  }

  // All of so many elements, on several threads where it pays.
  const T* read_all(std::size_t size, T* to) const {
    if (halves == nullptr) return data;
    each_chunk(size, false, [&](std::size_t, std::size_t start, std::size_t length) {
      kernels().of<T>().widen_halves(halves + start, to + start, length, brain);
    });
    return to;
  }
};

template <class T>
struct Target {
  T* data;  // or nullptr, and
  std::uint16_t* halves;
  bool brain;

  // Where to compute so many elements: in place, or in scratch memory.
  T* storage(T* scratch) const { return halves == nullptr ? data : scratch; }
  void finish(const T* from, std::size_t size) const {
    if (halves == nullptr) return;
    each_chunk(size, false, [&](std::size_t, std::size_t start, std::size_t length) {
      kernels().of<T>().narrow_halves(from + start, halves + start, length, brain);
    });
  }
};

}  // namespace softmax_native
