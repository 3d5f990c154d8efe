// Rows whose logits may be further apart than the greatest number. z - max is formed before the product with beta, and
// would be infinite; for so small a beta the product is not. Half the logits with twice the beta are the same softmax.
#pragma once

#include "call.hpp"
#include "scratch.hpp"

namespace softmax_native {

// Only of float64: float32 is not computed with so small a beta. From 2^-1000 on, e^(beta 2^1023) is 0 in any case.
template <class T>
bool needs_halves(const Logits<T>& logits) {
  const double size = logits.beta < 0 ? -logits.beta : logits.beta;
  return sizeof(T) == sizeof(double) && size != 0 && size < 0x1p-1000;
}

// operation(the same logits as halves, with twice the beta).
template <class T, class Operation>
Outcome with_halves(const Logits<T>& logits, const Operation& operation) {
  const std::size_t size = logits.layout.size();
  const Scratch scratch(size == 0 ? 0 : 1, size * sizeof(T));
  if (!scratch.ok()) return {Status::kOutOfMemory, 0};
  T* const half = scratch.template part<T>(0);
  for (std::size_t i = 0; i < size; ++i) half[i] = logits.data[i] / 2;
  Logits<T> halves = logits;
  halves.data = half;
  halves.beta *= 2;
  return operation(halves);
}

}  // namespace softmax_native
