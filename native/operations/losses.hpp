// The losses: what they are asked for, and the operations.
#pragma once

#include "call.hpp"

namespace softmax_native {

// What each row should be: a class, or a probability for each class.
template <class T>
struct LossTargets {
  const std::int32_t* index;    // the class of each row, negative = an ignored row; nullptr = probabilities
  const T* probability;         // in the layout of the logits
  std::int32_t ignored;         // of probabilities: the class whose mass does not count; negative = none
  const std::uint8_t* skipped;  // of probabilities: 1 for an ignored row; nullptr = none
};

enum class Reduction { kMean, kSum, kNone };

template <class T>
struct LossOptions {
  const T* weight;   // of each class; nullptr = 1
  double smoothing;  // in [0, 1]
  bool over_others;  // whether smoothing goes to the other classes alone
  double z_loss;     // factor of log-sum-exp squared
  double softcap;    // 0 = none
  Reduction reduction;
};

// Where results go; nullptr = not wanted.
template <class T>
struct LossResults {
  T* losses;           // of each row
  T* log_sum_exp;      // of each row
  T* gradient;         // of the logits, which it may be
  T* target_gradient;  // of probabilities
  double loss = 0, total_weight = 0;
};

// Softmax cross-entropy (loss_rows.hpp), its mean or sum, and the gradients of that, or of each row's own loss.
template <class T>
Outcome cross_entropy(const Logits<T>& logits, const LossTargets<T>& targets, const LossOptions<T>& options,
                      LossResults<T>& results);

// The same of log-probabilities: - sum u log p, nothing normalised. Of the options the weights and the reduction count,
// of the results the losses and the gradient.
template <class T>
Outcome nll_loss(const Logits<T>& log_probabilities, const LossTargets<T>& targets, const LossOptions<T>& options,
                 LossResults<T>& results);

}  // namespace softmax_native
