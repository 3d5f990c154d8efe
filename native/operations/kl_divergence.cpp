// The Kullback-Leibler divergence: two passes over both rows, a third where they are near each other and the plain
// difference of logarithms would cancel (kernels/divergence.hpp).
#include "kl_divergence.hpp"

#include "each_tile.hpp"
#include "limits.hpp"
#include "long_rows.hpp"
#include "non_finite.hpp"

namespace softmax_native {
namespace {

constexpr double kInfinity = __builtin_inf();

double log1p_of(double x) {
  kernels().f64.log1p(&x, &x, 1);
  return x;
}

template <class T>
class Divergence {
 public:
  Divergence(const Logits<T>& logits, const RowTiles<T>& tiles)
      : logits_(logits), tiles_(tiles), n_(logits.layout.n), k_(kernels().of<T>()) {}

  // Doubles of its own for a row: the sums of its chunks.
  static std::size_t own(std::size_t n) { return n > kChunk ? kSums * chunk_count(n) * sizeof(double) : 0; }

  double row(std::size_t number, const T* x, const T* y, double* own) const {
    const T x_max = greatest(x), y_max = greatest(y);
    if (is_nan_row(logits_, tiles_, number, x, x_max) || is_nan_row(logits_, tiles_, number, y, y_max)) {
      return __builtin_nan("");
    }
    if (x_max == -static_cast<T>(kInfinity)) return 0;
    if (is_limit(x_max, logits_.beta) || is_limit(y_max, logits_.beta)) return limit_row(x, y, x_max, y_max);
    if (has_missing_class(x, y)) return kInfinity;
    const double size = logits_.beta < 0 ? -logits_.beta : logits_.beta;
    double only[kSums];
    double* const sums = n_ > kChunk ? own : only;
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      k_.divergence_sums(x + start, y + start, length, x_max, y_max, logits_.beta, sums + c * kSums);
    });
    double total[kSums];
    for (std::size_t i = 0; i < kSums; ++i) total[i] = sum_of(sums + i, kSums);
    const double x_rest = total[0] + (total[1] - 1), y_rest = total[2] + (total[3] - 1);
    const double mean = size * total[4] / (1 + x_rest);
    const double direct = log1p_of(y_rest) - log1p_of(x_rest) - mean;
    // The difference's error is some ulp of 1 + direct.
    if (!(direct < 0.5)) return direct;
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      sums[c] = k_.divergence_excess(x + start, y + start, length, x_max, y_max, logits_.beta, mean);
    });
    const double excess = sum_of(sums, 1);
    return excess > 0 ? log1p_of(excess / (1 + x_rest)) : 0;
  }

 private:
  static constexpr std::size_t kSums = 5;
  const Logits<T>& logits_;
  const RowTiles<T>& tiles_;
  const std::size_t n_;
  const KernelsOf<T>& k_;

  T greatest(const T* x) const { return k_.max(x, n_, logits_.negate()); }

  double sum_of(const double* sums, std::size_t stride) const {
    CompensatedSum sum;
    for (std::size_t c = 0; c < chunk_count(n_); ++c) sum.add(sums[c * stride]);
    return sum.total();
  }

  // Whether p is above 0 where q is 0, of ordinary rows: also where e^(beta (z - max)) is rounded to 0.
  bool has_missing_class(const T* x, const T* y) const {
    const T none = excluded_key(logits_);
    std::size_t j = k_.find_equal(y, n_, none);
    while (j < n_ && (x[j] == none || y[j] != none)) ++j;
    return j < n_;
  }

  // Rows of which one or both are shared by some classes alone.
  double limit_row(const T* x, const T* y, T x_max, T y_max) const {
    const Side p = side(x, x_max), q = side(y, y_max);
    CompensatedSum sum;
    for (std::size_t j = 0; j < n_; ++j) {
      if (!takes_part(p, x[j])) continue;
      if (!takes_part(q, y[j])) return kInfinity;
      const double log_p = log_probability(p, x[j]);
      double probability = log_p;
      kernels().f64.exp(&probability, &probability, 1);
      if (probability != 0) sum.add(probability * (log_p - log_probability(q, y[j])));
    }
    return sum.total();
  }

  // One of the two rows: shared by some, or an ordinary softmax.
  struct Side {
    bool limit;
    Share<T> share;
    double max, log_sum;
  };

  Side side(const T* x, T max) const {
    const bool limit = is_limit(max, logits_.beta);
    Side side{limit, share(x, n_, max, logits_), static_cast<double>(max), 0};
    if (limit) {
      side.log_sum = side.share.count == 0 ? kInfinity : log_of(static_cast<double>(side.share.count));
      return side;
    }
    CompensatedSum rest;
    double maxima = 0;
    for (std::size_t start = 0; start < n_; start += kChunk) {
      const std::size_t length = n_ - start < kChunk ? n_ - start : kChunk;
      double sums[kSums];
      k_.divergence_sums(x + start, x + start, length, max, max, logits_.beta, sums);
      rest.add(sums[0]);
      maxima += sums[1];
    }
    side.log_sum = log1p_of(rest.total() + (maxima - 1));
    return side;
  }

  bool takes_part(const Side& side, T x) const {
    if (!side.limit) return x != excluded_key(logits_);
    return side.share.count != 0 && (x == side.share.value) == side.share.by_equal;
  }

  // Of a class that takes part.
  double log_probability(const Side& side, T x) const {
    if (side.limit) return -side.log_sum;
    const double key = static_cast<double>(logits_.negate() ? -x : x);
    const double size = logits_.beta < 0 ? -logits_.beta : logits_.beta;
    return size * (key - side.max) - side.log_sum;
  }
};

}  // namespace

template <class T>
Outcome kl_divergence(const Logits<T>& logits, const T* other, T* out) {
  const std::size_t n = logits.layout.n;
  Logits<T> others = logits;
  others.data = other;
  const Outcome of_logits = refused(logits), of_others = refused(others);
  if (of_logits.status != Status::kOk && (of_others.status == Status::kOk || of_logits.row <= of_others.row)) {
    return of_logits;
  }
  if (of_others.status != Status::kOk) return of_others;
  if (n == 0) {
    fill(out, logits.layout.rows(), T(0));
    return {};
  }
  const RowTiles<T> tiles(logits);
  const Divergence<T> operation(logits, tiles);
  return each_tile(
      logits, tiles,
      [&](RowTile tile, const T* x, const Workspace<T>& workspace) {
        const T* y =
            tiles.read(other, tile, excluded_key(logits), workspace.rows == nullptr ? nullptr : workspace.array(1));
        for (std::size_t r = 0; r < tile.count; ++r) {
          out[tile.first + r] = static_cast<T>(
              operation.row(tile.first + r, x + r * n, y + r * n, reinterpret_cast<double*>(workspace.own)));
        }
      },
      2, Divergence<T>::own(n));
}

template Outcome kl_divergence<float>(const Logits<float>&, const float*, float*);
template Outcome kl_divergence<double>(const Logits<double>&, const double*, double*);

}  // namespace softmax_native
