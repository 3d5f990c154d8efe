#pragma once

#include "napi.hpp"

namespace softmax_native {

// Each takes (logits, out, mask?), logSumExp also (..., weights?, sign?), or nothing: the staged call of frame.hpp. All
// return undefined and leave their status in the frame.
napi_value call_softmax(napi_env env, napi_callback_info info);
napi_value call_log_softmax(napi_env env, napi_callback_info info);
napi_value call_log_sum_exp(napi_env env, napi_callback_info info);
napi_value call_argmax(napi_env env, napi_callback_info info);
napi_value call_hardmax(napi_env env, napi_callback_info info);

}  // namespace softmax_native
