#pragma once

#include "napi.hpp"

namespace softmax_native {

// (logits, out: Float64Array of kDiagnosisFields numbers for each row, mask?); number 0: whether softmax computes the
// logits in float64 whatever their type.
napi_value call_diagnose(napi_env env, napi_callback_info info);

}  // namespace softmax_native
