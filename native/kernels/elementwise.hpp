// out[i] = f(x[i]): the shape that the other elementwise kernels share, and exp, log, log1p themselves.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// One vector in every place: for the tails.
template <class V>
inline Four<V> four_of(V v) {
  return {{v, v, v, v}};
}

// out = f(x), where f maps four vectors at a time: a main loop, single vectors, one masked tail. x may be out.
template <class V, class F>
inline void map_fours(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, const F& f) {
  constexpr std::size_t kLanes = V::kLanes;
  const std::size_t unrolled = n - n % (4 * kLanes), whole = n - n % kLanes;
  std::size_t i = 0;
  for (; i < unrolled; i += 4 * kLanes) {
    const typename V::Scalar* from = x + i;
    const Four<V> y = f(each<V>([=](int k) SOFTMAX_INLINE_LAMBDA { return V::load(from + k * kLanes); }));
    for (std::size_t k = 0; k < 4; ++k) y.v[k].store(out + i + k * kLanes);
  }
  for (; i < whole; i += kLanes) f(four_of(V::load(x + i))).v[0].store(out + i);
  if (i < n) f(four_of(V::load_partial(x + i, n - i, V::broadcast(0)))).v[0].store_partial(out + i, n - i);
}

// The same for an f of single vectors.
template <class V, class F>
inline void map(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, const F& f) {
  map_fours<V>(x, out, n, [f](const Four<V>& v) SOFTMAX_INLINE_LAMBDA {
    return each<V>([&](int k) SOFTMAX_INLINE_LAMBDA { return f(v.v[k]); });
  });
}

// Elements before out is aligned to a register, at most n.
template <class V>
inline std::size_t until_aligned(const typename V::Scalar* out, std::size_t n) {
  const std::size_t behind = reinterpret_cast<std::uintptr_t>(out) % sizeof(V) / sizeof(typename V::Scalar);
  const std::size_t head = behind == 0 ? 0 : V::kLanes - behind;
  return head < n ? head : n;
}

// map with stores that bypass the caches, for results that will not be read again soon: only from about 16 MB on, in
// cache they are two to five times slower.
template <class V, class F>
inline void map_streaming(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, const F& f) {
  std::size_t i = until_aligned<V>(out, n);
  map<V>(x, out, i, f);
  for (const std::size_t end = n - (n - i) % V::kLanes; i < end; i += V::kLanes) V(f(V::load(x + i))).stream(out + i);
  map<V>(x + i, out + i, n - i, f);
}

// e^x for x <= 0; NaN for NaN. Error at most 1 ulp, gradual underflow included.
template <class V>
void exp(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n) {
  map_fours<V>(x, out, n, [](const Four<V>& p) {
    const Four<V> y = exp_any<Fused>(p, NoCorrection{});
    return each<V>([&](int k) { return V(V::select(V::unordered(p.v[k], p.v[k]), p.v[k], y.v[k])); });
  });
}

// A float64 function on float32 data: half a float32 ulp but for rare double roundings. On float64 data, itself.
template <class V, class Function>
inline V through_wide(V v, const Function& f) {
  F64 parts[V::kWideParts];
  parts[0] = f(v.template widen<0>());
  if constexpr (V::kWideParts == 2) parts[1] = f(v.template widen<1>());
  return V::narrow(parts);
}

// log x for x >= 0 (log 0 = -Infinity), NaN below. Error at most 1 ulp (0.51 in float32, computed in float64).
template <class V>
void log(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n) {
  map<V>(x, out, n, [](V v) { return through_wide(v, [](F64 w) { return log_any(w); }); });
}

// log(1 + x) for x >= 0. Error as log.
template <class V>
void log1p(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n) {
  map<V>(x, out, n, [](V v) { return through_wide(v, [](F64 w) { return log1p_any(w); }); });
}

}  // namespace softmax_native::SOFTMAX_ISA
