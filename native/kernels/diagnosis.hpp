// What a diagnosis sums up of a chunk of a row: with gaps d_i = |beta| (max - key_i) >= 0, sums of e_i = e^-d_i and of
// functions of it over all elements but the maxima, whose 1 would swallow what lies below an ulp of it. Conditions on
// max and x as in softmax.hpp. The operation uses the float64 ones, for float32 rows too.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// What a - b rounds off (Knuth's TwoSum), times a factor; brought into [-1, 1], which matters, and replaces a NaN, only
// where a is so far below b that e^(a - b) is 0.
template <class V>
inline V scaled_rounding(V factor, V a, V b) {
  const V one = V::broadcast(1), s = a - b, back = s - a;
  const V lost = factor * ((a - (s - back)) - (b + back));
  return V::max(V::min(lost, one), V::broadcast(-1));
}

// The same for a difference that is exact in T, and rounded to the 24 bits of float32 (Veltkamp's splitting).
template <class V>
inline V scaled_narrowing(V factor, V a, V b) {
  const V s = a - b, product = s * V::broadcast(typename V::Scalar(0x1p29 + 1));
  const V lost = factor * (s - (product - (product - s)));
  return V::max(V::min(lost, V::broadcast(1)), V::broadcast(-1));
}

// out[i] = e_i, and 0 for a maximum; e_i is within 2 ulp of exact, since what key - max rounds off is put back. x may
// be out. Of softmax's own error, r_i is what its subtractions round off, in units of d: key - chunk_max in float32
// where `narrow`, else in T, and then chunk_max - max. sums:
//   0 sum e    1 sum e^2    2 sum e d    3 sum e r    4 the greatest r of a normal number e    5 the least d
template <class V>
void gap_sums(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, typename V::Scalar chunk_max,
              typename V::Scalar max, double beta, bool narrow, double* sums) {
  using T = typename V::Scalar;
  with_scaling<V>(max, beta, [&](const auto& scaling) {
    constexpr std::size_t kVectors = kGroupVectors<V>;
    constexpr bool kWide = sizeof(T) == sizeof(double);
    const V zero = V::broadcast(0), infinity = V::broadcast(T(__builtin_inf())), minus = V::broadcast(T(-0.0));
    const V top = V::broadcast(max), near = V::broadcast(chunk_max), none = zero - infinity;
    const V factor = V::broadcast(T(beta < 0 ? -beta : beta)), most_d = V::broadcast(T(kWide ? 1e300 : 1e30));
    // Below them e is subnormal, in float32 where the rounding is.
    const V least_normal = V::broadcast(T(narrow || !kWide ? 0x1p-126 : 0x1p-1022));
    const auto size_of = [=](V v) { return V(V::max(v, v ^ minus)); };
    const V far = narrow ? zero : size_of(scaled_rounding(factor, near, top));
    GroupSum<V> rest, squares, spread, lost;
    V nearest = infinity, most = zero;
    for (std::size_t i = 0; i < n; i += kGroup) {
      const T* from = x + i;
      const std::size_t count = n - i < kGroup ? n - i : kGroup;
      const bool full = count == kGroup, normal = full && all_normal<V>(scaling, from);
      V e[kVectors], d[kVectors], r[kVectors];
      for (std::size_t first = 0; first < kVectors; first += 4) {
        if (first * V::kLanes >= count) {
          for (std::size_t k = first; k < first + 4; ++k) e[k] = d[k] = r[k] = zero;
          continue;
        }
        const Four<V> keys = full ? keys_of_four<V>(scaling, from, first, 1) : each<V>([&](int k) {
          const std::size_t start = (first + static_cast<std::size_t>(k)) * V::kLanes;
          if (start >= count) return none;
          if (count - start >= V::kLanes) return V(scaling.key(V::load(from + start)));
          return V(scaling.key(V::load_partial(from + start, count - start, V(scaling.key(none)))));
        });
        const Four<V> y = normal ? exp_normal_of<Fused>(scaling, keys) : exp_any_of<Fused>(scaling, keys);
        for (std::size_t k = 0; k < 4; ++k) {
          const V key = keys.v[k];
          const auto below = key < top;
          e[first + k] = V::keep_where(below, V::fma(y.v[k], scaled_rounding(factor, key, top), y.v[k]));
          d[first + k] = factor * (top - key);
          nearest = V::min(V(V::select(below, d[first + k], infinity)), nearest);
          r[first + k] =
              size_of(narrow ? scaled_narrowing(factor, key, near) : scaled_rounding(factor, key, near)) + far;
          most = V::max(V(V::zero_where(e[first + k] < least_normal, r[first + k])), most);
        }
      }
      const auto four = [](std::size_t first, std::size_t stride, const auto& term) SOFTMAX_INLINE_LAMBDA {
        return each<V>([&](int k)
                           SOFTMAX_INLINE_LAMBDA { return V(term(first + static_cast<std::size_t>(k) * stride)); });
      };
      rest.add([&](std::size_t j, std::size_t stride) { return four(j, stride, [&](std::size_t v) { return e[v]; }); });
      squares.add([&](std::size_t j, std::size_t stride) {
        return four(j, stride, [&](std::size_t v) { return V(e[v] * e[v]); });
      });
      spread.add([&](std::size_t j, std::size_t stride) {
        return four(j, stride, [&](std::size_t v) { return V(e[v] * V::min(d[v], most_d)); });
      });
      lost.add([&](std::size_t j, std::size_t stride) {
        return four(j, stride, [&](std::size_t v) { return V(e[v] * r[v]); });
      });
      for (std::size_t v = 0, start = 0; start < count; ++v, start += V::kLanes) {
        if (count - start >= V::kLanes) {
          e[v].store(out + i + start);
        } else {
          e[v].store_partial(out + i + start, count - start);
        }
      }
    }
    sums[0] = rest.total();
    sums[1] = squares.total();
    sums[2] = spread.total();
    sums[3] = lost.total();
    T lanes[V::kLanes];
    most.store(lanes);
    T greatest = lanes[0];
    for (const T lane : lanes) greatest = lane > greatest ? lane : greatest;
    sums[4] = static_cast<double>(greatest);
    nearest.store(lanes);
    T least = lanes[0];
    for (const T lane : lanes) least = lane < least ? lane : least;
    sums[5] = static_cast<double>(least);
  });
}

