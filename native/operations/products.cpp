// Products with the Jacobians of softmax and log-softmax at given probabilities: a sum over the row, then elements made
// with it while the row is still in the caches.
#include "derivatives.hpp"

#include "each_tile.hpp"
#include "limits.hpp"
#include "long_rows.hpp"

namespace softmax_native {
namespace {

// Results from this size on are written past the caches, which otherwise would first read what is to be overwritten.
constexpr std::size_t kStreamBytes = std::size_t{16} << 20;

template <class T>
T minus_infinity() {
  return -static_cast<T>(__builtin_inf());
}

// What tells the products apart. `idle` is the point at which a class takes no part. Where the formula as it stands
// gives idle classes nothing to do as long as all g are finite and none overflows on its way, the cheaper `plain`
// kernels serve, and the sum says whether that held: an infinity or NaN at p = 0 makes it NaN.
// `corrected` looks at a sum that is not finite: e^l of a class that takes part is not 0, though it may be rounded to
// it.
template <class T>
struct SoftmaxVjp {
  static constexpr bool kPlainIfFinite = true;
  static constexpr bool kShortRows = true;
  static T corrected(const T*, const T*, std::size_t, T sum) { return sum; }
  static T idle() { return 0; }
  static double sum(const T* p, const T* g, std::size_t n, bool plain) {
    return kernels().of<T>().dot(p, g, n, T(0), plain);
  }
  static void write(const T* p, const T* g, T* out, std::size_t n, T sum, T factor, bool plain, bool stream) {
    kernels().of<T>().softmax_vjp(p, g, out, n, T(0), sum, factor, plain, stream);
  }
};

template <class T>
struct LogSoftmaxVjp {
  static constexpr bool kPlainIfFinite = false, kShortRows = false;
  static T corrected(const T*, const T*, std::size_t, T sum) { return sum; }
  static T idle() { return minus_infinity<T>(); }
  static double sum(const T* l, const T* g, std::size_t n, bool plain) {
    return kernels().of<T>().part_sum(l, g, n, plain);
  }
  static void write(const T* l, const T* g, T* out, std::size_t n, T sum, T factor, bool plain, bool stream) {
    // e^l times an infinite sum is that sum.
    if (!plain && sum - sum != 0) return kernels().of<T>().log_softmax_jvp(l, g, out, n, sum, factor, plain, stream);
    kernels().of<T>().log_softmax_vjp(l, g, out, n, sum, factor, plain, stream);
  }
};

template <class T>
struct LogSoftmaxJvp {
  static constexpr bool kPlainIfFinite = false, kShortRows = false;
  static T corrected(const T* l, const T* t, std::size_t n, T sum) {
    const T infinity = -minus_infinity<T>();
    bool up = false, down = false;
    for (std::size_t j = 0; j < n; ++j) {
      if (l[j] == -infinity) continue;
      if (l[j] - l[j] != 0 || t[j] != t[j]) return sum;
      up = up || t[j] == infinity;
      down = down || t[j] == -infinity;
    }
    return up == down ? sum : up ? infinity : -infinity;
  }
  static T idle() { return minus_infinity<T>(); }
  static double sum(const T* l, const T* t, std::size_t n, bool plain) {
    return kernels().of<T>().exp_dot(l, t, n, plain);
  }
  static void write(const T* l, const T* t, T* out, std::size_t n, T sum, T factor, bool plain, bool stream) {
    kernels().of<T>().log_softmax_jvp(l, t, out, n, sum, factor, plain, stream);
  }
};

template <class T, class Formula>
class Products {
 public:
  Products(const Logits<T>& point, bool stream)
      : n_(point.layout.n), beta_(point.beta), constant_(point.beta == 0 || !point.beta_is_finite()),
        plain_(point.rule == NonFinite::kIeee && !constant_), stream_(stream) {}

  void rows(std::size_t count, const T* x, const T* g, T* out, double* chunks) const {
    for (std::size_t r = 0; r < count; ++r) {
      r += short_rows(count - r, x + r * n_, g + r * n_, out + r * n_);
      if (r < count) row(x + r * n_, g + r * n_, out + r * n_, chunks);
    }
  }

 private:
  // A quarter of an ulp of the greatest number: g less this is finite for every finite g.
  static constexpr T kGreatestSum = sizeof(T) == sizeof(float) ? T(0x1p102) : static_cast<T>(0x1p969);
  // Rows of 10 take a quarter of the time that they take one by one; at 64 there is nothing left to gain.
  static constexpr std::size_t kTogether = 48;
  const std::size_t n_;
  const double beta_;
  const bool constant_, plain_, stream_;

