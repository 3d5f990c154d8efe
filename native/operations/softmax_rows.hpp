// Softmax of rows, each times a number of its own (its gain): exponentials are kept in the result and scaled there.
// Making them twice and writing past the caches saves traffic and loses time, even for a row of 10^7.
#pragma once

#include "each_tile.hpp"
#include "limits.hpp"
#include "long_rows.hpp"

namespace softmax_native {

// Results from this size on are written past the caches.
inline constexpr std::size_t kSoftmaxStreamBytes = std::size_t{16} << 20;

// A gain is a finite number for each row.
struct NoGain {
  static constexpr bool kOne = true;
  double operator()(std::size_t) const { return 1; }
};

template <class T, class Gain = NoGain>
class SoftmaxRows {
 public:
  // `stream`: results are written past the caches.
  SoftmaxRows(const Logits<T>& logits, const RowTiles<T>& tiles, bool stream, const Gain& gain = Gain{})
      : logits_(logits), tiles_(tiles), n_(logits.layout.n), k_(kernels().of<T>()), stream_(stream), gain_(gain) {}

  // `first` is the number of the first of `count` rows.
  void rows(std::size_t first, std::size_t count, const T* x, T* out, double* chunks) const {
    std::size_t r = 0;
    const bool short_rows = n_ <= kShort && logits_.beta != 0 && logits_.beta_is_finite();
    while (r < count) {
      if (short_rows) r += short_part(first + r, count - r, x + r * n_, out + r * n_);
      if (r == count) return;
      if (n_ <= kChunk) {
        row(first + r, x + r * n_, out + r * n_);
      } else {
        long_row(first + r, x + r * n_, out + r * n_, chunks);
      }
      ++r;
    }
  }

 private:
  const Logits<T>& logits_;
  const RowTiles<T>& tiles_;
  const std::size_t n_;
  const KernelsOf<T>& k_;
  const bool stream_;
  const Gain gain_;

  // Rows up to the first that is not finite; how many.
  std::size_t short_part(std::size_t first, std::size_t count, const T* x, T* out) const {
    const std::size_t done = k_.softmax_short(x, out, count, n_, logits_.beta);
    if constexpr (!Gain::kOne) {
      for (std::size_t r = 0; r < done; ++r) {
        k_.scale(out + r * n_, out + r * n_, n_, static_cast<T>(gain_(first + r)), false);
      }
    }
    return done;
  }

  void row(std::size_t number, const T* x, T* out) const {
    const T max = k_.max(x, n_, logits_.negate());
    if (is_limit(max, logits_.beta)) return limit_row(number, x, out, max);
    T kept[kChunk];
    T* e = stream_ ? kept : out;
    const double sum = k_.exp_sum(x, e, n_, max, logits_.beta);
    k_.scale(e, out, n_, static_cast<T>(gain_(number) / sum), stream_);
  }

  void limit_row(std::size_t number, const T* x, T* out, T max) const {
    if (is_nan_row(logits_, tiles_, number, x, max)) return fill(out, n_, static_cast<T>(__builtin_nan("")));
    const Share<T> s = share(x, n_, max, logits_);
    write_share(x, out, n_, s, static_cast<T>(gain_(number) / static_cast<double>(s.count)), T(0));
  }

  void long_row(std::size_t number, const T* x, T* out, double* memory) const {
    const std::size_t chunks = chunk_count(n_);
    const ChunkParts parts(memory, chunks);
    if (logits_.beta == 0 || !logits_.beta_is_finite()) {
      return limit_row(number, x, out, k_.max(x, n_, logits_.negate()));
    }
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      const T max = k_.max(x + start, length, logits_.negate());
      parts.max[c] = max;
      parts.sum[c] = 0;
      // A chunk without finite maximum is left as it is: with the exponentials kept in place of the logits, it is all
      // that a row with an infinity needs.
      if (max - max != 0) return;
      parts.sum[c] = k_.exp_sum(x + start, out + start, length, max, logits_.beta);
    });
    const double max = row_max(parts, chunks);
    if (max - max != 0) return limit_long_row(number, x, out, parts, max);
    weigh(parts, chunks, max, logits_.beta);
    CompensatedSum sum;
    for (std::size_t c = 0; c < chunks; ++c) sum.add(parts.sum[c] * parts.weight[c]);
    const double total = sum.total(), gain = gain_(number);
    each_chunk(n_, true, [&](std::size_t c, std::size_t start, std::size_t length) {
      // A chunk of nothing but -Infinity was left as it is.
      if (parts.max[c] == -__builtin_inf()) return fill(out + start, length, T(0));
      k_.scale(out + start, out + start, length, static_cast<T>(gain * parts.weight[c] / total), false);
    });
  }

  // A row with NaN or infinite maximum, whose chunks of finite maximum may be overwritten already.
  void limit_long_row(std::size_t number, const T* x, T* out, const ChunkParts& parts, double max) const {
    const T infinity = static_cast<T>(__builtin_inf());
    if (max != max || logits_.rule == NonFinite::kIeee) return fill(out, n_, static_cast<T>(__builtin_nan("")));
    const T shared = logits_.negate() ? -infinity : infinity;
    std::size_t count = 0;
    for (std::size_t c = 0, start = 0; start < n_; ++c, start += kChunk) {
      const std::size_t length = n_ - start < kChunk ? n_ - start : kChunk;
      if (parts.max[c] == __builtin_inf()) count += k_.count_equal(x + start, length, shared);
    }
    const T with = static_cast<T>(gain_(number) / static_cast<double>(count));
    for (std::size_t c = 0, start = 0; start < n_; ++c, start += kChunk) {
      const std::size_t length = n_ - start < kChunk ? n_ - start : kChunk;
      if (parts.max[c] == __builtin_inf()) {
        k_.select_equal(x + start, out + start, length, shared, with, T(0));
      } else {
        fill(out + start, length, T(0));
      }
    }
  }
};

}  // namespace softmax_native
