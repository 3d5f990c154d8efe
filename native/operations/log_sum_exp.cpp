#include "log_sum_exp.hpp"

#include "each_tile.hpp"
#include "halves.hpp"
#include "non_finite.hpp"
#include "row_sums.hpp"

namespace softmax_native {
namespace {

// The value of a row of limits.hpp.
template <class T>
double limit_value(const Logits<T>& logits, const RowTiles<T>& tiles, std::size_t row, const T* x, T max,
                   bool over_beta) {
  constexpr double kInfinity = __builtin_inf();
  const double beta = logits.beta, sign = logits.negate() ? -1 : 1;
  if (max != max) return max;
  if (beta == 0 && logits.rule == NonFinite::kIeee && has_infinity(logits, tiles, row, x)) return __builtin_nan("");
  if (max - max != 0) {
    // +Infinity shared by some, or nothing that takes part.
    const double log_sum = max;
    return over_beta ? log_sum * sign : log_sum;
  }
  if (beta == 0) {
    const double count = static_cast<double>(share(x, logits.layout.n, max, logits).count);
    if (!over_beta) return log_of(count);
    return count == 1 ? static_cast<double>(max) : kInfinity;
  }
  // beta = +-Infinity: (1 / beta) log sum e^(beta z) tends to the extremum, log sum e^(beta z) to its sign times
  // Infinity, or to the logarithm of the number of ties at 0.
  if (over_beta) return sign * static_cast<double>(max);
  if (max == 0) return log_of(static_cast<double>(share(x, logits.layout.n, max, logits).count));
  return max > 0 ? kInfinity : -kInfinity;
}

template <class T>
Outcome log_sum_exp_of(const Logits<T>& logits, bool over_beta, T* out) {
  const std::size_t n = logits.layout.n, rows = logits.layout.rows();
  const Outcome outcome = refused(logits);
  if (outcome.status != Status::kOk) return outcome;
  const double beta = logits.beta, magnitude = beta < 0 ? -beta : beta, sign = beta < 0 ? -1 : 1;
  if (n == 0) {
    fill(out, rows, static_cast<T>(over_beta ? -sign * __builtin_inf() : -__builtin_inf()));
    return {};
  }
  const RowTiles<T> tiles(logits);
  const RowSums<T> sums(logits);
  return each_tile(logits, tiles, [&](RowTile tile, const T* x, const Workspace<T>& workspace) {
    constexpr std::size_t kRows = RowSums<T>::kRows;
    T max[kRows];
    double log_sum[kRows];
    for (std::size_t r = 0; r < tile.count; r += kRows) {
      const std::size_t some = tile.count - r < kRows ? tile.count - r : kRows;
      sums.of(x + r * n, some, max, log_sum, workspace.chunks);
      for (std::size_t i = 0; i < some; ++i) {
        const std::size_t row = tile.first + r + i;
        const double key = static_cast<double>(max[i]);
        out[row] =
            static_cast<T>(is_limit(max[i], beta) ? limit_value(logits, tiles, row, x + (r + i) * n, max[i], over_beta)
                           : over_beta            ? sign * key + log_sum[i] / beta
                                                  : magnitude * key + log_sum[i]);
      }
    }
  });
}

}  // namespace

template <class T>
Outcome log_sum_exp(const Logits<T>& logits, bool over_beta, T* out) {
  if (!needs_halves(logits)) return log_sum_exp_of(logits, over_beta, out);
  const Outcome outcome =
      with_halves(logits, [=](const Logits<T>& halves) { return log_sum_exp_of(halves, over_beta, out); });
  if (outcome.status != Status::kOk || !over_beta) return outcome;
  for (std::size_t row = 0; row < logits.layout.rows(); ++row) out[row] *= 2;
  return outcome;
}

template Outcome log_sum_exp<float>(const Logits<float>&, bool, float*);
template Outcome log_sum_exp<double>(const Logits<double>&, bool, double*);

}  // namespace softmax_native
