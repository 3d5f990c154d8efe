// The derivative of softmax(beta z) in beta, p (z - E z). z is taken relative to its maximum, so that a common offset
// costs nothing. Of a long row each chunk has exponentials of its own maximum, made once for the sums and once more for
// the result: both are in the workspace of a chunk, so out may be z.
#include "derivatives.hpp"

#include "each_tile.hpp"
#include "limits.hpp"
#include "long_rows.hpp"
#include "non_finite.hpp"

namespace softmax_native {
namespace {

template <class T>
class BetaGradient {
 public:
  BetaGradient(const Logits<T>& logits, const RowTiles<T>& tiles)
      : logits_(logits), tiles_(tiles), n_(logits.layout.n), k_(kernels().of<T>()),
        short_(n_ <= kShort && logits.beta != 0 && logits.beta_is_finite()) {}

  void rows(std::size_t first, std::size_t count, const T* x, T* out, double* chunks) const {
    for (std::size_t r = 0; r < count;) {
      if (short_) r += short_part(first + r, count - r, x + r * n_, out + r * n_);
      if (r == count) return;
      row(first + r, x + r * n_, out + r * n_, chunks);
      ++r;
    }
  }

 private:
  const Logits<T>& logits_;
  const RowTiles<T>& tiles_;
  const std::size_t n_;
  const KernelsOf<T>& k_;
  const bool short_;

  // The logit that has this key.
  T logit(T key) const { return logits_.negate() ? -key : key; }

  // 'ieee' makes NaN of 0 times an infinite logit, also where the logit takes no part in softmax.
  bool spoilt(std::size_t number, const T* x) const {
    return logits_.rule == NonFinite::kIeee && has_infinity(logits_, tiles_, number, x);
  }

  // Short rows, as many as a chunk's memory holds, up to the first that is not finite; how many.
  std::size_t short_part(std::size_t first, std::size_t count, const T* x, T* out) const {
    T p[kChunk];
    const std::size_t some = count < kChunk / n_ ? count : kChunk / n_;
    const std::size_t done = k_.softmax_short(x, p, some, n_, logits_.beta);
    for (std::size_t r = 0; r < done; ++r) {
      const T* z = x + r * n_;
      if (spoilt(first + r, z)) {
        fill(out + r * n_, n_, static_cast<T>(__builtin_nan("")));
      } else {
        finish(p + r * n_, z, out + r * n_, logit(k_.max(z, n_, logits_.negate())), 1);
      }
    }
    return done;
  }

  // out = e (z - E z) / total, where e are exponentials or probabilities with that total.
  void finish(const T* e, const T* z, T* out, T max, double total) const {
    const double center = k_.dot(e, z, n_, max, false) / total;
    k_.softmax_vjp(e, z, out, n_, max, static_cast<T>(center), static_cast<T>(1 / total), false, false);
  }

  void row(std::size_t number, const T* x, T* out, double* memory) const {
    if (n_ > kChunk) return long_row(number, x, out, memory);
    const T max = k_.max(x, n_, logits_.negate());
    if (is_limit(max, logits_.beta) || spoilt(number, x)) return limit_row(number, x, out, max);
    T e[kChunk];
    const double total = k_.exp_sum(x, e, n_, max, logits_.beta);
    finish(e, x, out, logit(max), total);
  }

  void long_row(std::size_t number, const T* x, T* out, double* memory) const {
    const std::size_t chunks = chunk_count(n_);
    const ChunkParts parts(memory, chunks);
    const bool limit = logits_.beta == 0 || !logits_.beta_is_finite();
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      const T max = k_.max(x + start, length, logits_.negate());
      parts.max[c] = max;
      parts.sum[c] = parts.own[c] = 0;
      if (limit || max - max != 0) return;
      T e[kChunk];
      parts.sum[c] = k_.exp_sum(x + start, e, length, max, logits_.beta);
      parts.own[c] = k_.dot(e, x + start, length, logit(max), false);
    });
    const double max = row_max(parts, chunks);
    if (is_limit(max, logits_.beta) || spoilt(number, x)) return limit_row(number, x, out, static_cast<T>(max));
    weigh(parts, chunks, max, logits_.beta);
    for (std::size_t c = 0; c < chunks; ++c) {
      if (parts.weight[c] == 0) {
        parts.sum[c] = parts.own[c] = 0;
        continue;
      }
      const double below = logits_.negate() ? max - parts.max[c] : parts.max[c] - max;
      parts.own[c] = parts.weight[c] * (parts.own[c] + below * parts.sum[c]);
      parts.sum[c] *= parts.weight[c];
    }
    const double total = sum_in_order(parts.sum, chunks);
    const T center = static_cast<T>(sum_in_order(parts.own, chunks) / total);
    each_chunk(n_, true, [&](std::size_t c, std::size_t start, std::size_t length) {
      if (parts.weight[c] == 0) return fill(out + start, length, T(0));
      T e[kChunk];
      k_.exp_sum(x + start, e, length, static_cast<T>(parts.max[c]), logits_.beta);
      k_.softmax_vjp(e, x + start, out + start, length, logit(static_cast<T>(max)), center,
                     static_cast<T>(parts.weight[c] / total), false, false);
    });
  }

  // p does not change with beta where an infinity decides, nor at beta = +-Infinity. At beta = 0 p is uniform.
  void limit_row(std::size_t number, const T* x, T* out, T max) const {
    if (is_nan_row(logits_, tiles_, number, x, max) || spoilt(number, x)) {
      return fill(out, n_, static_cast<T>(__builtin_nan("")));
    }
    if (max - max != 0 || logits_.beta != 0) return fill(out, n_, T(0));
    // Each element's share times the difference from the mean, the mean in chunks.
    const Share<T> s = share(x, n_, max, logits_);
    const double count = static_cast<double>(s.count);
    CompensatedSum sum;
    T e[kChunk];
    for (const bool summing : {true, false}) {
      const T center = static_cast<T>(sum.total() / count);
      for (std::size_t start = 0; start < n_; start += kChunk) {
        const std::size_t length = n_ - start < kChunk ? n_ - start : kChunk;
        write_share(x + start, e, length, s, T(1), T(0));
        if (summing) {
          sum.add(k_.dot(e, x + start, length, max, false));
        } else {
          k_.softmax_vjp(e, x + start, out + start, length, max, center, static_cast<T>(1 / count), false, false);
        }
      }
    }
  }
};

}  // namespace

template <class T>
Outcome softmax_beta_gradient(const Logits<T>& logits, T* out) {
  const Outcome outcome = refused(logits);
  if (outcome.status != Status::kOk || logits.layout.size() == 0) return outcome;
  const RowTiles<T> tiles(logits);
  const BetaGradient<T> operation(logits, tiles);
  return write_tiles(logits, tiles, out, [&](RowTile tile, const T* x, T* rows, const Workspace<T>& workspace) {
    operation.rows(tile.first, tile.count, x, rows, workspace.chunks);
    if (logits.mask != nullptr) tiles.exclude(tile, T(0), rows);
  });
}

template Outcome softmax_beta_gradient<float>(const Logits<float>&, float*);
template Outcome softmax_beta_gradient<double>(const Logits<double>&, double*);

}  // namespace softmax_native
