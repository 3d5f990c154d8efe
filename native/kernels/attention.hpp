// Attention, a tile of keys by queries at a time, with the queries along the lanes: the scores of a key are a row. So a
// query's maximum, sum and output stay in a lane of its own, its results do not depend on which queries stand beside
// it, and what the exponentials leave is at once an operand of the next product: nothing is packed. And for a single
// query, the keys as they stand in memory.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// Terms of a chain: its sum rounds as little as its terms are, where one chain over all of them would round as much as
// the whole; errors of scores of 64 terms are half as large. Part of the numeric contract.
inline constexpr std::size_t kChain = 16;

// A matrix whose rows are contiguous, and the columns of it that are wanted.
template <class T>
struct Lines {
  T* data;
  std::size_t row;
};

// rows x vectors of a product, at most kTileRows x 2; `count` of the last vector's columns where it is not whole.
template <class V, std::size_t rows, std::size_t vectors, bool whole>
inline void product_part(Strided<const typename V::Scalar> a, Lines<const typename V::Scalar> b,
                         Lines<const typename V::Scalar> addend, const typename V::Scalar* factor,
                         Lines<typename V::Scalar> out, std::size_t depth, std::size_t count) {
  const V zero = V::broadcast(0);
  // Two pointers and a stride reach all rows, so that the loop stays in registers.
  const typename V::Scalar* from[2] = {a.data, a.data + (rows > 3 ? 3 * a.row : 0)};
  V total[rows][vectors];
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t v = 0; v < vectors; ++v) total[i][v] = zero;
  }
  const typename V::Scalar* line = b.data;
  for (std::size_t start = 0; start < depth; start += kChain) {
    V sum[rows][vectors];
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t v = 0; v < vectors; ++v) sum[i][v] = zero;
    }
    const std::size_t left = depth - start;
    for (std::size_t k = left < kChain ? left : kChain; k != 0; --k, line += b.row) {
      V x[vectors];
      for (std::size_t v = 0; v < vectors; ++v) {
        const typename V::Scalar* at = line + v * V::kLanes;
        x[v] = whole || v + 1 < vectors ? V::load(at) : V::load_partial(at, count, zero);
      }
      for (std::size_t i = 0; i < rows; ++i) {
        const V w = V::broadcast(from[i / 3][i % 3 * a.row]);
        for (std::size_t v = 0; v < vectors; ++v) sum[i][v] = V::fma(w, x[v], sum[i][v]);
      }
      for (const auto*& pointer : from) pointer += a.step;
    }
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t v = 0; v < vectors; ++v) total[i][v] = total[i][v] + sum[i][v];
    }
  }
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t v = 0; v < vectors; ++v) {
      const bool full = whole || v + 1 < vectors;
      const std::size_t column = v * V::kLanes;
      if (addend.data != nullptr) {
        const typename V::Scalar* at = addend.data + i * addend.row + column;
        const V before = full ? V::load(at) : V::load_partial(at, count, zero);
        if (factor == nullptr) {
          total[i][v] = before + total[i][v];
        } else {
          const V f = full ? V::load(factor + column) : V::load_partial(factor + column, count, zero);
          total[i][v] = V::fma(before, f, total[i][v]);
        }
      }
      typename V::Scalar* to = out.data + i * out.row + column;
      if (full) {
        total[i][v].store(to);
      } else {
        total[i][v].store_partial(to, count);
      }
    }
  }
}

// All columns of at most kTileRows rows.
template <class V, std::size_t rows>
inline void product_rows(Strided<const typename V::Scalar> a, Lines<const typename V::Scalar> b,
                         Lines<const typename V::Scalar> addend, const typename V::Scalar* factor,
                         Lines<typename V::Scalar> out, std::size_t depth, std::size_t columns) {
  for (std::size_t c = 0; c < columns;) {
    const std::size_t left = columns - c;
    const Lines<const typename V::Scalar> x{b.data + c, b.row};
    const Lines<const typename V::Scalar> add{addend.data == nullptr ? nullptr : addend.data + c, addend.row};
    const Lines<typename V::Scalar> to{out.data + c, out.row};
    const auto* f = factor == nullptr ? nullptr : factor + c;
    if (left >= 2 * V::kLanes) {
      product_part<V, rows, 2, true>(a, x, add, f, to, depth, 0);
      c += 2 * V::kLanes;
    } else if (left >= V::kLanes) {
      product_part<V, rows, 1, true>(a, x, add, f, to, depth, 0);
      c += V::kLanes;
    } else {
      product_part<V, rows, 1, false>(a, x, add, f, to, depth, left);
      c = columns;
    }
  }
}

