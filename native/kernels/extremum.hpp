// The maximum of a row, where it stands, and rows that are decided by comparisons alone (arg max, ties, infinities).
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// The greatest of +-x[i] (negated where `negate`), NaN where any x[i] is NaN, -Infinity for n = 0, +0 for a zero of
// either sign. NaN is looked for by an unordered compare of two vectors at a time, since max drops or keeps NaN by
// operand order. The least of x is sought for the negated greatest: two templates, because a sign flip of every element
// would take as long as everything else together.
template <class V, bool negate>
inline typename V::Scalar max_of(const typename V::Scalar* x, std::size_t n) {
  using T = typename V::Scalar;
  constexpr std::size_t kLanes = V::kLanes;
  const auto further = [](V a, V b) { return negate ? V(V::min(a, b)) : V(V::max(a, b)); };
  const V none = V::broadcast(negate ? T(__builtin_inf()) : -T(__builtin_inf()));
  // Four chains hide the latency of max; the loads are the limit.
  V m0 = none, m1 = none, m2 = none, m3 = none;
  typename V::Mask nan = V::unordered(none, none);
  std::size_t i = 0;
  for (const std::size_t end = n - n % (4 * kLanes); i < end; i += 4 * kLanes) {
    const V a = V::load(x + i), b = V::load(x + i + kLanes);
    const V c = V::load(x + i + 2 * kLanes), d = V::load(x + i + 3 * kLanes);
    nan = V::either(nan, V::either(V::unordered(a, b), V::unordered(c, d)));
    m0 = further(a, m0);
    m1 = further(b, m1);
    m2 = further(c, m2);
    m3 = further(d, m3);
  }
  for (; i < n; i += kLanes) {
    const V a = n - i >= kLanes ? V::load(x + i) : V::load_partial(x + i, n - i, none);
    nan = V::either(nan, V::unordered(a, a));
    m0 = further(a, m0);
  }
  if (V::any(nan)) return T(__builtin_nan(""));
  T lanes[kLanes];
  V(further(further(m0, m1), further(m2, m3))).store(lanes);
  T greatest = negate ? -lanes[0] : lanes[0];
  for (std::size_t lane = 1; lane < kLanes; ++lane) {
    const T key = negate ? -lanes[lane] : lanes[lane];
    greatest = key > greatest ? key : greatest;
  }
  return greatest + T(0);
}

template <class V>
typename V::Scalar max(const typename V::Scalar* x, std::size_t n, bool negate) {
  return negate ? max_of<V, true>(x, n) : max_of<V, false>(x, n);
}

// The index of the first lane for which the test holds, n where none does. `none` is a value that fails the test.
template <class V, class Test>
inline std::size_t find_first(const typename V::Scalar* x, std::size_t n, V none, const Test& test) {
  for (std::size_t i = 0; i < n; i += V::kLanes) {
    const V v = n - i >= V::kLanes ? V::load(x + i) : V::load_partial(x + i, n - i, none);
    unsigned lanes = V::lanes_of(test(v));
    if (lanes == 0) continue;
    std::size_t index = i;
    for (; (lanes & 1) == 0; lanes >>= 1) ++index;
    return index;
  }
  return n;
}

// The first i with x[i] == value (or with x[i] NaN, for a NaN value), n where there is none.
template <class V>
std::size_t find_equal(const typename V::Scalar* x, std::size_t n, typename V::Scalar value) {
  using T = typename V::Scalar;
  const V wanted = V::broadcast(value), nan = V::broadcast(T(__builtin_nan("")));
  if (value != value) return find_first(x, n, V::broadcast(0), [](V v) { return V::unordered(v, v); });
  return find_first(x, n, nan, [&](V v) { return v == wanted; });
}

// The first i for which x[i] is NaN or infinite, n where there is none.
template <class V>
std::size_t find_non_finite(const typename V::Scalar* x, std::size_t n) {
  const V zero = V::broadcast(0);
  // x - x is 0 for a finite x and NaN for every other.
  return find_first(x, n, zero, [&](V v) {
    const V difference = v - v;
    return V::unordered(difference, difference);
  });
}

// How many x[i] == value.
template <class V>
std::size_t count_equal(const typename V::Scalar* x, std::size_t n, typename V::Scalar value) {
  using T = typename V::Scalar;
  const V wanted = V::broadcast(value), nan = V::broadcast(T(__builtin_nan("")));
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; i += V::kLanes) {
    const V v = n - i >= V::kLanes ? V::load(x + i) : V::load_partial(x + i, n - i, nan);
    for (unsigned lanes = V::lanes_of(v == wanted); lanes != 0; lanes &= lanes - 1) ++count;
  }
  return count;
}

// out[i] = x[i] == value ? equal : other. x may be out.
template <class V>
void select_equal(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, typename V::Scalar value,
                  typename V::Scalar equal, typename V::Scalar other) {
  const V wanted = V::broadcast(value), yes = V::broadcast(equal), no = V::broadcast(other);
  map<V>(x, out, n, [&](V v) { return V(V::select(v == wanted, yes, no)); });
}

// The i for which x[i] > bound, ascending, to `ids`; how many they are. Made for few: what is not above is passed over
// a vector at a time.
template <class V>
std::size_t find_above(const typename V::Scalar* x, std::size_t n, typename V::Scalar bound, std::int32_t* ids) {
  constexpr std::size_t kLanes = V::kLanes;
  const V least = V::broadcast(bound);
  std::size_t count = 0;
  const auto list = [&](unsigned lanes, std::size_t first) {
    for (; lanes != 0; lanes &= lanes - 1)
      ids[count++] = static_cast<std::int32_t>(first + static_cast<std::size_t>(__builtin_ctz(lanes)));
  };
  std::size_t i = 0;
  for (; n - i >= 4 * kLanes; i += 4 * kLanes) {
    const auto a = least < V::load(x + i), b = least < V::load(x + i + kLanes);
    const auto c = least < V::load(x + i + 2 * kLanes), d = least < V::load(x + i + 3 * kLanes);
    if (!V::any(V::either(V::either(a, b), V::either(c, d)))) continue;
    list(V::lanes_of(a), i);
    list(V::lanes_of(b), i + kLanes);
    list(V::lanes_of(c), i + 2 * kLanes);
    list(V::lanes_of(d), i + 3 * kLanes);
  }
  for (; i < n; i += kLanes) {
    const V v = n - i >= kLanes ? V::load(x + i) : V::load_partial(x + i, n - i, least);
    list(V::lanes_of(least < v), i);
  }
  return count;
}

}  // namespace softmax_native::SOFTMAX_ISA
