#include "diagnosis.hpp"

#include "../operations/diagnose.hpp"
#include "call.hpp"

namespace softmax_native {

napi_value call_diagnose(napi_env env, napi_callback_info info) {
  return call(env, info, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    double* out = arguments.output<double>(1, logits.layout.rows() * kDiagnosisFields, 0);
    if (arguments.ok()) arguments.finish(diagnose(logits, arguments.number(0) != 0, out));
  });
}

}  // namespace softmax_native
