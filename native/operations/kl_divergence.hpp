#pragma once

#include "call.hpp"

namespace softmax_native {

// out[row] = sum p (log p - log q), p = softmax(beta z) and q = softmax(beta other), `other` in the layout of the
// logits and masked as they are. 0 log 0 = 0; what has p > 0 and q = 0 costs +Infinity; an empty p costs nothing.
template <class T>
Outcome kl_divergence(const Logits<T>& logits, const T* other, T* out);

}  // namespace softmax_native
