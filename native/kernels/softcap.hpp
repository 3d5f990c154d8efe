// Soft capping of logits: cap tanh(x / cap), and the product with its derivative. In float64 for float32 data too.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// e^x - 1 for x <= 0, or NaN. Error below 1 ulp, near 0 too: 2^k (e^r - 1) + (2^k - 1), in which 2^k - 1 is exact.
inline F64 expm1_any(F64 x) {
  using K = Exp<F64>;
  const F64 one = F64::broadcast(1), round = F64::broadcast(K::kRound);
  const F64 p = F64::max(F64::broadcast(-50), x);  // beyond it is -1
  const F64 rounded = F64::fma(p, F64::broadcast(K::kLog2e), round), k = rounded - round;
  const F64 r = F64::fma(k, F64::broadcast(-K::kLn2Low), F64::fma(k, F64::broadcast(-K::kLn2High), p));
  const F64 fraction = F64::fma(r * r, exp_tail<Fused>(four_of(r)).v[0], r), power = times_power(one, rounded);
  return F64::fma(power, fraction, power - one);
}

inline F64 magnitude_of(F64 x) { return F64::max(x, F64::broadcast(0) - x); }

// tanh |x| = -t / (2 + t), t = e^(-2 |x|) - 1.
inline F64 tanh_any(F64 x) {
  const F64 size = magnitude_of(x), t = expm1_any(size * F64::broadcast(-2));
  return ((F64::broadcast(0) - t) / (F64::broadcast(2) + t)) ^ (x ^ size);
}

// 1 - tanh^2 x = 4 e / (1 + e)^2, e = e^(-2 |x|): nothing cancels.
inline F64 tanh_slope(F64 x) {
  const F64 one = F64::broadcast(1);
  const F64 e = exp_any<Fused>(four_of(magnitude_of(x) * F64::broadcast(-2)), NoCorrection{}).v[0];
  const F64 slope = (F64::broadcast(4) * e) / ((one + e) * (one + e));
  return F64::select(F64::unordered(x, x), x, slope);
}

// out[i] = cap tanh(x[i] / cap), cap > 0. x may be out. Infinity gives cap. Error at most 4 ulp (2 in float32).
template <class V>
void softcap(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, double cap) {
  const F64 c = F64::broadcast(cap), inverse = F64::broadcast(1 / cap);
  map<V>(x, out, n,
         [c, inverse](V v) { return through_wide(v, [c, inverse](F64 w) { return F64(c * tanh_any(w * inverse)); }); });
}

// out[i] = g[i] (1 - tanh^2(x[i] / cap)). x or g may be out. Error at most 6 ulp (2 in float32).
template <class V>
void softcap_vjp(const typename V::Scalar* x, const typename V::Scalar* g, typename V::Scalar* out, std::size_t n,
                 double cap) {
  const F64 inverse = F64::broadcast(1 / cap);
  const V zero = V::broadcast(0);
  for (std::size_t i = 0; i < n; i += V::kLanes) {
    const V z = load_some<V>(x, i, n - i, zero), v = load_some<V>(g, i, n - i, zero);
    F64 parts[V::kWideParts];
    parts[0] = tanh_slope(z.template widen<0>() * inverse) * v.template widen<0>();
    if constexpr (V::kWideParts == 2) parts[1] = tanh_slope(z.template widen<1>() * inverse) * v.template widen<1>();
    const V y = V::narrow(parts);
    if (n - i >= V::kLanes) {
      y.store(out + i);
    } else {
      y.store_partial(out + i, n - i);
    }
  }
}

}  // namespace softmax_native::SOFTMAX_ISA
