// What a step of learning by stochastic gradient descent needs: one vector h against a few rows of a matrix, which lie
// anywhere. Scores a_i = <row_i, h>, their logistic losses, and the update of the rows. h has `dim` elements, as has
// each row; the arrays do not overlap, but the same row may be named several times.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// The lanes of a dot product are a cache line: 16 for float32, 8 for float64, whatever the register's width.
template <class V>
inline constexpr std::size_t kLine = 64 / sizeof(typename V::Scalar);
template <class V>
inline constexpr std::size_t kLineVectors = kLine<V> / V::kLanes;

// Vector number v of the line at x, of which `left` elements are there; the others are 0.
template <class V>
SOFTMAX_INLINE V line_part(const typename V::Scalar* x, std::size_t v, std::size_t left) {
  const std::size_t start = v * V::kLanes;
  if (start >= left) return V::broadcast(0);
  return left - start >= V::kLanes ? V::load(x + start) : V::load_partial(x + start, left - start, V::broadcast(0));
}

// The dot products of h with `count` rows side by side, each folded from its line of lanes to one vector.
template <class V, std::size_t count>
SOFTMAX_INLINE void line_sums(const typename V::Scalar* h, const typename V::Scalar* const* rows, std::size_t dim,
                              V* folded) {
  constexpr std::size_t kLanes = V::kLanes, kVectors = kLineVectors<V>;
  V sum[count][kVectors];
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = V::broadcast(0);
  }
  std::size_t j = 0;
  for (; dim - j >= kLine<V>; j += kLine<V>) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const V x = V::load(h + j + v * kLanes);
      for (std::size_t r = 0; r < count; ++r) sum[r][v] = V::fma(x, V::load(rows[r] + j + v * kLanes), sum[r][v]);
    }
  }
  if (j != dim) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const V x = line_part<V>(h + j, v, dim - j);
      for (std::size_t r = 0; r < count; ++r) sum[r][v] = V::fma(x, line_part<V>(rows[r] + j, v, dim - j), sum[r][v]);
    }
  }
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t half = kVectors / 2; half != 0; half /= 2) {
      for (std::size_t v = 0; v < half; ++v) sum[r][v] = sum[r][v] + sum[r][v + half];
    }
    folded[r] = sum[r][0];
  }
}

// Rows side by side: of a register for each line eight, and in proportion fewer of more. They and the line of h are
// what 16 registers hold.
template <class V>
inline constexpr std::size_t kRowsAtOnce = kLineVectors<V> < 8 ? 8 / kLineVectors<V> : 1;

// The same for any number of rows.
template <class V, std::size_t at_once = kRowsAtOnce<V>>
SOFTMAX_INLINE void all_line_sums(const typename V::Scalar* h, const typename V::Scalar* const* rows, std::size_t count,
                                  std::size_t dim, V* folded) {
  std::size_t r = 0;
  for (; count - r >= at_once; r += at_once) line_sums<V, at_once>(h, rows + r, dim, folded + r);
  if constexpr (at_once > 1) all_line_sums<V, at_once / 2>(h, rows + r, count - r, dim, folded + r);
}

// out[i] = <rows[i], h> for i < count. Element j of a product goes to lane j % 16 (float32) or j % 8 (float64), each
// lane is one chain of fma from 0 on, and the lanes are folded by halves: of as many rows at once as a register has
// lanes, by a transpose, so that no sum is made across a register.
template <class V>
inline void row_dots(const typename V::Scalar* h, const typename V::Scalar* const* rows, std::size_t count,
                     std::size_t dim, typename V::Scalar* out) {
  constexpr std::size_t kLanes = V::kLanes;
  for (std::size_t first = 0; first < count; first += kLanes) {
    const std::size_t some = count - first < kLanes ? count - first : kLanes;
    V sums[kLanes];
    all_line_sums<V>(h, rows + first, some, dim, sums);
    if (some == 1 && kLanes > 1) {
      typename V::Scalar lanes[kLanes];
      sums[0].store(lanes);
      for (std::size_t half = kLanes / 2; half != 0; half /= 2) {
        for (std::size_t c = 0; c < half; ++c) lanes[c] += lanes[c + half];
      }
      out[first] = lanes[0];
      continue;
    }
    for (std::size_t r = some; r < kLanes; ++r) sums[r] = V::broadcast(0);
    V::transpose(sums);
    for (std::size_t half = kLanes / 2; half != 0; half /= 2) {
      for (std::size_t c = 0; c < half; ++c) sums[c] = sums[c] + sums[c + half];
    }
    if (some == kLanes) {
      sums[0].store(out + first);
    } else {
      sums[0].store_partial(out + first, some);
    }
  }
}

// Logistic losses added up: four sums of max(t, 0), four products of 1 + e less 1, and how many terms each has since
// the products were last made logarithms. Term i of a call goes to number i % 4. They stay where the caller has them:
// copies would wait for what the last call has just stored.
struct LogisticSums {
  double *positive, *rest, *terms;
  explicit LogisticSums(double* nine) : positive(nine), rest(nine + 4), terms(nine + 8) {}

