#include "softmax_family.hpp"

#include "../operations/argmax.hpp"
#include "../operations/log_softmax.hpp"
#include "../operations/log_sum_exp.hpp"
#include "../operations/softmax.hpp"

namespace softmax_native {
namespace {

constexpr unsigned kLogits = 1u << 0;  // the position that a result may be the same as

// An operation whose result has the layout of the logits.
template <class Operation>
void elementwise(Arguments& call, const Operation& operation) {
  by_type(call, [&](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    T* out = arguments.output<T>(1, logits.layout.size(), kLogits);
    if (arguments.ok()) arguments.finish(operation(logits, out, arguments.flags()));
  });
}

}  // namespace

void softmax_row(Arguments& call) {
  elementwise(call, [](const auto& logits, auto* out, unsigned) { return softmax(logits, out); });
}

void log_softmax_row(Arguments& call) {
  elementwise(call, [](const auto& logits, auto* out, unsigned) { return log_softmax(logits, out); });
}

void hardmax_row(Arguments& call) {
  elementwise(call, [](const auto& logits, auto* out, unsigned flags) {
    return hardmax(logits, (flags & frame::kSplitTies) != 0, out);
  });
}

void argmax_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    std::int32_t* out = arguments.output<std::int32_t>(1, logits.layout.rows(), 0);
    if (arguments.ok()) arguments.finish(argmax(logits, out));
  });
}

void log_sum_exp_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    const std::size_t rows = logits.layout.rows();
    // A row of one element may be its own result.
    T* out = arguments.output<T>(1, rows, logits.layout.n == 1 ? kLogits : 0);
    const bool over_beta = (arguments.flags() & frame::kOverBeta) != 0;
    if (!arguments.has(3)) {
      if (arguments.ok()) arguments.finish(log_sum_exp(logits, over_beta, out));
      return;
    }
    const Broadcast<T> weights = arguments.broadcast<T>(3, frame::kWeightStrides);
    T* sign = arguments.has(4) ? arguments.output<T>(4, rows, 0) : nullptr;
    if (arguments.ok()) arguments.finish(weighted_log_sum_exp(logits, weights, over_beta, out, sign));
  });
}

}  // namespace softmax_native
