// The sums of the Kullback-Leibler divergence of two rows of logits, in float64 for float32 data too. With
// a = |beta| (key(x) - x's greatest key), b the same of y, s = b - a, p = softmax of a:
//   KL(p || q) = log(sum e^b / sum e^a) - m,  m = sum p s
//              = log1p(sum (e^(b - m) - e^a (1 + s - m)) / sum e^a),
// in which every term is positive: right to a few ulp for rows however near. Conditions on x, y as in softmax.hpp.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// a - b as its rounded value and what that lacks (0 where infinite).
struct Difference {
  F64 high, low;

  Difference(F64 a, F64 b) : high(a - b), low(a) {
    const F64 back = high - a;
    low = (a - (high - back)) - (b + back);
    low = F64::zero_where(F64::unordered(low, low), low);
  }
};

// A group of both rows: what is beyond them has the key -Infinity.
template <class Scaling>
class PairGroup {
 public:
  template <class T>
  PairGroup(const Scaling& of_x, const Scaling& of_y, const T* x, const T* y, std::size_t count)
      : of_x_(of_x), of_y_(of_y), maxima_(of_y.max(), of_x.max()) {
    const double never =
        F64::lanes_of(of_x.key(F64::broadcast(1)) < F64::broadcast(0)) != 0 ? __builtin_inf() : -__builtin_inf();
    widen_group(x, count, never, x_);
    widen_group(y, count, never, y_);
  }

  Four<F64> keys_of_x(std::size_t first, std::size_t stride) const {
    return keys_of_four<F64>(of_x_, x_, first, stride);
  }
  Four<F64> keys_of_y(std::size_t first, std::size_t stride) const {
    return keys_of_four<F64>(of_y_, y_, first, stride);
  }

  // (key(y) - key(x)) - (greatest of y - greatest of x), without a rounding that matters.
  F64 gap(F64 key_of_x, F64 key_of_y) const {
    const Difference d(key_of_y, key_of_x);
    return (d.high - maxima_.high) + (d.low - maxima_.low);
  }

 private:
  const Scaling &of_x_, &of_y_;
  Difference maxima_;
  double x_[kGroup], y_[kGroup];
};

// Calls use(group) for the groups of both rows.
template <class T, class Use>
inline void each_pair_group(const T* x, const T* y, std::size_t n, T x_max, T y_max, double beta, const Use& use) {
  with_scaling<F64>(static_cast<double>(x_max), beta, [&](const auto& of_x) {
    auto of_y = of_x;
    of_y.set_max(F64::broadcast(static_cast<double>(y_max)));
    for (std::size_t i = 0; i < n; i += kGroup) {
      use(PairGroup(of_x, of_y, x + i, y + i, n - i < kGroup ? n - i : kGroup), of_x, of_y);
    }
  });
}

// sums[0], [1] = sum of e^a below the maximum, and how many are at it; [2], [3] the same of b; [4] = sum of e^a s /
// |beta|. An x without mass takes no part in the last, whatever its y.
template <class V>
void divergence_sums(const typename V::Scalar* x, const typename V::Scalar* y, std::size_t n, typename V::Scalar x_max,
                     typename V::Scalar y_max, double beta, double* sums) {
  GroupSum<F64> x_below, y_below, x_at, y_at, gaps;
  const F64 one = F64::broadcast(1), zero = F64::broadcast(0);
  each_pair_group(x, y, n, x_max, y_max, beta, [&](const auto& group, const auto& of_x, const auto& of_y) {
    const auto below = [](const auto& scaling, const Four<F64>& keys) {
      const Four<F64> e = exp_any_of<Fused>(scaling, keys);
      return each<F64>([&](int k) { return F64(F64::zero_where(keys.v[k] == scaling.max(), e.v[k])); });
    };
    const auto at = [&](const auto& scaling, const Four<F64>& keys) {
      return each<F64>([&](int k) { return F64(F64::keep_where(keys.v[k] == scaling.max(), one)); });
    };
    x_below.add([&](std::size_t f, std::size_t s) { return below(of_x, group.keys_of_x(f, s)); });
    y_below.add([&](std::size_t f, std::size_t s) { return below(of_y, group.keys_of_y(f, s)); });
    x_at.add([&](std::size_t f, std::size_t s) { return at(of_x, group.keys_of_x(f, s)); });
    y_at.add([&](std::size_t f, std::size_t s) { return at(of_y, group.keys_of_y(f, s)); });
    gaps.add([&](std::size_t f, std::size_t s) {
      const Four<F64> keys = group.keys_of_x(f, s), others = group.keys_of_y(f, s);
      const Four<F64> e = exp_any_of<Fused>(of_x, keys);
      return each<F64>(
          [&](int k) { return F64(F64::zero_where(e.v[k] == zero, e.v[k] * group.gap(keys.v[k], others.v[k]))); });
    });
  });
  sums[0] = x_below.total();
  sums[1] = x_at.total();
  sums[2] = y_below.total();
  sums[3] = y_at.total();
  sums[4] = gaps.total();
}

// sum of e^(b - m) - e^a (1 + s - m), for rows whose divergence is small: b - m is then at most about log n.
template <class V>
double divergence_excess(const typename V::Scalar* x, const typename V::Scalar* y, std::size_t n,
                         typename V::Scalar x_max, typename V::Scalar y_max, double beta, double m) {
  GroupSum<F64> sum;
  const F64 one = F64::broadcast(1), zero = F64::broadcast(0), shift = F64::broadcast(m);
  const F64 near = F64::broadcast(0.34), size = F64::broadcast(beta < 0 ? -beta : beta);
  each_pair_group(x, y, n, x_max, y_max, beta, [&](const auto& group, const auto& of_x, const auto& of_y) {
    sum.add([&](std::size_t f, std::size_t s) {
      const Four<F64> keys = group.keys_of_x(f, s), others = group.keys_of_y(f, s);
      const Four<F64> p = exp_any_of<Fused>(of_x, keys);
      const Four<F64> b = each<F64>([&](int k) { return F64(of_y.product(of_y.below_max(others.v[k])) - shift); });
      const Four<F64> q = exp_any<Fused>(b, NoCorrection{});
      const Four<F64> d =
          each<F64>([&](int k) { return F64(F64::fma(size, group.gap(keys.v[k], others.v[k]), zero - shift)); });
      // e^d = 1 + d + d^2 Q(d), for small d.
      const Four<F64> tail = exp_tail<Fused>(d);
      return each<F64>([&](int k) {
        const F64 e = p.v[k], gap = d.v[k];
        const F64 far = F64::select(e == zero, q.v[k], q.v[k] - e * (one + gap));
        return F64(F64::select(magnitude_of(gap) < near, e * (gap * gap * tail.v[k]), far));
      });
    });
  });
  return sum.total();
}

}  // namespace softmax_native::SOFTMAX_ISA
