#include "losses.hpp"

#include "../operations/kl_divergence.hpp"
#include "../operations/losses.hpp"
#include "call.hpp"

namespace softmax_native {
namespace {

enum Position : std::size_t {
  kLogits = 0,
  kRows = 1,
  kLosses = 3,
  kClasses = 4,
  kProbabilities = 5,
  kWeight = 6,
  kGradient = 7,
  kTargetGradient = 8,
};

enum Number : std::size_t { kReduction, kSmoothing, kOverOthers, kZLoss, kSoftcap, kIgnored };

// A loss of a target for each row, with what both functions share read from the call.
template <class Operation>
napi_value call_loss(napi_env env, napi_callback_info info, const Operation& operation) {
  return call(env, info, [&](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    const std::size_t size = logits.layout.size(), rows = logits.layout.rows(), n = logits.layout.n;
    LossTargets<T> targets{nullptr, nullptr, static_cast<std::int32_t>(arguments.number(kIgnored)), nullptr};
    if (arguments.has(kProbabilities)) {
      targets.probability = arguments.input<T>(kProbabilities, size);
    } else {
      targets.index = arguments.input<std::int32_t>(kClasses, rows);
    }
    LossOptions<T> options{nullptr,
                           arguments.number(kSmoothing),
                           arguments.number(kOverOthers) != 0,
                           arguments.number(kZLoss),
                           arguments.number(kSoftcap),
                           static_cast<Reduction>(static_cast<int>(arguments.number(kReduction)))};
    if (arguments.has(kWeight)) options.weight = arguments.input<T>(kWeight, n);
    LossResults<T> results{nullptr, arguments.output<T>(kRows, rows, 0), nullptr, nullptr};
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

napi_value call_cross_entropy(napi_env env, napi_callback_info info) {
  return call_loss(env, info, [](const auto& logits, const auto& targets, const auto& options, auto& results) {
    return cross_entropy(logits, targets, options, results);
  });
}

napi_value call_nll_loss(napi_env env, napi_callback_info info) {
  return call_loss(env, info, [](const auto& logits, const auto& targets, const auto& options, auto& results) {
    return nll_loss(logits, targets, options, results);
  });
}

napi_value call_kl_divergence(napi_env env, napi_callback_info info) {
  return call(env, info, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    const T* other = arguments.input<T>(3, logits.layout.size());
    T* out = arguments.output<T>(kRows, logits.layout.rows(), 0);
    if (arguments.ok()) arguments.finish(kl_divergence(logits, other, out));
  });
}

}  // namespace softmax_native
