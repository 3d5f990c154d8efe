// The passes of cross-entropy that know the target. A class c weighs u_c = w_c (a y_c + b) in the loss: y its target
// probability (0 where not given), w its weight (1 where not given), b what label smoothing gives to every class.
//   loss = sum_c u_c (log_sum - beta (x_c - max)),   gradient = f e_c - u_c
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// The elements i .. i + count of an array (count at most a vector's lanes), `fill` beyond them.
template <class V>
inline V load_some(const typename V::Scalar* x, std::size_t i, std::size_t count, V fill) {
  return count >= V::kLanes ? V::load(x + i) : V::load_partial(x + i, count, fill);
}

// u for a vector of classes, beyond `count` of them 0.
template <class V, bool has_target, bool has_weight>
class TargetMass {
 public:
  using T = typename V::Scalar;

  TargetMass(const T* y, const T* weight, T of_target, T of_all)
      : y_(y), weight_(weight), of_target_(V::broadcast(of_target)), of_all_(V::broadcast(of_all)) {}

  SOFTMAX_INLINE V whole(std::size_t i) const {
    V u = of_all_;
    if constexpr (has_target) u = V::fma(of_target_, V::load(y_ + i), of_all_);
    if constexpr (has_weight) u = V::load(weight_ + i) * u;
    return u;
  }

  V some(std::size_t i, std::size_t count) const {
    if (count >= V::kLanes) return whole(i);
    const V zero = V::broadcast(0);
    V u = of_all_;
    if constexpr (has_target) u = V::fma(of_target_, V::load_partial(y_ + i, count, zero), of_all_);
    if constexpr (has_weight) u = V::load_partial(weight_ + i, count, zero) * u;
    T lanes[V::kLanes];
    for (std::size_t lane = 0; lane < V::kLanes; ++lane) lanes[lane] = lane < count ? T(1) : T(0);
    return V(V::zero_where(V::load(lanes) == zero, u));
  }

 private:
  const T *y_, *weight_;
  V of_target_, of_all_;
};

// Calls f with the TargetMass of what is given.
template <class V, class F>
inline void with_target_mass(const typename V::Scalar* y, const typename V::Scalar* weight,
                             typename V::Scalar of_target, typename V::Scalar of_all, const F& f) {
  if (y == nullptr) {
    if (weight == nullptr) return f(TargetMass<V, false, false>(y, weight, of_target, of_all));
    return f(TargetMass<V, false, true>(y, weight, of_target, of_all));
  }
  if (weight == nullptr) return f(TargetMass<V, true, false>(y, weight, of_target, of_all));
  f(TargetMass<V, true, true>(y, weight, of_target, of_all));
}

// gaps = sum of u[i] (key[i] - max), mass = sum of u[i], key = +-x (negated where `negate`), no key above max, max
// finite. A class without mass takes no part, whatever its x. Sums as exp_sum's: within 3 ulp of T at any n.
template <class V>
void target_gaps(const typename V::Scalar* x, const typename V::Scalar* y, const typename V::Scalar* weight,
                 std::size_t n, typename V::Scalar max, bool negate, typename V::Scalar of_target,
                 typename V::Scalar of_all, double* gaps, double* mass) {
  using T = typename V::Scalar;
  with_target_mass<V>(y, weight, of_target, of_all, [=](const auto target) {
    GroupSum<V> gap_sum, mass_sum;
    const V sign = V::broadcast(negate ? T(-0.0) : T(0.0)), most = V::broadcast(max), zero = V::broadcast(0);
    const auto gap = [=](V z, V u)
                         SOFTMAX_INLINE_LAMBDA { return V(V::zero_where(u == zero, u * ((z ^ sign) - most))); };
    std::size_t i = 0;
    for (const std::size_t end = n - n % kGroup; i < end; i += kGroup) {
      gap_sum.add([=](std::size_t first, std::size_t stride) SOFTMAX_INLINE_LAMBDA {
        return each<V>([=](int k) SOFTMAX_INLINE_LAMBDA {
          const std::size_t at = i + (first + static_cast<std::size_t>(k) * stride) * V::kLanes;
          return gap(V::load(x + at), target.whole(at));
        });
      });
      mass_sum.add([=](std::size_t first, std::size_t stride) SOFTMAX_INLINE_LAMBDA {
        return each<V>([=](int k) SOFTMAX_INLINE_LAMBDA {
          return target.whole(i + (first + static_cast<std::size_t>(k) * stride) * V::kLanes);
        });
      });
    }
    if (i < n) {
      V u[kGroupVectors<V>], g[kGroupVectors<V>];
      for (std::size_t k = 0; k < kGroupVectors<V>; ++k) {
        const std::size_t at = i + k * V::kLanes;
        u[k] = g[k] = zero;
        if (at >= n) continue;
        u[k] = target.some(at, n - at);
        g[k] = gap(load_some<V>(x, at, n - at, zero), u[k]);
      }
      const auto four = [](const V* v, std::size_t first, std::size_t stride) {
        return Four<V>{{v[first], v[first + stride], v[first + 2 * stride], v[first + 3 * stride]}};
      };
      gap_sum.add([&](std::size_t first, std::size_t stride) { return four(g, first, stride); });
      mass_sum.add([&](std::size_t first, std::size_t stride) { return four(u, first, stride); });
    }
    *gaps = gap_sum.total();
    *mass = mass_sum.total();
  });
}

// out[i] = factor e[i] - u[i], fused. e may be out. Never -0 for a class without exponential and mass.
template <class V>
void loss_gradient(const typename V::Scalar* e, const typename V::Scalar* y, const typename V::Scalar* weight,
                   typename V::Scalar* out, std::size_t n, typename V::Scalar factor, typename V::Scalar of_target,
                   typename V::Scalar of_all, bool stream) {
  with_target_mass<V>(y, weight, of_target, of_all, [=](const auto target) {
    constexpr std::size_t kLanes = V::kLanes;
    const V f = V::broadcast(factor), zero = V::broadcast(0);
    std::size_t i = 0;
    if (stream) {
      i = until_aligned<V>(out, n);
      if (i > 0) V(V::fma(f, load_some<V>(e, 0, i, zero), zero - target.some(0, i))).store_partial(out, i);
      for (; n - i >= kLanes; i += kLanes) V(V::fma(f, V::load(e + i), zero - target.whole(i))).stream(out + i);
    } else {
      for (; n - i >= kLanes; i += kLanes) V(V::fma(f, V::load(e + i), zero - target.whole(i))).store(out + i);
    }
    if (i < n)
      V(V::fma(f, load_some<V>(e, i, n - i, zero), zero - target.some(i, n - i))).store_partial(out + i, n - i);
  });
}

}  // namespace softmax_native::SOFTMAX_ISA
