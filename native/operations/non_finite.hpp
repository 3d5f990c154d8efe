// The first row that nonFinite: 'throw' refuses. Runs before anything is written.
#pragma once

#include "call.hpp"

namespace softmax_native {

// The first row with a NaN or infinite logit that takes part, or in which nothing takes part; rows() where none has.
template <class T>
std::size_t first_refused_row(const Logits<T>& logits);

}  // namespace softmax_native
