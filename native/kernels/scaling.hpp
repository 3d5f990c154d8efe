// d = key - max and p = |beta| d for a vector, where key = sign(beta) x: the argument of every exponential of a row.
// z - max is formed before the product with beta. |beta| is kept in two parts and the product's rounding error is
// passed on as a correction, so that only the subtraction rounds. beta = 1 costs nothing: a template, not a test.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

template <class V>
class UnitScaling {
 public:
  using T = typename V::Scalar;

  UnitScaling(T max, double) : max_(V::broadcast(max)) {}

  V key(V x) const { return x; }
  V max() const { return max_; }
  void set_max(V max) { max_ = max; }
  V below_max(V key) const { return key - max_; }
  V product(V d) const { return d; }
  NoCorrection corrections(const Four<V>&, const Four<V>&) const { return {}; }
  // By addition, so that -0 - 0 is the logarithm's +0.
  V shifted(V d, V by) const { return d + (V::broadcast(0) - by); }

 private:
  V max_;
};

template <class V>
class BetaScaling {
 public:
  using T = typename V::Scalar;

  BetaScaling(T max, double beta) : max_(V::broadcast(max)), sign_(V::broadcast(beta < 0 ? T(-0.0) : T(0.0))) {
    const double magnitude = beta < 0 ? -beta : beta;
    const T high = static_cast<T>(magnitude);
    high_ = V::broadcast(high);
    low_ = V::broadcast(static_cast<T>(magnitude - static_cast<double>(high)));
  }

  V key(V x) const { return x ^ sign_; }
  V max() const { return max_; }
  void set_max(V max) { max_ = max; }
  V below_max(V key) const { return key - max_; }
  V product(V d) const { return d * high_; }
  // What beta d has beyond p, the rounded product.
  SOFTMAX_INLINE Four<V> corrections(const Four<V>& d, const Four<V>& p) const {
    return each<V>([&](int i) SOFTMAX_INLINE_LAMBDA {
      return V::fma(d.v[i], low_, V::fma(d.v[i], high_, p.v[i] ^ V::broadcast(T(-0.0))));
    });
  }
  // beta d - by with one rounding of the leading part. An infinite beta d stays: its correction would be NaN.
  V shifted(V d, V by) const {
    const V minus = V::broadcast(0) - by;
    const auto infinite = d * high_ == V::broadcast(-T(__builtin_inf()));
    return V::fma(d, high_, V(V::select(infinite, minus, V::fma(d, low_, minus))));
  }

 private:
  V max_, sign_, high_, low_;
};

// Calls f with the scaling of this max and beta.
template <class V, class F>
inline auto with_scaling(typename V::Scalar max, double beta, const F& f) {
  return beta == 1 ? f(UnitScaling<V>(max, beta)) : f(BetaScaling<V>(max, beta));
}

// The exponentials of four vectors of keys: `normal` for keys that is_normal accepts, `any` for all.
template <class Arithmetic, class V, class Scaling>
SOFTMAX_INLINE Four<V> exp_normal_of(const Scaling& scaling, const Four<V>& keys) {
  const Four<V> d = each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return scaling.below_max(keys.v[i]); });
  const Four<V> p = each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return scaling.product(d.v[i]); });
  return exp_normal<Arithmetic>(p, scaling.corrections(d, p));
}

template <class Arithmetic, class V, class Scaling>
inline Four<V> exp_any_of(const Scaling& scaling, const Four<V>& keys) {
  const Four<V> d = each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return scaling.below_max(keys.v[i]); });
  const Four<V> p = each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return scaling.product(d.v[i]); });
  return exp_any<Arithmetic>(p, scaling.corrections(d, p));
}

// Whether no key of the vector is too far below the maximum for exp_normal. Both roundings on the way are monotone, so
// that one look at the least key of a group answers for the group.
template <class V, class Scaling>
inline bool is_normal(const Scaling& scaling, V least) {
  return !V::any(scaling.product(scaling.below_max(least)) < V::broadcast(Exp<V>::kNormalMin));
}

}  // namespace softmax_native::SOFTMAX_ISA
