// The losses behind the signature of operation_cases.hpp: the weights are what else they take (target probabilities,
// the other logits), and the class of every row is n / 3, so that a row is the same wherever it stands.
#pragma once

#include "../../native/operations/kl_divergence.hpp"
#include "../../native/operations/losses.hpp"
#include "operation_cases.hpp"

namespace softmax_native::test {

enum class Part { kLosses, kLogSumExp, kGradient, kTargetGradient };

// One result of cross_entropy.
template <class T>
Outcome run_cross_entropy(const Logits<T>& z, const T* probability, const LossOptions<T>& options, Part part, T* out) {
  const std::size_t rows = z.layout.rows();
  const std::vector<std::int32_t> classes(rows, static_cast<std::int32_t>(z.layout.n / 3));
  std::vector<T> losses(rows), log_sum_exp(rows);
  LossResults<T> results{part == Part::kLosses ? out : losses.data(),
                         part == Part::kLogSumExp ? out : log_sum_exp.data(), part == Part::kGradient ? out : nullptr,
                         part == Part::kTargetGradient ? out : nullptr};
  const LossTargets<T> targets{probability == nullptr ? classes.data() : nullptr, probability,
                               probability == nullptr ? -1 : 1, nullptr};
  return cross_entropy(z, targets, options, results);
}

template <class T>
const std::vector<Operation<T>>& loss_operations() {
  using L = Logits<T>;
  using W = Broadcast<T>;
  static constexpr LossOptions<T> plain{nullptr, 0, false, 0, 0, Reduction::kSum};
  static constexpr LossOptions<T> full{nullptr, 0.1, true, 0.01, 0, Reduction::kSum};
  static constexpr LossOptions<T> capped{nullptr, 0, false, 0, 7.5, Reduction::kSum};
  static const std::vector<Operation<T>> list = {
      {"loss", true, false,
       [](const L& z, const W&, T* out) { return run_cross_entropy<T>(z, nullptr, plain, Part::kLosses, out); }},
      {"log_sum_exp of the loss", true, false,
       [](const L& z, const W&, T* out) { return run_cross_entropy<T>(z, nullptr, plain, Part::kLogSumExp, out); }},
      {"loss gradient", false, false,
       [](const L& z, const W&, T* out) { return run_cross_entropy<T>(z, nullptr, plain, Part::kGradient, out); }},
      {"smoothed loss", true, false,
       [](const L& z, const W&, T* out) { return run_cross_entropy<T>(z, nullptr, full, Part::kLosses, out); }},
      {"smoothed loss gradient", false, false,
       [](const L& z, const W&, T* out) { return run_cross_entropy<T>(z, nullptr, full, Part::kGradient, out); }},
      {"capped loss gradient", false, false,
       [](const L& z, const W&, T* out) { return run_cross_entropy<T>(z, nullptr, capped, Part::kGradient, out); }},
      {"loss of probabilities", true, true,
       [](const L& z, const W& y, T* out) { return run_cross_entropy<T>(z, y.data, full, Part::kLosses, out); }},
      {"loss gradient of probabilities", false, true,
       [](const L& z, const W& y, T* out) { return run_cross_entropy<T>(z, y.data, full, Part::kGradient, out); }},
      {"target gradient", false, true,
       [](const L& z, const W& y, T* out) {
         std::vector<T> of_target(z.layout.size());
         const Outcome outcome = run_cross_entropy<T>(z, y.data, plain, Part::kTargetGradient, of_target.data());
         for (std::size_t i = 0; i < of_target.size() && outcome.status == Status::kOk; ++i) out[i] = of_target[i];
         return outcome;
       }},
      {"divergence", true, true, [](const L& z, const W& y, T* out) { return kl_divergence(z, y.data, out); }},
  };
  return list;
}

// The losses and all other operations.
template <class T>
std::vector<Operation<T>> every_operation() {
  std::vector<Operation<T>> list = operations<T>();
  list.insert(list.end(), loss_operations<T>().begin(), loss_operations<T>().end());
  return list;
}

}  // namespace softmax_native::test
