// log |sum w e^(beta z)| with signs. The weights of the greatest logits and the other terms are summed apart, so that a
// weight of 1 there leaves log1p of the rest, as without weights.
#include "each_tile.hpp"
#include "limits.hpp"
#include "log_sum_exp.hpp"
#include "long_rows.hpp"
#include "non_finite.hpp"

namespace softmax_native {
namespace {

struct Signed {
  double log_magnitude, sign;
};

double sign_of(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

// log |at_max + rest| without cancelling where the rest is small beside a weight of 1.
Signed log_signed(double at_max, double rest) {
  const double sum = at_max + rest, ratio = rest / at_max;
  if (sum == 0) return {-__builtin_inf(), 0};
  const double magnitude = at_max < 0 ? -at_max : at_max;
  if (ratio >= 0 && ratio < 1) {
    double log1p_ratio = ratio;
    kernels().f64.log1p(&log1p_ratio, &log1p_ratio, 1);
    return {(magnitude == 1 ? 0 : log_of(magnitude)) + log1p_ratio, sign_of(at_max)};
  }
  return {log_of(sum < 0 ? -sum : sum), sign_of(sum)};
}

template <class T>
class Weighted {
 public:
  explicit Weighted(const Logits<T>& logits) : logits_(logits) {}

  // x is the row with what takes no part (masked, or of weight 0) at the excluded infinity, w its weights.
  Signed row(const T* x, const T* w, bool over_beta) const {
    const std::size_t n = logits_.layout.n;
    const KernelsOf<T>& k = kernels().of<T>();
    const double beta = logits_.beta;
    const T max = k.max(x, n, logits_.negate());
    if (max != max) return {max, max};
    if (max == -static_cast<T>(__builtin_inf())) return {-__builtin_inf(), 0};
    if (beta == 0 && logits_.rule == NonFinite::kIeee && has_weighted_infinity(x, w)) {
      return {__builtin_nan(""), __builtin_nan("")};
    }
    if (is_limit(max, beta)) return limit(x, w, max, over_beta);
    CompensatedSum rest, at_max;
    for (std::size_t start = 0; start < n; start += kChunk) {
      const std::size_t length = n - start < kChunk ? n - start : kChunk;
      double below, maxima;
      k.weighted_exp_rest(x + start, w + start, length, max, beta, &below, &maxima);
      rest.add(below);
      at_max.add(maxima);
    }
    Signed s = log_signed(at_max.total(), rest.total());
    const double key = static_cast<double>(max);
    s.log_magnitude = over_beta ? (beta < 0 ? -key : key) + s.log_magnitude / beta
                                : (beta < 0 ? -beta : beta) * key + s.log_magnitude;
    return s;
  }

 private:
  const Logits<T>& logits_;

  // 0 * Infinity, which IEEE arithmetic makes NaN.
  bool has_weighted_infinity(const T* x, const T* w) const {
    for (std::size_t j = 0; j < logits_.layout.n; ++j) {
      if (w[j] != 0 && x[j] - x[j] != 0) return true;
    }
    return false;
  }

  // Infinite logits, beta = 0, beta = +-Infinity: only the weights of those that share the mass count.
  Signed limit(const T* x, const T* w, T max, bool over_beta) const {
    const Share<T> s = share(x, logits_.layout.n, max, logits_);
    CompensatedSum sum;
    for (std::size_t j = 0; j < logits_.layout.n; ++j) {
      if ((x[j] == s.value) == s.by_equal) sum.add(static_cast<double>(w[j]));
    }
    const double total = sum.total(), sign = logits_.negate() ? -1 : 1, key = static_cast<double>(max);
    if (total != total) return {total, total};
    if (key - key != 0)
      return total == 0 ? Signed{__builtin_nan(""), __builtin_nan("")}
                        : Signed{over_beta ? key * sign : key, sign_of(total)};
    const double log_total = total == 0 ? -__builtin_inf() : log_of(total < 0 ? -total : total);
    if (logits_.beta == 0) {
      return {!over_beta ? log_total : log_total == 0 ? key : log_total * __builtin_inf(), sign_of(total)};
    }
    if (over_beta) return {sign * key, sign_of(total)};
    return {key == 0 ? log_total : key * __builtin_inf(), sign_of(total)};
  }
};

}  // namespace

template <class T>
Outcome weighted_log_sum_exp(const Logits<T>& logits, const Broadcast<T>& weights, bool over_beta, T* out, T* sign) {
  const Layout& layout = logits.layout;
  const std::size_t n = layout.n, rows = layout.rows();
  const Outcome outcome = refused(logits);
  if (outcome.status != Status::kOk) return outcome;
  if (rows == 0) return {};
  const RowTiles<T> tiles(logits);
  const std::size_t slots = Pool::shared().threads();
  const Scratch scratch(2 * slots, (n == 0 ? 1 : n) * sizeof(T));
  if (!scratch.ok()) return {Status::kOutOfMemory, 0};
  const Weighted<T> weighted(logits);
  auto task = [&](std::size_t row, std::size_t slot) {
    T* x = scratch.template part<T>(2 * slot);
    T* w = scratch.template part<T>(2 * slot + 1);
    const std::size_t o = row / layout.inner, i = row % layout.inner;
    const Strides& s = weights.strides;
    for (std::size_t j = 0; j < n; ++j) {
      w[j] = tiles.takes_part(row, j) ? weights.data[o * s.outer + j * s.n + i * s.inner] : T(0);
      x[j] = w[j] != 0 ? logits.data[(o * n + j) * layout.inner + i] : excluded_key(logits);
    }
    const Signed value = weighted.row(x, w, over_beta);
    const bool negative = value.sign < 0;
    out[row] = static_cast<T>(negative && sign == nullptr ? __builtin_nan("") : value.log_magnitude);
    if (sign != nullptr) sign[row] = static_cast<T>(value.sign);
  };
  run_tasks(rows, slots, layout.size(), task);
  return {};
}

template Outcome weighted_log_sum_exp<float>(const Logits<float>&, const Broadcast<float>&, bool, float*, float*);
template Outcome weighted_log_sum_exp<double>(const Logits<double>&, const Broadcast<double>&, bool, double*, double*);

}  // namespace softmax_native
