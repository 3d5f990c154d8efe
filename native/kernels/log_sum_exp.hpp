// The passes of log-sum-exp and log-softmax over a chunk of a row.
//   log sum_i e^(beta x_i) = beta max + log1p(rest),  rest = sum over all but one maximum of e^(beta (x_i - max))
// The maxima are kept out of the floating sum: next to their 1 the other terms would lose everything below an ulp.
// Conditions on max and x as in softmax.hpp.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// Whether a full group can skip both tests: all keys in normal range and none equal to the maximum.
template <class V, class Scaling>
inline bool all_normal_below_max(const Scaling& scaling, const typename V::Scalar* x) {
  V least = scaling.key(V::load(x)), greatest = least;
  for (std::size_t i = 1; i < kGroupVectors<V>; ++i) {
    const V key = scaling.key(V::load(x + i * V::kLanes));
    least = V::min(key, least);
    greatest = V::max(key, greatest);
  }
  return is_normal(scaling, least) && !V::any(greatest == scaling.max());
}

// exp_rest, which also stores all the exponentials in `out` where `store`.
template <class V, bool store>
inline void rest_of(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, typename V::Scalar max,
                    double beta, double* sum, double* at_max) {
  with_scaling<V>(max, beta, [=](const auto scaling) {
    GroupSum<V> below;
    double maxima = 0;
    for (std::size_t i = 0; i < n; i += kGroup) {
      const typename V::Scalar* from = x + i;
      typename V::Scalar* to = store ? out + i : out;
      if (n - i >= kGroup && all_normal_below_max<V>(scaling, from)) {
        below.add([=](std::size_t first, std::size_t stride) SOFTMAX_INLINE_LAMBDA {
          const Four<V> e = exp_normal_of<Fused>(scaling, keys_of_four<V>(scaling, from, first, stride));
          if constexpr (store) {
            for (std::size_t k = 0; k < 4; ++k) e.v[k].store(to + (first + k * stride) * V::kLanes);
          }
          return e;
        });
        continue;
      }
      const std::size_t count = n - i < kGroup ? n - i : kGroup;
      CarefulGroup<V> group(scaling, from, count);
      if constexpr (store) group.store(to, count, [](V e) { return e; });
      maxima += group.take_maxima(scaling, count);
      below.add([&](std::size_t first, std::size_t stride) { return group.four(first, stride); });
    }
    *sum = below.total();
    *at_max = maxima;
  });
}

// sum = sum of e^(beta (x[i] - max)) over x[i] below max, at_max = the number of x[i] at max.
template <class V>
void exp_rest(const typename V::Scalar* x, std::size_t n, typename V::Scalar max, double beta, double* sum,
              double* at_max) {
  rest_of<V, false>(x, nullptr, n, max, beta, sum, at_max);
}

// exp_rest that keeps the exponentials: out[i] = e^(beta (x[i] - max)), as exp_sum. x may be out.
template <class V>
void exp_rest_kept(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, typename V::Scalar max,
                   double beta, double* sum, double* at_max) {
  rest_of<V, true>(x, out, n, max, beta, sum, at_max);
}

// The next (at most 64) elements as float64, filled up with `fill`.
template <class T>
inline void widen_group(const T* x, std::size_t count, double fill, double* out) {
  for (std::size_t i = 0; i < kGroup; ++i) out[i] = i < count ? static_cast<double>(x[i]) : fill;
}

// sum = sum of w[i] e^(beta (x[i] - max)) over x[i] below max, at_max = sum of w[i] over x[i] at max, in float64 for
// float32 data too: terms of either sign cancel, and would multiply a float32 error. A weight of 0 takes no part,
// whatever its x.
template <class V>
void weighted_exp_rest(const typename V::Scalar* x, const typename V::Scalar* weight, std::size_t n,
                       typename V::Scalar max, double beta, double* sum, double* at_max) {
  with_scaling<F64>(static_cast<double>(max), beta, [&](const auto& scaling) {
    GroupSum<F64> below, maxima;
    const F64 never = F64::broadcast(-__builtin_inf()), zero = F64::broadcast(0);
    double xs[kGroup], weights[kGroup];
    for (std::size_t i = 0; i < n; i += kGroup) {
      widen_group(x + i, n - i, 0, xs);
      widen_group(weight + i, n - i, 0, weights);
      // Four weights and keys; the key of a weight 0 is -Infinity.
      const auto weights_of = [&](std::size_t first, std::size_t stride) {
        return each<F64>(
            [&](int k) { return F64::load(weights + (first + static_cast<std::size_t>(k) * stride) * F64::kLanes); });
      };
      const auto keys_of = [&](std::size_t first, std::size_t stride, const Four<F64>& w) {
        const Four<F64> keys = keys_of_four<F64>(scaling, xs, first, stride);
        return each<F64>([&](int k) { return F64(F64::select(w.v[k] == zero, never, keys.v[k])); });
      };
      below.add([&](std::size_t first, std::size_t stride) {
        const Four<F64> w = weights_of(first, stride), keys = keys_of(first, stride, w);
        const Four<F64> e = exp_any_of<Fused>(scaling, keys);
        return each<F64>([&](int k) {
          const auto none = F64::either(keys.v[k] == scaling.max(), keys.v[k] == never);
          return F64(F64::zero_where(none, w.v[k] * e.v[k]));
        });
      });
      maxima.add([&](std::size_t first, std::size_t stride) {
        const Four<F64> w = weights_of(first, stride), keys = keys_of(first, stride, w);
        return each<F64>([&](int k) { return F64(F64::keep_where(keys.v[k] == scaling.max(), w.v[k])); });
      });
    }
    *sum = below.total();
    *at_max = maxima.total();
  });
}

// out[i] = beta (x[i] - max) - log_sum, where log_sum = log1p(rest) belongs to max.
template <class V>
void log_softmax(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, typename V::Scalar max,
                 double beta, typename V::Scalar log_sum, bool stream) {
  with_scaling<V>(max, beta, [&](const auto& scaling) {
    const V l = V::broadcast(log_sum);
    const auto shifted = [&](V v) { return V(scaling.shifted(scaling.below_max(scaling.key(v)), l)); };
    if (stream) {
      map_streaming<V>(x, out, n, shifted);
    } else {
      map<V>(x, out, n, shifted);
    }
  });
}

}  // namespace softmax_native::SOFTMAX_ISA
