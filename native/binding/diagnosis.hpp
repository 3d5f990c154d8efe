#pragma once

#include "row.hpp"

namespace softmax_native {

// (logits, out: Float64Array of kDiagnosisFields numbers for each row, mask?); number 0: whether softmax computes the
// logits in float64 whatever their type.
void diagnose_row(Arguments& call);

}  // namespace softmax_native
