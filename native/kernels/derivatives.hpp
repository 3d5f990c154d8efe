// What products with the derivatives of softmax and its logarithm need of a chunk of a row, and the rows of the
// Jacobian itself. p are probabilities, l their logarithms (at most 0), g is the vector that the derivative is
// multiplied with. A class with p = 0 (l = -Infinity) takes no part: its g is not looked at, and its result is 0.
// `plain` drops that rule for what the formula as it stands makes of zeros and infinities. What is exactly 0 is +0,
// added last. out may be any input; NaN stays NaN.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

template <class V>
SOFTMAX_INLINE Four<V> load_four(const typename V::Scalar* x) {
  return each<V>([=](int k) SOFTMAX_INLINE_LAMBDA { return V::load(x + static_cast<std::size_t>(k) * V::kLanes); });
}

// The sum of f(four of x, four of y) over the row, in the order of reduce.hpp. Beyond the row stand x_none and y_none,
// of which f must make +0.
template <class V, class F>
inline double sum_pairs(const typename V::Scalar* x, const typename V::Scalar* y, std::size_t n, V x_none, V y_none,
                        const F& f) {
  constexpr std::size_t kLanes = V::kLanes;
  GroupSum<V> sum;
  std::size_t i = 0;
  for (; n - i >= kGroup; i += kGroup) {
    const typename V::Scalar *xs = x + i, *ys = y + i;
    sum.add([=](std::size_t first, std::size_t stride) SOFTMAX_INLINE_LAMBDA {
      const auto at = [=](int k) { return (first + static_cast<std::size_t>(k) * stride) * kLanes; };
      return f(each<V>([=](int k) SOFTMAX_INLINE_LAMBDA { return V::load(xs + at(k)); }),
               each<V>([=](int k) SOFTMAX_INLINE_LAMBDA { return V::load(ys + at(k)); }));
    });
  }
  if (i == n) return sum.total();
  const auto vector_of = [n](const typename V::Scalar* from, std::size_t start, V none) {
    if (start >= n) return none;
    return n - start >= kLanes ? V::load(from + start) : V::load_partial(from + start, n - start, none);
  };
  V terms[kGroupVectors<V>];
  for (std::size_t v = 0; v < kGroupVectors<V>; v += 4) {
    const auto start = [=](int k) { return i + (v + static_cast<std::size_t>(k)) * kLanes; };
    const Four<V> four = start(0) >= n ? four_of(V::broadcast(0))
                                       : f(each<V>([&](int k) { return vector_of(x, start(k), x_none); }),
                                           each<V>([&](int k) { return vector_of(y, start(k), y_none); }));
    for (std::size_t k = 0; k < 4; ++k) terms[v + k] = four.v[k];
  }
  sum.add([&](std::size_t first, std::size_t stride) {
    return each<V>([&](int k) { return terms[first + static_cast<std::size_t>(k) * stride]; });
  });
  return sum.total();
}

// out = f(x, y), where f maps four vectors of each at a time; as map_fours and map_streaming.
template <class V, bool stream, class F>
inline void map_pairs(const typename V::Scalar* x, const typename V::Scalar* y, typename V::Scalar* out, std::size_t n,
                      const F& f) {
  constexpr std::size_t kLanes = V::kLanes;
  std::size_t i = 0;
  if constexpr (stream) {
    i = until_aligned<V>(out, n);
    map_pairs<V, false>(x, y, out, i, f);
  }
  for (; n - i >= 4 * kLanes; i += 4 * kLanes) {
    typename V::Scalar* to = out + i;
    const Four<V> result = f(load_four<V>(x + i), load_four<V>(y + i));
    for (std::size_t k = 0; k < 4; ++k) {
      if constexpr (stream) {
        result.v[k].stream(to + k * kLanes);
      } else {
        result.v[k].store(to + k * kLanes);
      }
    }
  }
  const V zero = V::broadcast(0);
  for (; n - i >= kLanes; i += kLanes) f(four_of(V::load(x + i)), four_of(V::load(y + i))).v[0].store(out + i);
  if (i == n) return;
  const V last_x = V::load_partial(x + i, n - i, zero), last_y = V::load_partial(y + i, n - i, zero);
  f(four_of(last_x), four_of(last_y)).v[0].store_partial(out + i, n - i);
}