  SOFTMAX_INLINE void add(const double* t, const double* e) {
    for (std::size_t k = 0; k < 4; ++k) positive[k] += t[k];
    for (std::size_t k = 0; k < 4; ++k) rest[k] += e[k] + rest[k] * e[k];
    // So many factors of 1 + e <= 2 that their product is a number.
    constexpr double kTerms = 512;
    if (++*terms == kTerms) fold();
  }
  void fold() {
    double log[4];
    if constexpr (F64::kLanes > 4) {
      log1p_any(F64::load_partial(rest, 4, F64::broadcast(0))).store_partial(log, 4);
    } else {
      for (std::size_t k = 0; k < 4; k += F64::kLanes) log1p_any(F64::load(rest + k)).store(log + k);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      positive[k] += log[k];
      rest[k] = 0;
    }
    *terms = 0;
  }
};

// The lanes of x as float64.
template <class V>
SOFTMAX_INLINE void store_wide(V x, double* out) {
  x.template widen<0>().store(out);
  if constexpr (V::kWideParts == 2) x.template widen<1>().store(out + F64::kLanes);
}

// Mask of the zeros of kLanes bytes, of which `some` are there; the others are 0. Eight at a time, as one number (of
// a little-endian machine): a vector read from bytes that were stored one by one would wait for them.
template <class V>
SOFTMAX_INLINE typename V::Mask zero_bytes_partial(const std::uint8_t* bytes, std::size_t some) {
  if (some >= V::kLanes) return V::zero_bytes(bytes);
  union {
    std::uint64_t eight[2];
    std::uint8_t one[16];
  } all;
  for (std::size_t part = 0; part < 2; ++part) {
    all.eight[part] = 0;
    for (std::size_t i = 8 * part; i < some && i < 8 * part + 8; ++i) {
      all.eight[part] |= std::uint64_t{bytes[i]} << (8 * (i % 8));
    }
  }
  return V::zero_bytes(all.one);
}

// A part of add_logistic: n scores, of so many vectors.
template <class V, std::size_t vectors>
SOFTMAX_INLINE void add_logistic_part(const typename V::Scalar* scores, const std::uint8_t* bits,
                                      typename V::Scalar* gradient, std::size_t n, LogisticSums sums) {
  using T = typename V::Scalar;
  constexpr std::size_t kLanes = V::kLanes;
  const V zero = V::broadcast(0), one = V::broadcast(1), minus = V::broadcast(T(-0.0));
  // Where there is no score: the bit is 0, so that t is -Infinity, and adds nothing to any sum.
  const V none = V::broadcast(T(__builtin_inf()));
  V sign[vectors], t[vectors];
  for (std::size_t k = 0; k < vectors; ++k) {
    const std::size_t start = k * kLanes, some = start < n ? n - start : 0;
    sign[k] = V::select(zero_bytes_partial<V>(bits + start, some), minus, zero);
    const V score = some >= kLanes ? V::load(scores + start) : V::load_partial(scores + start, some, none);
    t[k] = score ^ sign[k];
  }
  // What stands in several places is computed once.
  const Four<V> small = each<V>([&](int k) SOFTMAX_INLINE_LAMBDA {
    const V x = t[static_cast<std::size_t>(k) % vectors];
    return V(V::min(x ^ minus, x));
  });
  const Four<V> power = exp_any<Fused>(small, NoCorrection{});
  double positive[vectors * kLanes + 3], e[vectors * kLanes + 3];
  for (std::size_t k = 0; k < vectors && k * kLanes < n; ++k) {
    const std::size_t start = k * kLanes;
    const V value = V::select(V::unordered(t[k], t[k]), t[k], power.v[k]);
    store_wide<V>(V::max(zero, t[k]), positive + start);
    store_wide<V>(value, e + start);
    const V g = V(V::select(t[k] < zero, value, one) / V(one + value)) ^ sign[k];
    if (n - start >= kLanes) {
      g.store(gradient + start);
    } else {
      g.store_partial(gradient + start, n - start);
    }
  }
  for (std::size_t i = n; kLanes < 4 && i % 4 != 0; ++i) positive[i] = e[i] = 0;
  for (std::size_t i = 0; i < n; i += 4) sums.add(positive + i, e + i);
}

