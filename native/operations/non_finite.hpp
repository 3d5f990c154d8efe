// The first row that nonFinite: 'throw' refuses. Runs before anything is written.
#pragma once

#include "call.hpp"

namespace softmax_native {

// The first row with a NaN or infinite logit that takes part, or in which nothing takes part; rows() where none has.
template <class T>
std::size_t first_refused_row(const Logits<T>& logits);

// Whether a row is such a one.
template <class T>
bool is_refused_row(const Logits<T>& logits, std::size_t row);

// What the rule says of the logits before anything is done.
template <class T>
Outcome refused(const Logits<T>& logits) {
  if (logits.rule != NonFinite::kThrow) return {};
  const std::size_t row = first_refused_row(logits);
  return row < logits.layout.rows() ? Outcome{Status::kNonFinite, row} : Outcome{};
}

}  // namespace softmax_native