// out[r * out_row + c] = addend[r * addend_row + c] factor[c] + sum over k < depth of
// a[r * a_row + k * a_step] * b[k * b_row + c],  r < rows, c < columns.
// The sum is made of chains of fma over kChain terms, each from 0 on and added in order, and the addend comes last,
// fused with its factor. addend may be nullptr (nothing is added) or out, factor nullptr (1). NaN and infinities go the
// way of IEEE arithmetic. Within (kChain + depth / kChain + 2) u of the exact sum, relative to its terms' magnitudes.
template <class V>
void tile_product(const typename V::Scalar* a, std::size_t a_row, std::size_t a_step, const typename V::Scalar* b,
                  std::size_t b_row, const typename V::Scalar* addend, std::size_t addend_row,
                  const typename V::Scalar* factor, typename V::Scalar* out, std::size_t out_row, std::size_t rows,
                  std::size_t depth, std::size_t columns) {
  using T = typename V::Scalar;
  for (std::size_t r = 0; r < rows; r += kTileRows) {
    const Strided<const T> from{a + r * a_row, a_row, a_step};
    const Lines<const T> x{b, b_row};
    const Lines<const T> add{addend == nullptr ? nullptr : addend + r * addend_row, addend_row};
    const Lines<T> to{out + r * out_row, out_row};
    switch (rows - r) {
      case 1:
        product_rows<V, 1>(from, x, add, factor, to, depth, columns);
        break;
      case 2:
        product_rows<V, 2>(from, x, add, factor, to, depth, columns);
        break;
      case 3:
        product_rows<V, 3>(from, x, add, factor, to, depth, columns);
        break;
      case 4:
        product_rows<V, 4>(from, x, add, factor, to, depth, columns);
        break;
      case 5:
        product_rows<V, 5>(from, x, add, factor, to, depth, columns);
        break;
      default:
        product_rows<V, kTileRows>(from, x, add, factor, to, depth, columns);
    }
  }
}

// What a lane's exponents are relative to: its maximum, or 0 where all are -Infinity.
template <class V>
SOFTMAX_INLINE V reference_of(V max) {
  const V none = V::broadcast(-typename V::Scalar(__builtin_inf()));
  return V::zero_where(max == none, max);
}

// e^(s[j * stride + c] - base) for the rows j < rows of one vector of columns, four rows at a time: take(j, count, e)
// is given those of rows j to j + count. No exponent is above 0 but by a rounding.
template <class V, class Take>
inline void exp_column(const typename V::Scalar* s, std::size_t stride, std::size_t rows, V base, V least,
                       const Take& take) {
  const auto run = [&](const auto& exponential) SOFTMAX_INLINE_LAMBDA {
    std::size_t j = 0;
    for (; j + 4 <= rows; j += 4) {
      const typename V::Scalar* from = s + j * stride;
      take(j, std::size_t{4}, exponential(each<V>([=](int k) SOFTMAX_INLINE_LAMBDA {
             return V(V::load(from + static_cast<std::size_t>(k) * stride) - base);
           })));
    }
    if (j == rows) return;
    const auto last = [&](int k) {
      const std::size_t row = j + static_cast<std::size_t>(k);
      return row < rows ? V(V::load(s + row * stride) - base) : V::broadcast(0);
    };
    take(j, rows - j, exponential(each<V>(last)));
  };
  if (V::any(least - base < V::broadcast(Exp<V>::kNormalMin))) {
    run([](const Four<V>& p) { return exp_any<Fused>(p, NoCorrection{}); });
  } else {
    run([](const Four<V>& p) SOFTMAX_INLINE_LAMBDA { return exp_normal<Fused>(p, NoCorrection{}); });
  }
}