// Bit i has the probability sigma(a_i) where it is 0 and sigma(-a_i) where it is not, and so the loss softplus(t_i)
// with t_i = -a_i for a bit of 0 and a_i for others. gradient_i = d softplus(t_i) / d a_i = sigma(a_i) - [bit is 0],
// without cancellation; it may be the array of the scores. Of any scores: +-Infinity are limits, NaN stays NaN.
template <class V>
SOFTMAX_INLINE void add_logistic(const typename V::Scalar* scores, const std::uint8_t* bits,
                                 typename V::Scalar* gradient, std::size_t n, LogisticSums sums) {
  constexpr std::size_t kBlock = 4 * V::kLanes;
  std::size_t i = 0;
  for (; n - i > 2 * V::kLanes; i += kBlock) {
    const std::size_t some = n - i < kBlock ? n - i : kBlock;
    add_logistic_part<V, 4>(scores + i, bits + i, gradient + i, some, sums);
    if (some < kBlock) return;
  }
  if (n - i > V::kLanes) {
    add_logistic_part<V, 2>(scores + i, bits + i, gradient + i, n - i, sums);
  } else if (n != i) {
    add_logistic_part<V, 1>(scores + i, bits + i, gradient + i, n - i, sums);
  }
}

// The losses of the bits, added up in float64: relative error below 2 ulp of T.
template <class V>
inline double logistic(const typename V::Scalar* scores, const std::uint8_t* bits, typename V::Scalar* gradient,
                       std::size_t n) {
  double nine[9] = {};
  LogisticSums sums(nine);
  add_logistic<V>(scores, bits, gradient, n, sums);
  sums.fold();
  return (sums.positive[0] + sums.positive[2]) + (sums.positive[1] + sums.positive[3]);
}

// The same, kept for later: `sums` are nine numbers, first 0, and what they are worth in the end is
// sum of the first four + sum of log1p of the next four. A logarithm takes as long as all the rest.
template <class V>
inline void logistic_kept(const typename V::Scalar* scores, const std::uint8_t* bits, typename V::Scalar* gradient,
                          std::size_t n, double* sums) {
  add_logistic<V>(scores, bits, gradient, n, LogisticSums(sums));
}

// The part of `vectors` vectors, of which the last has `tail` elements (0 = all), at each pointer.
template <class V, std::size_t vectors>
SOFTMAX_INLINE void update_columns(const typename V::Scalar* h, typename V::Scalar* const* rows,
                                   const typename V::Scalar* g, std::size_t count, std::size_t j, std::size_t tail,
                                   typename V::Scalar factor, typename V::Scalar* gradient) {
  constexpr std::size_t kLanes = V::kLanes;
  const V zero = V::broadcast(0);
  const auto load = [=](const typename V::Scalar* x, std::size_t k) SOFTMAX_INLINE_LAMBDA {
    return k + 1 < vectors || tail == 0 ? V::load(x + k * kLanes) : V::load_partial(x + k * kLanes, tail, zero);
  };
  const auto store = [=](V x, typename V::Scalar* to, std::size_t k) SOFTMAX_INLINE_LAMBDA {
    if (k + 1 < vectors || tail == 0) {
      x.store(to + k * kLanes);
    } else {
      x.store_partial(to + k * kLanes, tail);
    }
  };
  if (gradient != nullptr) {
    V sum[vectors];
    for (std::size_t k = 0; k < vectors; ++k) sum[k] = load(gradient + j, k);
    for (std::size_t i = 0; i < count; ++i) {
      const V weight = V::broadcast(g[i]);
      for (std::size_t k = 0; k < vectors; ++k) sum[k] = V::fma(weight, load(rows[i] + j, k), sum[k]);
    }
    for (std::size_t k = 0; k < vectors; ++k) store(sum[k], gradient + j, k);
  }
  if (h == nullptr) return;
  V x[vectors];
  for (std::size_t k = 0; k < vectors; ++k) x[k] = load(h + j, k);
  for (std::size_t i = 0; i < count; ++i) {
    const V step = V::broadcast(factor * g[i]);
    for (std::size_t k = 0; k < vectors; ++k) store(V::fma(step, x[k], load(rows[i] + j, k)), rows[i] + j, k);
  }
}

// gradient += sum g_i rows[i], then rows[i] += factor g_i h, both in the order of i. Without a gradient (nullptr) only
// the rows are updated, without h they are only summed up.
template <class V>
inline void row_updates(const typename V::Scalar* h, typename V::Scalar* const* rows, const typename V::Scalar* g,
                        std::size_t count, std::size_t dim, typename V::Scalar factor, typename V::Scalar* gradient) {
  constexpr std::size_t kLanes = V::kLanes;
  std::size_t j = 0;
  for (; dim - j >= 4 * kLanes; j += 4 * kLanes) update_columns<V, 4>(h, rows, g, count, j, 0, factor, gradient);
  const std::size_t tail = dim % kLanes, vectors = (dim - j + kLanes - 1) / kLanes;
  if (vectors == 1) update_columns<V, 1>(h, rows, g, count, j, tail, factor, gradient);
  if (vectors == 2) update_columns<V, 2>(h, rows, g, count, j, tail, factor, gradient);
  if (vectors == 3) update_columns<V, 3>(h, rows, g, count, j, tail, factor, gradient);
  if (vectors == 4) update_columns<V, 4>(h, rows, g, count, j, tail, factor, gradient);
}

}  // namespace softmax_native::SOFTMAX_ISA
