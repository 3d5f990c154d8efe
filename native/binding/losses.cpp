#include "losses.hpp"

#include "../operations/kl_divergence.hpp"
#include "../operations/losses.hpp"
#include "loss_arguments.hpp"

namespace softmax_native {
namespace {

enum Position : std::size_t { kLogits = 0, kGradient = 7, kTargetGradient = 8 };

// A loss of a target for each row, with what both functions share read from the call.
template <class Operation>
void loss(Arguments& call, const Operation& operation) {
  by_type(call, [&](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    const std::size_t size = logits.layout.size(), rows = logits.layout.rows();
    const LossTargets<T> targets = read_targets<T>(arguments);
    const LossOptions<T> options = read_loss_options<T>(arguments);
    LossResults<T> results{nullptr, arguments.output<T>(kLossRows, rows, 0), nullptr, nullptr};
    if (arguments.has(kLosses)) results.losses = arguments.output<T>(kLosses, rows, 0);
    if (arguments.has(kGradient)) results.gradient = arguments.output<T>(kGradient, size, 1u << kLogits);
    if (arguments.has(kTargetGradient)) results.target_gradient = arguments.output<T>(kTargetGradient, size, 0);
    if (!arguments.ok()) return;
    arguments.finish(operation(logits, targets, options, results));
    arguments.number(0) = results.loss;
    arguments.number(1) = results.total_weight;
  });
}

}  // namespace

void cross_entropy_row(Arguments& call) {
  loss(call, [](const auto& logits, const auto& targets, const auto& options, auto& results) {
    return cross_entropy(logits, targets, options, results);
  });
}

void nll_loss_row(Arguments& call) {
  loss(call, [](const auto& logits, const auto& targets, const auto& options, auto& results) {
    return nll_loss(logits, targets, options, results);
  });
}

void kl_divergence_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    const T* other = arguments.input<T>(3, logits.layout.size());
    T* out = arguments.output<T>(1, logits.layout.rows(), 0);
    if (arguments.ok()) arguments.finish(kl_divergence(logits, other, out));
  });
}

}  // namespace softmax_native
