// The passes of softmax over a chunk of a row: exponentials and their sum, and the scaling that ends it.
//   softmax(x)_i = e^(beta (x_i - max)) / sum_j e^(beta (x_j - max))
// max is the greatest of sign(beta) x and finite; no x is NaN; -Infinity counts as probability 0. x may be out.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// Whether each key of a full group is within reach of the branch-free exponential.
template <class V, class Scaling>
inline bool all_normal(const Scaling& scaling, const typename V::Scalar* x) {
  V least = scaling.key(V::load(x));
  for (std::size_t i = 1; i < kGroupVectors<V>; ++i) least = V::min(scaling.key(V::load(x + i * V::kLanes)), least);
  return is_normal(scaling, least);
}

// The keys of vectors first + k * stride of a full group.
template <class V, class Scaling>
SOFTMAX_INLINE Four<V> keys_of_four(const Scaling& scaling, const typename V::Scalar* x, std::size_t first,
                                    std::size_t stride) {
  return each<V>([=](int k) SOFTMAX_INLINE_LAMBDA {
    return V(scaling.key(V::load(x + (first + static_cast<std::size_t>(k) * stride) * V::kLanes)));
  });
}

inline double count_lanes(unsigned lanes) {
  double count = 0;
  for (; lanes != 0; lanes &= lanes - 1) count += 1;
  return count;
}

// A group's keys and exponentials, where it is not full or holds keys that need exp_any. What lies beyond the row is
// not read and has the exponential 0.
template <class V, class Arithmetic = Fused>
struct CarefulGroup {
  V key[kGroupVectors<V>], e[kGroupVectors<V>];

  template <class Scaling>
  CarefulGroup(const Scaling& scaling, const typename V::Scalar* x, std::size_t count) {
    const V zero = V::broadcast(0), none = V::broadcast(-typename V::Scalar(__builtin_inf()));
    std::size_t i = 0;
    for (; i * V::kLanes < count; i += 4) {
      const Four<V> keys = each<V>([&](int k) {
        const std::size_t start = (i + static_cast<std::size_t>(k)) * V::kLanes;
        if (start >= count) return none;
        if (count - start >= V::kLanes) return V(scaling.key(V::load(x + start)));
        return V(scaling.key(V::load_partial(x + start, count - start, V(scaling.key(none)))));
      });
      const Four<V> exponentials = exp_any_of<Arithmetic>(scaling, keys);
      for (std::size_t k = 0; k < 4; ++k) {
        key[i + k] = keys.v[k];
        e[i + k] = exponentials.v[k];
      }
    }
    for (; i < kGroupVectors<V>; ++i) e[i] = zero;
  }

  Four<V> four(std::size_t first, std::size_t stride) const {
    return {{e[first], e[first + stride], e[first + 2 * stride], e[first + 3 * stride]}};
  }

  GroupSum<V> sum() const {
    GroupSum<V> total;
    total.add([this](std::size_t first, std::size_t stride) { return four(first, stride); });
    return total;
  }

  // Takes the maxima out of the exponentials, and says how many there were.
  template <class Scaling>
  double take_maxima(const Scaling& scaling, std::size_t count) {
    double maxima = 0;
    for (std::size_t k = 0; k * V::kLanes < count; ++k) {
      const auto maximal = key[k] == scaling.max();
      maxima += count_lanes(V::lanes_of(maximal));
      e[k] = V::zero_where(maximal, e[k]);
    }
    return maxima;
  }

  // out = change(exponential).
  template <class Change>
  void store(typename V::Scalar* out, std::size_t count, const Change& change) const {
    for (std::size_t i = 0, start = 0; start < count; ++i, start += V::kLanes) {
      const V y = change(e[i]);
      if (count - start >= V::kLanes) {
        y.store(out + start);
      } else {
        y.store_partial(out + start, count - start);
      }
    }
  }
};

// out[i] = e^(beta (x[i] - max)); returns their sum in float64. Each e is within 1 ulp (1.05 where beta is not 1) of
// the exponential of the rounded difference; the sum of these is off by at most four roundings of it in T, at any n.
template <class V>
double exp_sum(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, typename V::Scalar max,
               double beta) {
  return with_scaling<V>(max, beta, [=](const auto scaling) {
    GroupSum<V> sum;
    const auto careful = [&](const typename V::Scalar* from, typename V::Scalar* to, std::size_t count) {
      const CarefulGroup<V> group(scaling, from, count);
      group.store(to, count, [](V e) { return e; });
      sum.add([&](std::size_t first, std::size_t stride) { return group.four(first, stride); });
    };
    std::size_t i = 0;
    for (const std::size_t end = n - (n - i) % kGroup; i < end; i += kGroup) {
      // Captured by value: what is captured by reference is read again after every store.
      const typename V::Scalar* from = x + i;
      typename V::Scalar* to = out + i;
      if (all_normal<V>(scaling, from)) {
        sum.add([=](std::size_t first, std::size_t stride) SOFTMAX_INLINE_LAMBDA {
          const Four<V> e = exp_normal_of<Fused>(scaling, keys_of_four<V>(scaling, from, first, stride));
          for (std::size_t k = 0; k < 4; ++k) e.v[k].store(to + (first + k * stride) * V::kLanes);
          return e;
        });
        continue;
      }
      careful(from, to, kGroup);
    }
    if (i < n) careful(x + i, out + i, n - i);
    return sum.compensated_total();
  });
}

// out[i] = factor x[i]; what is exactly 0 is +0.
template <class V>
void scale(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, typename V::Scalar factor,
           bool stream) {
  const V f = V::broadcast(factor), zero = V::broadcast(0);
  const auto times = [=](V v) { return V(V::fma(v, f, zero)); };
  if (stream) {
    map_streaming<V>(x, out, n, times);
  } else {
    map<V>(x, out, n, times);
  }
}

}  // namespace softmax_native::SOFTMAX_ISA