// The same for an f of single vectors.
template <class V, class F>
inline void map_pairs(const typename V::Scalar* x, const typename V::Scalar* y, typename V::Scalar* out, std::size_t n,
                      bool stream, const F& f) {
  const auto fours = [f](const Four<V>& a, const Four<V>& b) SOFTMAX_INLINE_LAMBDA {
    return each<V>([&](int k) SOFTMAX_INLINE_LAMBDA { return V(f(a.v[k], b.v[k])); });
  };
  if (stream) {
    map_pairs<V, true>(x, y, out, n, fours);
  } else {
    map_pairs<V, false>(x, y, out, n, fours);
  }
}

// The logarithms of four vectors, whose exponentials are wanted. Mostly all are within the reach of the branch-free
// exponential, and none is -Infinity.
template <class V>
SOFTMAX_INLINE bool all_normal_logs(const Four<V>& l) {
  const V least = V::min(V::min(l.v[0], l.v[1]), V::min(l.v[2], l.v[3]));
  const V most = V::max(V::max(l.v[0], l.v[1]), V::max(l.v[2], l.v[3]));
  const auto nan = V::either(V::unordered(l.v[0], l.v[1]), V::unordered(l.v[2], l.v[3]));
  const auto beyond = V::either(least < V::broadcast(Exp<V>::kNormalMin), V::broadcast(0) < most);
  return !V::any(V::either(nan, beyond));
}

// e^l: 0 for -Infinity, NaN for NaN. What is no logarithm of a probability has its exponential all the same, Infinity
// where it nears the greatest number.
template <class V>
inline Four<V> exp_of_any_log(const Four<V>& l) {
  const V infinity = V::broadcast(typename V::Scalar(__builtin_inf())), reach = V::broadcast(1 - Exp<V>::kNormalMin);
  const Four<V> e = exp_any<Fused>(each<V>([&](int k) { return V(V::min(l.v[k], reach)); }), NoCorrection{});
  return each<V>([&](int k) {
    const V y = V::select(reach < l.v[k], infinity, e.v[k]);
    return V(V::select(V::unordered(l.v[k], l.v[k]), l.v[k], y));
  });
}

// f(e^l, y), of single vectors, and +0 for an l of -Infinity unless `plain`.
template <class V, class F>
SOFTMAX_INLINE Four<V> with_exp_of_log(const Four<V>& l, const Four<V>& y, bool plain, const F& f) {
  if (all_normal_logs(l)) {
    const Four<V> e = exp_normal<Fused>(l, NoCorrection{});
    return each<V>([&](int k) SOFTMAX_INLINE_LAMBDA { return V(f(e.v[k], y.v[k])); });
  }
  const Four<V> e = exp_of_any_log(l);
  const V none = V::broadcast(-typename V::Scalar(__builtin_inf()));
  return each<V>([&](int k) {
    const V value = f(e.v[k], y.v[k]);
    return plain ? value : V(V::zero_where(l.v[k] == none, value));
  });
}

// sum p (g - shift). Error at most 4 units of T's roundoff of the sum of |p (g - shift)|.
template <class V>
double dot(const typename V::Scalar* p, const typename V::Scalar* g, std::size_t n, typename V::Scalar shift,
           bool plain) {
  const V by = V::broadcast(shift), zero = V::broadcast(0);
  const auto product = [=](V x, V y) SOFTMAX_INLINE_LAMBDA { return V(x * (y - by)); };
  if (plain) {
    return sum_pairs<V>(p, g, n, zero, by, [=](const Four<V>& x, const Four<V>& y) SOFTMAX_INLINE_LAMBDA {
      return each<V>([&](int k) SOFTMAX_INLINE_LAMBDA { return product(x.v[k], y.v[k]); });
    });
  }
  return sum_pairs<V>(p, g, n, zero, by, [=](const Four<V>& x, const Four<V>& y) SOFTMAX_INLINE_LAMBDA {
    return each<V>([&](int k)
                       SOFTMAX_INLINE_LAMBDA { return V(V::zero_where(x.v[k] == zero, product(x.v[k], y.v[k]))); });
  });
}