// One step of online softmax for each column of scores (Milakov and Gimelshein 2018): with M the greatest of max[c] and
// of the column,
//   s[j * stride + c] = e^(s - M),  factor[c] = e^(max[c] - M),  sum[c] = sum over j,  max[c] = M.
// -Infinity counts as 0, also where nothing else is there. `columns` is a multiple of kPanelColumns. NaN stays the
// maximum of its column. Returns whether a maximum is NaN or +Infinity: what stands in such a column is then worth
// nothing but for its maximum. Each e is within 1 ulp of the exponential of the rounded difference; the sum, of four
// chains, within (rows / 4 + 2) u.
template <class V>
bool tile_exp(typename V::Scalar* s, std::size_t stride, std::size_t rows, std::size_t columns, typename V::Scalar* max,
              typename V::Scalar* factor, typename V::Scalar* sum) {
  using T = typename V::Scalar;
  const V infinity = V::broadcast(T(__builtin_inf())), nan = V::broadcast(T(__builtin_nan("")));
  bool special = false;
  for (std::size_t c = 0; c < columns; c += V::kLanes) {
    T* column = s + c;
    const V before = V::load(max + c);
    V greatest = before, least = infinity;
    auto is_nan = V::unordered(before, before);
    std::size_t j = 0;
    for (; j + 2 <= rows; j += 2) {
      const V x = V::load(column + j * stride), y = V::load(column + (j + 1) * stride);
      is_nan = V::either(is_nan, V::unordered(x, y));
      greatest = V::max(V(V::max(x, y)), greatest);
      least = V::min(V(V::min(x, y)), least);
    }
    if (j < rows) {
      const V x = V::load(column + j * stride);
      is_nan = V::either(is_nan, V::unordered(x, x));
      greatest = V::max(x, greatest);
      least = V::min(x, least);
    }
    greatest = V::select(is_nan, nan, greatest);
    special = special || V::any(V::either(is_nan, greatest == infinity));
    const V base = reference_of(greatest);
    exp_any<Fused>(four_of(V(before - base)), NoCorrection{}).v[0].store(factor + c);
    Four<V> sums = four_of(V(V::broadcast(0)));
    exp_column<V>(column, stride, rows, base, least,
                  [&](std::size_t first, std::size_t count, const Four<V>& e) SOFTMAX_INLINE_LAMBDA {
                    for (std::size_t k = 0; k < count; ++k) {
                      e.v[k].store(column + (first + k) * stride);
                      sums.v[k] = sums.v[k] + e.v[k];
                    }
                  });
    V((sums.v[0] + sums.v[2]) + (sums.v[1] + sums.v[3])).store(sum + c);
    greatest.store(max + c);
  }
  return special;
}

// The weights of a tile again, and the derivative of the scores from that of the weights:
//   s = p = e^(s - max[c]) scale[c],   g = p (g - dot[c]),   both 0 where p is 0.
// Maxima are finite or -Infinity; a score above its maximum counts as the maximum. Each within 4 u of its terms'
// magnitudes. `columns` is a multiple of kPanelColumns.
template <class V>
void tile_vjp(typename V::Scalar* s, typename V::Scalar* g, std::size_t stride, std::size_t rows, std::size_t columns,
              const typename V::Scalar* max, const typename V::Scalar* scale, const typename V::Scalar* dot) {
  const V zero = V::broadcast(0);
  for (std::size_t c = 0; c < columns; c += V::kLanes) {
    typename V::Scalar *column = s + c, *direction = g + c;
    const V base = reference_of(V::load(max + c)), by = V::load(scale + c), center = V::load(dot + c);
    V least = base;
    for (std::size_t j = 0; j < rows; ++j) {
      const V x = V::min(V::load(column + j * stride), base);
      x.store(column + j * stride);
      least = V::min(x, least);
    }
    exp_column<V>(column, stride, rows, base, least,
                  [&](std::size_t first, std::size_t count, const Four<V>& e) SOFTMAX_INLINE_LAMBDA {
                    for (std::size_t k = 0; k < count; ++k) {
                      const std::size_t at = (first + k) * stride;
                      const V p = e.v[k] * by;
                      const V d = p * (V::load(direction + at) - center);
                      p.store(column + at);
                      V(V::zero_where(p == zero, d)).store(direction + at);
                    }
                  });
  }
}

