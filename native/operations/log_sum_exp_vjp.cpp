// The gradient of log-sum-exp: a softmax whose rows are multiplied, in its last pass, with beta g[row].
#include "derivatives.hpp"

#include "non_finite.hpp"
#include "softmax_rows.hpp"

namespace softmax_native {
namespace {

// beta g[row], and 0 where log-sum-exp does not change in z: of the row's softmax only NaN is left then.
template <class T>
struct GradientGain {
  static constexpr bool kOne = false;
  const T* g;
  double beta;
  bool constant;

  // Whether the gain is a number of T: what is not is for times_infinite.
  bool fits(std::size_t row) const {
    const T gain = of(row);
    return constant ? gain == gain : gain - gain == 0;
  }
  T of(std::size_t row) const { return constant ? g[row] : static_cast<T>(beta * static_cast<double>(g[row])); }
  double operator()(std::size_t row) const {
    if (constant) return 0;
    return fits(row) ? beta * static_cast<double>(g[row]) : 1;
  }
};

// p times a gain that is infinite or NaN, where the rule 'limit' leaves a class with p = 0 at 0.
template <class T>
void times_infinite(T* p, std::size_t n, T gain, bool plain) {
  for (std::size_t j = 0; j < n; ++j) p[j] = p[j] == 0 && gain == gain && !plain ? T(0) : p[j] * gain;
}

// The row x of logits where g is infinite, under 'limit': softmax is not 0 where a class takes part, though it may be
// rounded to it.
template <class T>
void infinite_row(const Logits<T>& logits, const T* x, T* out, T gain) {
  const std::size_t n = logits.layout.n;
  const T max = kernels().of<T>().max(x, n, logits.negate());
  if (max != max) return fill(out, n, max);
  if (is_limit(max, logits.beta)) return write_share(x, out, n, share(x, n, max, logits), gain, T(0));
  kernels().of<T>().select_equal(x, out, n, excluded_key(logits), T(0), gain);
}

// How many rows come before the first with an infinite g.
template <class T>
std::size_t finite_rows(const T* g, std::size_t count) {
  std::size_t r = 0;
  while (r < count && (g[r] - g[r] == 0 || g[r] != g[r])) ++r;
  return r;
}

template <class T>
Outcome refused(const Logits<T>& logits, const T* g) {
  const Outcome of_logits = refused(logits);
  if (logits.rule != NonFinite::kThrow) return {};
  const std::size_t rows = logits.layout.rows(), end = of_logits.status == Status::kOk ? rows : of_logits.row;
  const std::size_t row = kernels().of<T>().find_non_finite(g, end);
  return row < end ? Outcome{Status::kNonFinite, row} : of_logits;
}

}  // namespace

template <class T>
Outcome log_sum_exp_vjp(const Logits<T>& logits, const T* g, T* out) {
  const Outcome outcome = refused(logits, g);
  if (outcome.status != Status::kOk || logits.layout.size() == 0) return outcome;
  const RowTiles<T> tiles(logits);
  const std::size_t n = logits.layout.n;
  const bool stream = tiles.direct() && logits.layout.size() * sizeof(T) >= kSoftmaxStreamBytes;
  const bool constant = logits.beta == 0 || !logits.beta_is_finite(), plain = logits.rule == NonFinite::kIeee;
  const GradientGain<T> gain{g, logits.beta, constant};
  const SoftmaxRows<T, GradientGain<T>> softmax(logits, tiles, stream, gain);
  return write_tiles(logits, tiles, out, [&](RowTile tile, const T* x, T* rows, const Workspace<T>& workspace) {
    for (std::size_t r = 0; r < tile.count; ++r) {
      // Up to a row with an infinite g, which no exponential decides.
      const std::size_t left = tile.count - r, some = constant || plain ? left : finite_rows(g + tile.first + r, left);
      softmax.rows(tile.first + r, some, x + r * n, rows + r * n, workspace.chunks);
      for (const std::size_t end = r + some; r < end; ++r) {
        const std::size_t row = tile.first + r;
        if (!gain.fits(row)) times_infinite(rows + r * n, n, gain.of(row), plain);
      }
      if (r < tile.count) infinite_row(logits, x + r * n, rows + r * n, gain.of(tile.first + r));
    }
    if (logits.mask != nullptr) tiles.exclude(tile, T(0), rows);
  });
}

template Outcome log_sum_exp_vjp<float>(const Logits<float>&, const float*, float*);
template Outcome log_sum_exp_vjp<double>(const Logits<double>&, const double*, double*);

}  // namespace softmax_native
