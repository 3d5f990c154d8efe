#include "diagnosis.hpp"

#include "../operations/diagnose.hpp"

namespace softmax_native {

void diagnose_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    double* out = arguments.output<double>(1, logits.layout.rows() * kDiagnosisFields, 0);
    if (arguments.ok()) arguments.finish(diagnose(logits, arguments.number(0) != 0, out));
  });
}

}  // namespace softmax_native
