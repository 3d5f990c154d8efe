#pragma once

#include "call.hpp"

namespace softmax_native {

// out[row] = the first index of the greatest key; the first NaN where there is one; -1 where the mask leaves nothing.
template <class T>
Outcome argmax(const Logits<T>& logits, std::int32_t* out);

// 1 at the first greatest key and 0 elsewhere, or, with `split`, the mass shared by all greatest. NaN rows stay NaN.
template <class T>
Outcome hardmax(const Logits<T>& logits, bool split, T* out);

}  // namespace softmax_native
