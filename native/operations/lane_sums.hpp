// Plain float64 arithmetic over blocks of 64 elements, in an order that is always the same: each block is folded by
// halves to eight lanes, as in simd/reduce.hpp, and the blocks are added with their rounding errors kept. For what is
// wanted of a row besides its exponentials, where an instruction set of its own would gain little.
#pragma once

#include "long_rows.hpp"

namespace softmax_native {

inline constexpr std::size_t kBlock = 64;

// Calls block(start, length) for the blocks of n elements; all but the last are of kBlock.
template <class Block>
void each_block(std::size_t n, const Block& block) {
  std::size_t start = 0;
  for (; n - start >= kBlock; start += kBlock) block(start, kBlock);
  if (start < n) block(start, n - start);
}

// The sum of the first `length` terms of a block, whose others are overwritten.
inline double fold(double (&terms)[kBlock], std::size_t length) {
  for (std::size_t i = length; i < kBlock; ++i) terms[i] = 0;
  for (std::size_t half = kBlock / 2; half >= 8; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) terms[i] += terms[i + half];
  }
  return ((terms[0] + terms[4]) + (terms[2] + terms[6])) + ((terms[1] + terms[5]) + (terms[3] + terms[7]));
}

// The greatest of the first `length` terms, at least `least`; none is NaN. The block is overwritten.
inline double greatest(double (&terms)[kBlock], std::size_t length, double least) {
  for (std::size_t i = length; i < kBlock; ++i) terms[i] = least;
  for (std::size_t half = kBlock / 2; half >= 1; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) terms[i] = terms[i + half] > terms[i] ? terms[i + half] : terms[i];
  }
  return terms[0];
}

}  // namespace softmax_native
