#pragma once

#include "napi.hpp"

namespace softmax_native {

// crossEntropy(logits, logSumExp, mask?, losses?, classes?, probabilities?, weight?, gradient?, targetGradient?)
// nllLoss(logProbabilities, logSumExp (unused), undefined, losses?, classes?, probabilities?, weight?, gradient?)
//   numbers in: reduction, smoothing, over others, z-loss, softcap, the ignored class; out: loss, total weight
// klDivergence(logits, out, mask?, otherLogits)
napi_value call_cross_entropy(napi_env env, napi_callback_info info);
napi_value call_nll_loss(napi_env env, napi_callback_info info);
napi_value call_kl_divergence(napi_env env, napi_callback_info info);

}  // namespace softmax_native
