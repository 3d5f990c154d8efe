#pragma once

#include "call.hpp"

namespace softmax_native {

// out[row] = log sum e^(beta z), or that over beta (smoothMax), for each row.
template <class T>
Outcome log_sum_exp(const Logits<T>& logits, bool over_beta, T* out);

// log |sum w e^(beta z)|, with the sign of the sum in `sign` (-1, 0, 1). Without `sign` a negative sum gives NaN.
template <class T>
Outcome weighted_log_sum_exp(const Logits<T>& logits, const Broadcast<T>& weights, bool over_beta, T* out, T* sign);

}  // namespace softmax_native
