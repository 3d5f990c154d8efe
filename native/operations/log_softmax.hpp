#pragma once

#include "call.hpp"

namespace softmax_native {

// out = log softmax(beta z) along the row, in the layout of the logits; out may be the logits.
template <class T>
Outcome log_softmax(const Logits<T>& logits, T* out);

}  // namespace softmax_native
