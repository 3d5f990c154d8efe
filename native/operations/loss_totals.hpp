// From rows to a batch: what the mean divides by, and the sum of the rows' losses in row order.
#pragma once

#include "long_rows.hpp"
#include "loss_masses.hpp"

namespace softmax_native {

// The sum of the row weights: of the targets' class weights, or the number of rows with probabilities.
template <class T>
double total_weight(const LossMasses<T>& masses, std::size_t rows) {
  CompensatedSum total;
  for (std::size_t row = 0; row < rows; ++row) total.add(masses.row_weight(row));
  return total.total();
}

// What multiplies the gradients. A mean over nothing has the gradient 0.
inline double gradient_scale(Reduction reduction, double total) {
  if (reduction != Reduction::kMean) return 1;
  return total > 0 ? 1 / total : 0;
}

// The mean over nothing is NaN, also where smoothing leaves rows without weight a loss.
inline double mean_of(double sum, double total) { return total > 0 ? sum / total : __builtin_nan(""); }

// The mean or sum of the rows' losses.
inline double reduced(Reduction reduction, const double* losses, std::size_t rows, double total) {
  CompensatedSum sum;
  for (std::size_t row = 0; row < rows; ++row) sum.add(losses[row]);
  return reduction == Reduction::kMean ? mean_of(sum.total(), total) : sum.total();
}

// Whether all the mass of the probabilities y[j * stride], j < n, is on the ignored class.
template <class T>
bool only_ignored(const T* y, std::size_t stride, std::size_t n, std::int32_t ignored) {
  if (ignored < 0 || static_cast<std::size_t>(ignored) >= n) return false;
  const std::size_t at = static_cast<std::size_t>(ignored);
  for (std::size_t j = 0; j < n; ++j) {
    if (j != at && y[j * stride] != 0) return false;
  }
  return y[at * stride] != 0;
}

// Marks the rows of probabilities that are ignored, where a class is.
template <class T>
void mark_skipped(const Layout& layout, LossTargets<T>& targets, std::uint8_t* marks) {
  if (marks == nullptr) return;
  for (std::size_t row = 0; row < layout.rows(); ++row) {
    const T* y = targets.probability + row / layout.inner * layout.n * layout.inner + row % layout.inner;
    marks[row] = only_ignored(y, layout.inner, layout.n, targets.ignored) ? 1 : 0;
  }
  targets.skipped = marks;
}

}  // namespace softmax_native
