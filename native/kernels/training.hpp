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

// out[i] = <rows[i], h> for i < count. Element j of a product goes to lane j % 16 (float32) or j % 8 (float64), each
// lane is one chain of fma from 0 on, and the lanes are folded by halves: of as many rows at once as a register has
// lanes, by a transpose, so that no sum is made across a register.
template <class V>
inline void row_dots(const typename V::Scalar* h, const typename V::Scalar* const* rows, std::size_t count,
                     std::size_t dim, typename V::Scalar* out) {
  constexpr std::size_t kLanes = V::kLanes;
  for (std::size_t first = 0; first < count; first += kLanes) {
    const std::size_t some = count - first < kLanes ? count - first : kLanes;
    const typename V::Scalar* const* these = rows + first;
    V sums[kLanes];
    std::size_t r = 0;
    // Four rows of two registers, and the two of h, are what 16 registers hold.
    if constexpr (kLanes >= 4) {
      for (; some - r >= 4; r += 4) line_sums<V, 4>(h, these + r, dim, sums + r);
    }
    if constexpr (kLanes >= 2) {
      for (; some - r >= 2; r += 2) line_sums<V, 2>(h, these + r, dim, sums + r);
    }
    for (; r < some; ++r) line_sums<V, 1>(h, these + r, dim, sums + r);
    for (; r < kLanes; ++r) sums[r] = V::broadcast(0);
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

// Four sums of max(t, 0) and four of the products of 1 + e, less 1; term i goes to number i % 4.
struct LogisticSums {
  double positive[4] = {}, rest[4] = {};

  template <class T>
  void add(const T* t, const T* e) {
    for (std::size_t k = 0; k < 4; ++k) {
      positive[k] += static_cast<double>(t[k]);
      const double more = static_cast<double>(e[k]);
      rest[k] += more + rest[k] * more;
    }
  }
  // sum max(t, 0) + log product (1 + e).
  double total() const {
    const auto times = [](double a, double b) { return (a + b) + a * b; };
    double log[F64::kLanes];
    log1p_any(F64::broadcast(times(times(rest[0], rest[2]), times(rest[1], rest[3])))).store(log);
    return ((positive[0] + positive[2]) + (positive[1] + positive[3])) + log[0];
  }
};

// Bit i has the probability sigma(a_i) where it is 0 and sigma(-a_i) where it is not. Gives the sum of the negative
// logarithms, sum softplus(t_i) with t_i = -a_i for a bit of 0 and a_i for others, in float64: relative error below
// 2 ulp of T. gradient_i = d softplus(t_i) / d a_i = sigma(a_i) - [bit is 0], without cancellation; it may be the array
// of the scores. Of any scores: +-Infinity are limits, NaN stays NaN, and so is the loss then.
template <class V>
inline double logistic(const typename V::Scalar* scores, const std::uint8_t* bits, typename V::Scalar* gradient,
                       std::size_t n) {
  using T = typename V::Scalar;
  constexpr std::size_t kLanes = V::kLanes, kBlock = 4 * kLanes;
  // So many factors of 1 + e <= 2 that their product is a number.
  constexpr std::size_t kFactors = 512;
  const V zero = V::broadcast(0), one = V::broadcast(1), minus = V::broadcast(T(-0.0));
  double loss = 0;
  LogisticSums sums;
  for (std::size_t first = 0; first < n; first += kBlock) {
    const std::size_t some = n - first < kBlock ? n - first : kBlock;
    std::uint8_t these[kBlock] = {};
    for (std::size_t i = 0; i < some; ++i) these[i] = bits[first + i];
    V sign[4] = {zero, zero, zero, zero};
    const Four<V> t = each<V>([&](int k) SOFTMAX_INLINE_LAMBDA {
      const std::size_t start = static_cast<std::size_t>(k) * kLanes;
      if (start >= some) return zero;
      sign[k] = V::select(V::zero_bytes(these + start), minus, zero);
      const T* x = scores + first + start;
      return V((some - start >= kLanes ? V::load(x) : V::load_partial(x, some - start, zero)) ^ sign[k]);
    });
    const Four<V> small = each<V>([&](int k) SOFTMAX_INLINE_LAMBDA { return V(V::min(t.v[k] ^ minus, t.v[k])); });
    Four<V> e = exp_any<Fused>(small, NoCorrection{});
    T positive[kBlock], power[kBlock];
    for (std::size_t k = 0; k * kLanes < some; ++k) {
      const std::size_t start = k * kLanes;
      const V value = V::select(V::unordered(t.v[k], t.v[k]), t.v[k], e.v[k]);
      V::max(zero, t.v[k]).store(positive + start);
      value.store(power + start);
      const V g = V(V::select(t.v[k] < zero, value, one) / V(one + value)) ^ sign[k];
      if (some - start >= kLanes) {
        g.store(gradient + first + start);
      } else {
        g.store_partial(gradient + first + start, some - start);
      }
    }
    for (std::size_t i = some; i % 4 != 0; ++i) positive[i] = power[i] = 0;
    for (std::size_t i = 0; i < some; i += 4) sums.add(positive + i, power + i);
    if ((first + some) % kFactors != 0) continue;
    loss += sums.total();
    sums = LogisticSums{};
  }
  return loss + sums.total();
}

// gradient += sum g_i rows[i], then rows[i] += factor g_i h, both in the order of i. Without a gradient (nullptr) only
// the rows are updated, without h they are only summed up.
template <class V>
inline void row_updates(const typename V::Scalar* h, typename V::Scalar* const* rows, const typename V::Scalar* g,
                        std::size_t count, std::size_t dim, typename V::Scalar factor, typename V::Scalar* gradient) {
  constexpr std::size_t kLanes = V::kLanes;
  std::size_t j = 0;
  for (; dim - j >= 4 * kLanes; j += 4 * kLanes) {
    if (gradient != nullptr) {
      Four<V> sum = load_four<V>(gradient + j);
      for (std::size_t i = 0; i < count; ++i) {
        const V weight = V::broadcast(g[i]);
        const typename V::Scalar* row = rows[i] + j;
        for (std::size_t k = 0; k < 4; ++k) sum.v[k] = V::fma(weight, V::load(row + k * kLanes), sum.v[k]);
      }
      for (std::size_t k = 0; k < 4; ++k) sum.v[k].store(gradient + j + k * kLanes);
    }
    if (h == nullptr) continue;
    const Four<V> x = load_four<V>(h + j);
    for (std::size_t i = 0; i < count; ++i) {
      const V step = V::broadcast(factor * g[i]);
      typename V::Scalar* row = rows[i] + j;
      for (std::size_t k = 0; k < 4; ++k) V::fma(step, x.v[k], V::load(row + k * kLanes)).store(row + k * kLanes);
    }
  }
  const V zero = V::broadcast(0);
  for (; j < dim; j += kLanes) {
    const std::size_t some = dim - j < kLanes ? dim - j : kLanes;
    const auto load = [=](const typename V::Scalar* x) {
      return some == kLanes ? V::load(x) : V::load_partial(x, some, zero);
    };
    const auto store = [=](V x, typename V::Scalar* to) {
      if (some == kLanes) {
        x.store(to);
      } else {
        x.store_partial(to, some);
      }
    };
    if (gradient != nullptr) {
      V sum = load(gradient + j);
      for (std::size_t i = 0; i < count; ++i) sum = V::fma(V::broadcast(g[i]), load(rows[i] + j), sum);
      store(sum, gradient + j);
    }
    if (h == nullptr) continue;
    const V x = load(h + j);
    for (std::size_t i = 0; i < count; ++i)
      store(V::fma(V::broadcast(factor * g[i]), x, load(rows[i] + j)), rows[i] + j);
  }
}

}  // namespace softmax_native::SOFTMAX_ISA