// The terms of the secular equation at y = second + t (operations/largest_root.hpp), over e in [0, second]:
//   sums[0] = sum of e / (y - e),  sums[1] = sum of e t / (y - e)^2
// `up` is a power of two that keeps the reciprocals finite.
template <class V>
void secular_sums(const typename V::Scalar* e, std::size_t n, typename V::Scalar second, typename V::Scalar t,
                  typename V::Scalar up, double* sums) {
  const V one = V::broadcast(1), zero = V::broadcast(0), pole = V::broadcast(second), scale = V::broadcast(up);
  const V above = V::broadcast(t) * scale;
  GroupSum<V> value, slope;
  for (std::size_t i = 0; i < n; i += kGroup) {
    V term[kGroupVectors<V>], share[kGroupVectors<V>];
    for (std::size_t v = 0, start = i; v < kGroupVectors<V>; ++v, start += V::kLanes) {
      if (start >= n) {
        term[v] = share[v] = zero;
        continue;
      }
      const V x = n - start >= V::kLanes ? V::load(e + start) : V::load_partial(e + start, n - start, zero);
      const V w = one / (above + (pole - x) * scale);
      term[v] = x * scale * w;
      share[v] = above * w;
    }
    value.add([&](std::size_t first, std::size_t stride) {
      return each<V>([&](int k) { return term[first + static_cast<std::size_t>(k) * stride]; });
    });
    slope.add([&](std::size_t first, std::size_t stride) {
      return each<V>([&](int k) {
        const std::size_t v = first + static_cast<std::size_t>(k) * stride;
        return V(term[v] * share[v]);
      });
    });
  }
  sums[0] = value.total();
  sums[1] = slope.total();
}

}  // namespace softmax_native::SOFTMAX_ISA
