// What the greatest score of a row and the sum of its weights relative to it, in float64, say of the row.
#pragma once

#include <atomic>

#include "attention.hpp"
#include "../core/dispatch.hpp"

namespace softmax_native {

// Multiply-adds that take as long as an element of run_tasks.
inline constexpr std::size_t kProductsOfElement = 16;

// Whether a maximum is one that exponentials cannot be relative to.
template <class T>
bool is_special(T max) {
  return max != max || max == static_cast<T>(__builtin_inf());
}

// What a row's weights are multiplied with to be its own: NaN where the row is not a number.
template <class T>
double inverse_of(const Attention<T>& call, T max, double total) {
  const bool undefined = call.rule == NonFinite::kIeee && max - max != 0;
  if (max != max || undefined) return __builtin_nan("");
  return total == 0 ? 0 : 1 / total;
}

// With an infinite beta the score is beta's sign times what beta multiplies.
template <class T>
double log_sum_exp_of(const Attention<T>& call, T greatest, double total) {
  const double max = static_cast<double>(greatest), infinity = __builtin_inf();
  if (max - max != 0) return max;  // NaN, nothing at all, or +Infinity
  kernels().f64.log(&total, &total, 1);
  if (max == 0 || call.beta - call.beta == 0) return max + total;
  return max > 0 ? infinity : -infinity;
}

// The first of the rows that tasks refuse.
class RefusedRow {
 public:
  // Under the rule 'throw', a row with this maximum.
  template <class T>
  void note(const Attention<T>& call, std::size_t row, T max) {
    if (call.rule != NonFinite::kThrow || max - max == 0) return;
    std::size_t known = row_.load(std::memory_order_relaxed);
    while (row < known && !row_.compare_exchange_weak(known, row, std::memory_order_relaxed)) {
    }
  }
  Outcome outcome() const {
    const std::size_t row = row_.load(std::memory_order_relaxed);
    return row == kNone ? Outcome{} : Outcome{Status::kNonFinite, row};
  }

 private:
  static constexpr std::size_t kNone = SIZE_MAX;
  std::atomic<std::size_t> row_{kNone};
};

}  // namespace softmax_native
