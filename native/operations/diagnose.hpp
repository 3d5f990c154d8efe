#pragma once

#include "call.hpp"

namespace softmax_native {

// What is said of a row, in the order in which it is written. lib/diagnosis.ts documents each.
enum DiagnosisField : std::size_t {
  kMax,
  kGap,
  kTies,
  kPMax,
  kOneMinusPMax,
  kEntropy,
  kEffectiveClasses,
  kJacobianTrace,
  kJacobianNorm,
  kSaturated,
  kSuggestedScale,
  kRelativeErrorBound,
  kFirstNonFinite,
  kDiagnosisFields,
};

// out = kDiagnosisFields numbers for each row. Computed in float64; what the error bound is about is softmax in the
// element type, or in float64 and then rounded to it where `in_float64`.
template <class T>
Outcome diagnose(const Logits<T>& logits, bool in_float64, double* out);

}  // namespace softmax_native
