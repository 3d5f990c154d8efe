#pragma once

#include "napi.hpp"

namespace softmax_native {

// Each takes (point, out, mask, direction?): position 0 has the probabilities, log-probabilities or logits at which the
// derivative is taken, position 3 what it is multiplied with.
napi_value call_softmax_vjp(napi_env env, napi_callback_info info);
napi_value call_log_softmax_vjp(napi_env env, napi_callback_info info);
napi_value call_log_softmax_jvp(napi_env env, napi_callback_info info);
napi_value call_log_sum_exp_vjp(napi_env env, napi_callback_info info);
napi_value call_softmax_beta_gradient(napi_env env, napi_callback_info info);
napi_value call_softmax_jacobian(napi_env env, napi_callback_info info);
napi_value call_log_softmax_jacobian(napi_env env, napi_callback_info info);

}  // namespace softmax_native