// The sum of the lanes of each of kLanes vectors, folded by halves, in the lanes of one.
template <class V>
SOFTMAX_INLINE V sums_of_lanes(V (&r)[V::kLanes]) {
  if constexpr (V::kLanes > 1) V::transpose(r);
  for (std::size_t half = V::kLanes / 2; half != 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) r[i] = r[i] + r[i + half];
  }
  return r[0];
}

// The product of q with a row, not yet summed over the lanes of a register: the virtual lanes are those of a cache
// line, folded by halves. One row at a time: a long cache is read as one stream, which processors see coming. Four rows
// side by side take 1.7 times longer.
template <class V>
SOFTMAX_INLINE V dot_of_lanes(const typename V::Scalar* q, const typename V::Scalar* key, std::size_t depth) {
  constexpr std::size_t kVectors = kPanelColumns<V> / V::kLanes;
  const V zero = V::broadcast(0);
  V sum[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) sum[v] = zero;
  std::size_t k = 0;
  for (; k + kPanelColumns<V> <= depth; k += kPanelColumns<V>) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t at = k + v * V::kLanes;
      sum[v] = V::fma(V::load(q + at), V::load(key + at), sum[v]);
    }
  }
  for (std::size_t v = 0; v < kVectors && k + v * V::kLanes < depth; ++v) {
    const std::size_t at = k + v * V::kLanes, left = depth - at;
    if (left >= V::kLanes) {
      sum[v] = V::fma(V::load(q + at), V::load(key + at), sum[v]);
    } else {
      sum[v] = V::fma(V::load_partial(q + at, left, zero), V::load_partial(key + at, left, zero), sum[v]);
    }
  }
  for (std::size_t half = kVectors / 2; half != 0; half /= 2) {
    for (std::size_t v = 0; v < half; ++v) sum[v] = sum[v] + sum[v + half];
  }
  return sum[0];
}

// out[j] = sum over k < depth of q[k] key[j * row + k],  j < keys. Within (depth / 16 + 5) u of the exact sum, relative
// to its terms' magnitudes (8 instead of 16 in float64).
template <class V>
void key_dots(const typename V::Scalar* q, const typename V::Scalar* key, std::size_t row, std::size_t keys,
              std::size_t depth, typename V::Scalar* out) {
  for (std::size_t j = 0; j < keys; j += V::kLanes) {
    const std::size_t count = keys - j < V::kLanes ? keys - j : V::kLanes;
    V folded[V::kLanes];
    for (std::size_t i = 0; i < V::kLanes; ++i) {
      folded[i] = i < count ? dot_of_lanes<V>(q, key + (j + i) * row, depth) : V::broadcast(0);
    }
    const V sums = sums_of_lanes(folded);
    if (count == V::kLanes) {
      sums.store(out + j);
    } else {
      sums.store_partial(out + j, count);
    }
  }
}

// out[c] += sum over j < rows of weight[j] value[j * row + c],  c < columns: one chain of fma over j. out stays in the
// first-level cache, and the rows are one stream.
template <class V>
void add_values(const typename V::Scalar* weight, const typename V::Scalar* value, std::size_t row, std::size_t rows,
                std::size_t columns, typename V::Scalar* out) {
  const V zero = V::broadcast(0);
  const std::size_t whole = columns - columns % V::kLanes, left = columns - whole;
  for (std::size_t j = 0; j < rows; ++j, value += row) {
    const V w = V::broadcast(weight[j]);
    for (std::size_t c = 0; c < whole; c += V::kLanes) {
      V(V::fma(w, V::load(value + c), V::load(out + c))).store(out + c);
    }
    if (left == 0) continue;
    const V last = V::fma(w, V::load_partial(value + whole, left, zero), V::load_partial(out + whole, left, zero));
    last.store_partial(out + whole, left);
  }
}

}  // namespace softmax_native::SOFTMAX_ISA
