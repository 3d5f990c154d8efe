// Cross-entropy of a linear layer, logits = hidden weight^T + bias, which are never stored whole.
#pragma once

#include "linear_products.hpp"
#include "losses.hpp"

namespace softmax_native {

// Where the gradients go; nullptr = not wanted. hidden may be the layer's own.
template <class T>
struct LinearGradients {
  T *hidden, *weight, *bias;
};

template <class T>
struct LinearLoss {
  T* losses;       // of each row; nullptr = not wanted
  T* log_sum_exp;  // of each row
  LinearGradients<T> gradients;
  double loss, total_weight;  // out: the sum or mean, and what the mean divides by
};

// `logits` has the layout [rows, classes, 1], beta, rule and mask; its data is not looked at.
template <class T>
Outcome linear_cross_entropy(const LinearLayer<T>& layer, const Logits<T>& logits, const LossTargets<T>& targets,
                             const LossOptions<T>& options, LinearLoss<T>& result);

}  // namespace softmax_native