// sum g. An l that is NaN, or +Infinity, makes the sum NaN. Error at most 3 units of T's roundoff of the sum of |g|.
template <class V>
double part_sum(const typename V::Scalar* l, const typename V::Scalar* g, std::size_t n, bool plain) {
  const V none = V::broadcast(-typename V::Scalar(__builtin_inf())), zero = V::broadcast(0);
  if (plain) {
    return sum_pairs<V>(l, g, n, none, zero, [](const Four<V>&, const Four<V>& y) SOFTMAX_INLINE_LAMBDA { return y; });
  }
  return sum_pairs<V>(l, g, n, none, zero, [=](const Four<V>& x, const Four<V>& y) SOFTMAX_INLINE_LAMBDA {
    return each<V>([&](int k)
                       SOFTMAX_INLINE_LAMBDA { return V(V::zero_where(x.v[k] == none, y.v[k] + (x.v[k] - x.v[k]))); });
  });
}

// sum e^l g. Error at most 6 units of T's roundoff of the sum of |e^l g|.
template <class V>
double exp_dot(const typename V::Scalar* l, const typename V::Scalar* g, std::size_t n, bool plain) {
  const V none = V::broadcast(-typename V::Scalar(__builtin_inf())), zero = V::broadcast(0);
  const auto product = [](V e, V y) SOFTMAX_INLINE_LAMBDA { return V(e * y); };
  return sum_pairs<V>(l, g, n, none, zero, [=](const Four<V>& x, const Four<V>& y) SOFTMAX_INLINE_LAMBDA {
    return with_exp_of_log(x, y, plain, product);
  });
}

// out = factor p ((g - shift) - center): the product with softmax's derivative, center being dot's sum.
template <class V>
void softmax_vjp(const typename V::Scalar* p, const typename V::Scalar* g, typename V::Scalar* out, std::size_t n,
                 typename V::Scalar shift, typename V::Scalar center, typename V::Scalar factor, bool plain,
                 bool stream) {
  const V by = V::broadcast(shift), c = V::broadcast(center), f = V::broadcast(factor), zero = V::broadcast(0);
  const auto product = [=](V x, V y) SOFTMAX_INLINE_LAMBDA { return V(V::fma(x * f, (y - by) - c, zero)); };
  if (plain) return map_pairs<V>(p, g, out, n, stream, product);
  map_pairs<V>(p, g, out, n, stream,
               [=](V x, V y) SOFTMAX_INLINE_LAMBDA { return V(V::zero_where(x == zero, product(x, y))); });
}

// The products of `rows` contiguous rows of n <= 64 elements, plain, with the bits of dot and softmax_vjp: a tile of
// rows at a time (short_rows.hpp), then single ones. Stops before the first row whose sum is NaN or beyond +-limit, and
// returns how many rows it did. out may be p or g.
template <class V>
std::size_t softmax_vjp_short(const typename V::Scalar* p, const typename V::Scalar* g, typename V::Scalar* out,
                              std::size_t rows, std::size_t n, typename V::Scalar factor, typename V::Scalar limit) {
  using T = typename V::Scalar;
  const V f = V::broadcast(factor), zero = V::broadcast(0), most = V::broadcast(limit), least = V::broadcast(-limit);
  std::size_t row = 0;
  if (rows >= V::kLanes) {
    Tile<V> x(n), y(n);
    for (; rows - row >= V::kLanes; row += V::kLanes) {
      x.load(p + row * n);
      y.load(g + row * n);
      V terms[kGroup];
      for (std::size_t j = 0; j < n; ++j) terms[j] = x[j] * y[j];
      x.fold(terms);
      F64 parts[V::kWideParts];
      parts[0] = Tile<V>::template total<0>(terms);
      if constexpr (V::kWideParts == 2) parts[1] = Tile<V>::template total<1>(terms);
      const V center = V::narrow(parts);
      if (V::any(V::either(V::unordered(center, center), V::either(most < center, center < least)))) break;
      for (std::size_t j = 0; j < n; ++j) x[j] = V::fma(x[j] * f, y[j] - center, zero);
      x.store(out + row * n, [](V v) SOFTMAX_INLINE_LAMBDA { return v; });
    }
  }
  const std::size_t end = rows - row < V::kLanes ? rows : row + V::kLanes;
  for (; row < end; ++row) {
    const T *x = p + row * n, *y = g + row * n;
    const T center = static_cast<T>(dot<V>(x, y, n, T(0), true));
    if (!(center <= limit && -center <= limit)) break;
    softmax_vjp<V>(x, y, out + row * n, n, T(0), center, factor, true, false);
  }
  return row;
}