  // Rows up to the first whose sum needs a look; how many.
  std::size_t short_rows(std::size_t count, const T* x, const T* g, T* out) const {
    if (!Formula::kShortRows || n_ == 0 || n_ > kTogether || constant_) return 0;
    return kernels().of<T>().softmax_vjp_short(x, g, out, count, n_, static_cast<T>(beta_), kGreatestSum);
  }

  void row(const T* x, const T* g, T* out, double* chunks) const {
    bool plain = plain_ || Formula::kPlainIfFinite;
    T sum = static_cast<T>(sum_of(x, g, plain, chunks));
    if (plain != plain_ && !(sum <= kGreatestSum && -sum <= kGreatestSum)) {
      plain = plain_;
      sum = static_cast<T>(sum_of(x, g, plain, chunks));
    }
    if (sum - sum != 0 && !plain_) sum = Formula::corrected(x, g, n_, sum);
    if (constant_ && sum == sum) return fill(out, n_, T(0));
    const T factor = static_cast<T>(constant_ ? 1 : beta_);
    if (n_ <= kChunk) return Formula::write(x, g, out, n_, sum, factor, plain, stream_);
    each_chunk(n_, true, [&](std::size_t, std::size_t start, std::size_t length) {
      Formula::write(x + start, g + start, out + start, length, sum, factor, plain, stream_);
    });
  }

  double sum_of(const T* x, const T* g, bool plain, double* sums) const {
    if (n_ <= kChunk) return Formula::sum(x, g, n_, plain);
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      sums[c] = Formula::sum(x + start, g + start, length, plain);
    });
    return sum_in_order(sums, chunk_count(n_));
  }
};

// The first row with something that takes part and is not finite, or in which nothing takes part.
template <class T>
Outcome refused(const Logits<T>& point, const T* g, T idle) {
  if (point.rule != NonFinite::kThrow) return {};
  const Layout& layout = point.layout;
  const RowTiles<T> tiles(point);
  for (std::size_t row = 0; row < layout.rows(); ++row) {
    const std::size_t start = row / layout.inner * layout.n * layout.inner + row % layout.inner;
    bool any = false;
    for (std::size_t j = 0; j < layout.n; ++j) {
      const T x = point.data[start + j * layout.inner], y = g[start + j * layout.inner];
      if (x == idle || !tiles.takes_part(row, j)) continue;
      any = true;
      if (x - x != 0 || y - y != 0) return {Status::kNonFinite, row};
    }
    if (!any) return {Status::kNonFinite, row};
  }
  return {};
}

template <class T, class Formula>
Outcome product(const Logits<T>& point, const T* g, T* out) {
  const Outcome outcome = refused(point, g, Formula::idle());
  if (outcome.status != Status::kOk || point.layout.size() == 0) return outcome;
  const RowTiles<T> tiles(point, Formula::idle());
  const bool in_place = out == point.data || out == g;
  const bool stream = tiles.direct() && !in_place && point.layout.size() * sizeof(T) >= kStreamBytes;
  const Products<T, Formula> products(point, stream);
  return write_tiles(
      point, tiles, out,
      [&](RowTile tile, const T* x, T* rows, const Workspace<T>& workspace) {
        const T* y = tiles.read(g, tile, T(0), workspace.array(1));
        products.rows(tile.count, x, y, rows, workspace.chunks);
        if (point.mask != nullptr) tiles.exclude(tile, T(0), rows);
      },
      2);
}

}  // namespace

template <class T>
Outcome softmax_vjp(const Logits<T>& p, const T* g, T* out) {
  return product<T, SoftmaxVjp<T>>(p, g, out);
}

template <class T>
Outcome log_softmax_vjp(const Logits<T>& l, const T* g, T* out) {
  return product<T, LogSoftmaxVjp<T>>(l, g, out);
}

template <class T>
Outcome log_softmax_jvp(const Logits<T>& l, const T* t, T* out) {
  return product<T, LogSoftmaxJvp<T>>(l, t, out);
}

template Outcome softmax_vjp<float>(const Logits<float>&, const float*, float*);
template Outcome softmax_vjp<double>(const Logits<double>&, const double*, double*);
template Outcome log_softmax_vjp<float>(const Logits<float>&, const float*, float*);
template Outcome log_softmax_vjp<double>(const Logits<double>&, const double*, double*);
template Outcome log_softmax_jvp<float>(const Logits<float>&, const float*, float*);
template Outcome log_softmax_jvp<double>(const Logits<double>&, const double*, double*);

}  // namespace softmax_native
