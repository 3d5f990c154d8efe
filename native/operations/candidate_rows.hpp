// The loss of one row of scores: those of its targets, then those of its candidates. A score of -Infinity takes no
// part.
//   softmax    log sum e^a - mean of a over the targets            dloss/da = e^a / sum e^a - (1 / targets)
//   logistic   sum log(1 + e^a) - mean of a over the targets       dloss/da = 1 / (1 + e^-a) - (1 / targets)
#pragma once

#include <cstring>

#include "../core/dispatch.hpp"

namespace softmax_native {

template <class T>
double mean_score(const T* a, std::size_t targets) {
  double sum = 0;
  for (std::size_t i = 0; i < targets; ++i) sum += static_cast<double>(a[i]);
  return sum / static_cast<double>(targets);
}

// Cross-entropy; a becomes the gradient. Where a score is NaN or Infinity, all of it is NaN.
template <class T>
double softmax_row_loss(T* a, std::size_t targets, std::size_t candidates) {
  const KernelsOf<T>& k = kernels().of<T>();
  const std::size_t n = targets + candidates;
  const T max = k.max(a, n, false);
  if (!(max - max == 0)) {
    for (std::size_t i = 0; i < n; ++i) a[i] = static_cast<T>(__builtin_nan(""));
    return __builtin_nan("");
  }
  const double gap = static_cast<double>(max) - mean_score(a, targets);
  double rest, at_max;
  k.exp_rest_kept(a, a, n, max, 1, &rest, &at_max);
  double log_sum = rest + (at_max - 1);
  const double sum = log_sum + 1;
  kernels().f64.log1p(&log_sum, &log_sum, 1);
  // Next to 1 a difference to 1 would have nothing left of the others.
  const double others = a[0] == 1 ? rest + (at_max - 1) : sum - static_cast<double>(a[0]);
  k.scale(a, a, n, static_cast<T>(1 / sum), false);
  if (targets == 1) {
    a[0] = static_cast<T>(-others / sum);
  } else {
    for (std::size_t i = 0; i < targets; ++i) a[i] -= static_cast<T>(1 / static_cast<double>(targets));
  }
  return gap + log_sum;
}

// The logistic loss; a becomes the gradient. `bits` is logistic_bits'.
template <class T>
double logistic_row_loss(T* a, std::size_t targets, std::size_t candidates, const std::uint8_t* bits) {
  const double mean = targets == 1 ? 0 : mean_score(a, targets);
  const double loss = kernels().of<T>().logistic(a, bits, a, targets + candidates);
  if (targets == 1) return loss;
  for (std::size_t i = 0; i < targets; ++i) a[i] -= static_cast<T>(1 / static_cast<double>(targets));
  return loss - mean;
}

// What the kernel is told of a row: that it has one target, or else nothing but candidates.
inline void logistic_bits(std::size_t targets, std::size_t candidates, std::uint8_t* bits) {
  std::memset(bits, 1, targets + candidates);
  if (targets == 1) bits[0] = 0;
}

// The logarithms of sum e^a and of sum e^2a.
template <class T>
void log_moments(const T* a, T* scratch, std::size_t n, double* moments) {
  const KernelsOf<T>& k = kernels().of<T>();
  const T max = k.max(a, n, false);
  if (!(max - max == 0)) {
    moments[0] = moments[1] = static_cast<double>(max);
    return;
  }
  for (int power = 1; power <= 2; ++power) {
    const double sum = k.exp_sum(a, scratch, n, max, power);
    kernels().f64.log(&sum, &moments[power - 1], 1);
    moments[power - 1] += power * static_cast<double>(max);
  }
}

}  // namespace softmax_native