// out = factor (g - e^l sum): the product with the transposed derivative of log-softmax, sum being part_sum's.
template <class V>
void log_softmax_vjp(const typename V::Scalar* l, const typename V::Scalar* g, typename V::Scalar* out, std::size_t n,
                     typename V::Scalar sum, typename V::Scalar factor, bool plain, bool stream) {
  const V minus_sum = V::broadcast(-sum), f = V::broadcast(factor), zero = V::broadcast(0);
  const auto element = [=](V e, V y) SOFTMAX_INLINE_LAMBDA { return V(V::fma(V::fma(e, minus_sum, y), f, zero)); };
  const auto product = [=](const Four<V>& x, const Four<V>& y)
                           SOFTMAX_INLINE_LAMBDA { return with_exp_of_log(x, y, plain, element); };
  if (stream) {
    map_pairs<V, true>(l, g, out, n, product);
  } else {
    map_pairs<V, false>(l, g, out, n, product);
  }
}

// out = factor (g - center): the product with the derivative of log-softmax, center being exp_dot's sum.
template <class V>
void log_softmax_jvp(const typename V::Scalar* l, const typename V::Scalar* g, typename V::Scalar* out, std::size_t n,
                     typename V::Scalar center, typename V::Scalar factor, bool plain, bool stream) {
  const V c = V::broadcast(center), f = V::broadcast(factor), zero = V::broadcast(0);
  const V none = V::broadcast(-typename V::Scalar(__builtin_inf()));
  map_pairs<V>(l, g, out, n, stream, [=](V x, V y) SOFTMAX_INLINE_LAMBDA {
    const V value = V::fma(y - c, f, zero);
    return plain ? value : V(V::zero_where(x == none, value));
  });
}

// Rows `first` to first + rows of the matrix of n columns with left[i] right[j] factor off the diagonal, rounded after
// each product and the same for (j, i), and diagonal[i] on it; products that are 0 are +0. out holds these rows and
// nothing else, and is no input. A row's last vector runs over into the next row, which is written after it.
template <class V>
void outer(const typename V::Scalar* left, const typename V::Scalar* right, const typename V::Scalar* diagonal,
           std::size_t first, typename V::Scalar* out, std::size_t rows, std::size_t n, typename V::Scalar factor,
           bool stream) {
  constexpr std::size_t kLanes = V::kLanes;
  const V f = V::broadcast(factor), zero = V::broadcast(0);
  const std::size_t unrolled = n - n % (4 * kLanes), whole = n - n % kLanes, rest = n - whole;
  const V last = rest == 0 ? zero : V::load_partial(right + whole, rest, zero);
  for (std::size_t r = 0; r < rows; ++r) {
    const V l = V::broadcast(left[first + r]);
    const auto element = [=](V v) SOFTMAX_INLINE_LAMBDA { return V(V::fma(l * v, f, zero)); };
    typename V::Scalar* row = out + r * n;
    if (stream) {
      map_streaming<V>(right, row, n, element);
    } else {
      std::size_t j = 0;
      for (; j < unrolled; j += 4 * kLanes) {
        for (std::size_t k = 0; k < 4; ++k) element(V::load(right + j + k * kLanes)).store(row + j + k * kLanes);
      }
      for (; j < whole; j += kLanes) element(V::load(right + j)).store(row + j);
      if (rest != 0) {
        if ((rows - r) * n - whole >= kLanes) {
          element(last).store(row + whole);
        } else {
          element(last).store_partial(row + whole, rest);
        }
      }
    }
    row[first + r] = diagonal[first + r];
  }
}

}  // namespace softmax_native::SOFTMAX_ISA
