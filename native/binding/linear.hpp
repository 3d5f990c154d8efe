#pragma once

#include "napi.hpp"

namespace softmax_native {

// linearCrossEntropy(hidden, logSumExp, mask?, losses?, classes?, probabilities?, class weight?, weight, bias?,
//                    hiddenGradient?, weightGradient?, biasGradient?)
//   numbers as in losses.hpp, and the depth after them; the layout is that of the logits
napi_value call_linear_cross_entropy(napi_env env, napi_callback_info info);

}  // namespace softmax_native
