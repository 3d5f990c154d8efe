// The maximum and log1p(rest) of rows: what log-sum-exp returns and log-softmax subtracts.
#pragma once

#include "limits.hpp"
#include "long_rows.hpp"

namespace softmax_native {

template <class T>
class RowSums {
 public:
  explicit RowSums(const Logits<T>& logits) : logits_(logits), n_(logits.layout.n), k_(kernels().of<T>()) {}

  // Rows taken at a time: their sums wait in these arrays, so that the logarithms are taken eight at once.
  static constexpr std::size_t kRows = 64;

  // For `count` <= kRows rows: max[r], the greatest key, and log_sum[r] with log sum e^(beta z) = |beta| max + log_sum.
  // Rows of limits.hpp have only a max.
  void of(const T* x, std::size_t count, T* max, double* log_sum, double* chunks) const {
    const double beta = logits_.beta;
    std::size_t r = 0;
    const bool short_rows = n_ <= kShort && beta != 0 && beta - beta == 0;
    while (r < count) {
      if (short_rows) r += k_.log_sum_exp_short(x + r * n_, count - r, n_, beta, max + r, log_sum + r);
      const std::size_t first = r, end = short_rows && r < count ? r + 1 : count;
      for (; r < end; ++r) log_sum[r] = rest(x + r * n_, max + r, chunks);
      kernels().f64.log1p(log_sum + first, log_sum + first, end - first);
    }
  }

 private:
  const Logits<T>& logits_;
  const std::size_t n_;
  const KernelsOf<T>& k_;

  // The sum of all but one of the greatest terms, which are 1.
  double rest(const T* x, T* max, double* memory) const {
    if (n_ > kChunk) return long_rest(x, max, memory);
    *max = k_.max(x, n_, logits_.negate());
    if (is_limit(*max, logits_.beta)) return 0;
    double below, at_max;
    k_.exp_rest(x, n_, *max, logits_.beta, &below, &at_max);
    return below + (at_max - 1);
  }

  double long_rest(const T* x, T* max, double* memory) const {
    const std::size_t chunks = chunk_count(n_);
    const ChunkParts parts(memory, chunks);
    // Until the weights are made, their place holds the number of maxima.
    double* at_max = parts.weight;
    const bool limit = logits_.beta == 0 || !logits_.beta_is_finite();
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      const T chunk_max = k_.max(x + start, length, logits_.negate());
      parts.max[c] = chunk_max;
      parts.sum[c] = at_max[c] = 0;
      if (limit || chunk_max - chunk_max != 0) return;
      k_.exp_rest(x + start, length, chunk_max, logits_.beta, &parts.sum[c], &at_max[c]);
    });
    const double row = row_max(parts, chunks);
    *max = static_cast<T>(row);
    if (is_limit(*max, logits_.beta)) return 0;
    CompensatedSum rest;
    double maxima = 0;
    for (std::size_t c = 0; c < chunks; ++c) {
      if (parts.max[c] == row) {
        rest.add(parts.sum[c]);
        maxima += at_max[c];
        parts.sum[c] = 0;
      } else {
        parts.sum[c] += at_max[c];
      }
    }
    weigh(parts, chunks, row, logits_.beta);
    for (std::size_t c = 0; c < chunks; ++c) rest.add(parts.sum[c] * parts.weight[c]);
    return rest.total() + (maxima - 1);
  }
};

}  // namespace softmax_native
