// Rows of at most 64 elements, as many at a time as a register has lanes: a tile holds element j of row r at
// [j * kLanes + r], so that every instruction works on all rows. Each row's bits are those of the row passes
// (softmax.hpp, log_sum_exp.hpp): a short row is one group, and the tile folds it by the same tree.
//
// The kernels take `rows` contiguous rows of n, do tiles while there are enough rows and then single rows, each kept in
// registers from its loads to its stores; they stop before the first row whose maximum is not finite, and return how
// many rows they did. x may be out.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// Rows up to here are computed in float64 and plain arithmetic, which lib/tiny repeats.
inline constexpr std::size_t kTiny = 8;

template <class V>
class Tile {
 public:
  using T = typename V::Scalar;
  static constexpr std::size_t kLanes = V::kLanes;

  explicit Tile(std::size_t n) : n_(n) {}

  // Blocks of kLanes columns. The last one of a row that is longer than a block reaches back over columns already
  // done, so that all loads and stores are whole; only rows shorter than a block need partial ones.
  void load(const T* x) {
    const V zero = V::broadcast(0);
    for (std::size_t j = 0; j < n_; j += kLanes) {
      const std::size_t column = block_start(j);
      V block[kLanes];
      for (std::size_t r = 0; r < kLanes; ++r) {
        const T* from = x + r * n_ + column;
        block[r] = n_ >= kLanes ? V::load(from) : V::load_partial(from, n_, zero);
      }
      V::transpose(block);
      for (std::size_t i = 0; i < kLanes; ++i) element_[column + i] = block[i];
    }
    // The last four may reach beyond the row; what stands there is computed with, and not used.
    for (std::size_t j = n_; j % 4 != 0; ++j) element_[j] = zero;
  }

  // out = change(element) for the tile's rows, contiguous as in load.
  template <class Change>
  SOFTMAX_INLINE void store(T* out, const Change& change) const {
    for (std::size_t j = 0; j < n_; j += kLanes) {
      const std::size_t column = block_start(j);
      V block[kLanes];
      for (std::size_t i = 0; i < kLanes; ++i) block[i] = change(element_[column + i]);
      V::transpose(block);
      for (std::size_t r = 0; r < kLanes; ++r) {
        if (n_ >= kLanes) {
          block[r].store(out + r * n_ + column);
        } else {
          block[r].store_partial(out + r * n_, n_);
        }
      }
    }
  }

  // The greatest key of each row, and the least over all; false when a row's greatest is not finite.
  template <class KeyOf>
  bool extremes(const KeyOf& key_of, V* greatest, V* least) const {
    V high = key_of(element_[0]), low = high;
    typename V::Mask nan = V::unordered(high, high);
    for (std::size_t j = 1; j < n_; ++j) {
      const V key = key_of(element_[j]);
      nan = V::either(nan, V::unordered(key, key));
      high = V::max(key, high);
      low = V::min(key, low);
    }
    const V difference = high - high;
    *greatest = high + V::broadcast(0);
    *least = low;
    return !V::any(V::either(nan, V::unordered(difference, difference)));
  }

  V& operator[](std::size_t j) { return element_[j]; }

  Four<V> four(std::size_t j) const { return {{element_[j], element_[j + 1], element_[j + 2], element_[j + 3]}}; }

  // Folds terms[0..n) by halves into terms[0..8): the tree of reduce.hpp, in which an absent element adds +0.
  void fold(V* terms) const {
    for (std::size_t half = kGroup / 2; half >= kSumLanes; half /= 2) {
      for (std::size_t j = 0; j < half && j + half < n_; ++j) terms[j] = terms[j] + terms[j + half];
    }
    for (std::size_t j = n_; j < kSumLanes; ++j) terms[j] = V::broadcast(0);
  }

  // The eight folded lanes of each row, summed in float64 as by GroupSum::total, and as by compensated_total.
  template <std::size_t part>
  static F64 total(const V* folded) {
    F64 lane[kSumLanes];
    for (std::size_t j = 0; j < kSumLanes; ++j) lane[j] = folded[j].template widen<part>();
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
  template <std::size_t part>
  static F64 compensated_total(const V* folded) {
    if constexpr (sizeof(T) < sizeof(double)) {
      return total<part>(folded);
    } else {
      F64 lane[kSumLanes], lost[kSumLanes];
      for (std::size_t j = 0; j < kSumLanes; ++j) {
        lane[j] = folded[j];
        lost[j] = F64::broadcast(0);
      }
      return fold_compensated(lane, lost);
    }
  }

 private:
  std::size_t n_;
  V element_[kGroup];

  std::size_t block_start(std::size_t j) const { return n_ - j >= kLanes || n_ < kLanes ? j : n_ - kLanes; }
};

// Calls tile_work(tile, scaling, normal, row) for tiles, with a scaling whose max is that of each lane's row, and
// row_work(group, scaling, row) for what is left, rows before one that is not finite included. `normal` says that the
// branch-free exponential reaches every key of the tile.
template <class Arithmetic, class V, class TileWork, class RowWork>
inline std::size_t each_short(const typename V::Scalar* x, std::size_t rows, std::size_t n, double beta,
                              const TileWork& tile_work, const RowWork& row_work) {
  return with_scaling<V>(0, beta, [=](auto scaling) {
    std::size_t row = 0;
    if (rows >= V::kLanes) {
      Tile<V> tile(n);
      for (; rows - row >= V::kLanes; row += V::kLanes) {
        tile.load(x + row * n);
        V greatest, least;
        if (!tile.extremes([&](V v) { return V(scaling.key(v)); }, &greatest, &least)) break;
        scaling.set_max(greatest);
        // least is below every row's own least, so the answer may be a cautious no.
        tile_work(tile, scaling, is_normal(scaling, least), row);
      }
    }
    const std::size_t end = rows - row < V::kLanes ? rows : row + V::kLanes;
    for (; row < end; ++row) {
      const typename V::Scalar greatest = max<V>(x + row * n, n, beta < 0);
      if (greatest - greatest != 0) break;
      scaling.set_max(V::broadcast(greatest));
      CarefulGroup<V, Arithmetic> group(scaling, x + row * n, n);
      row_work(group, scaling, row);
    }
    return row;
  });
}

template <class V, class Scaling>
inline Four<V> keys_in_tile(const Tile<V>& tile, const Scaling& scaling, std::size_t j) {
  const Four<V> x = tile.four(j);
  return each<V>([&](int k) SOFTMAX_INLINE_LAMBDA { return V(scaling.key(x.v[k])); });
}

// Calls use(j, keys, exponentials) for the elements in fours. The last four may reach beyond the row: what is there are
// left-overs of the transpose, whose exponentials nobody uses.
template <class Arithmetic, class V, class Scaling, class Use>
inline void each_four(const Tile<V>& tile, const Scaling& scaling, bool normal, std::size_t n, const Use& use) {
  if (normal) {
    for (std::size_t j = 0; j < n; j += 4) {
      const Four<V> keys = keys_in_tile(tile, scaling, j);
      use(j, keys, exp_normal_of<Arithmetic>(scaling, keys));
    }
  } else {
    for (std::size_t j = 0; j < n; j += 4) {
      const Four<V> keys = keys_in_tile(tile, scaling, j);
      use(j, keys, exp_any_of<Arithmetic>(scaling, keys));
    }
  }
}

template <class Arithmetic, class V>
inline std::size_t softmax_in(const typename V::Scalar* x, typename V::Scalar* out, std::size_t rows, std::size_t n,
                              double beta) {
  using T = typename V::Scalar;
  const auto tile_work = [=](Tile<V>& tile, const auto& scaling, bool normal, std::size_t row) {
    V terms[kGroup];
    each_four<Arithmetic>(tile, scaling, normal, n, [&](std::size_t j, const Four<V>&, const Four<V>& e) {
      for (std::size_t k = 0; k < 4; ++k) terms[j + k] = tile[j + k] = e.v[k];
    });
    tile.fold(terms);
    const F64 one = F64::broadcast(1);
    F64 parts[V::kWideParts];
    if constexpr (Arithmetic::kCompensates) {
      parts[0] = one / Tile<V>::template compensated_total<0>(terms);
      if constexpr (V::kWideParts == 2) parts[1] = one / Tile<V>::template compensated_total<1>(terms);
    } else {
      parts[0] = one / Tile<V>::template total<0>(terms);
    }
    const V factor = V::narrow(parts);
    tile.store(out + row * n, [factor](V e) SOFTMAX_INLINE_LAMBDA { return V(e * factor); });
  };
  const auto row_work = [=](CarefulGroup<V, Arithmetic>& group, const auto&, std::size_t row) {
    const GroupSum<V> sum = group.sum();
    const double total = Arithmetic::kCompensates ? sum.compensated_total() : sum.total();
    const V factor = V::broadcast(static_cast<T>(1 / total));
    group.store(out + row * n, n, [factor](V e) { return V(e * factor); });
  };
  return each_short<Arithmetic, V>(x, rows, n, beta, tile_work, row_work);
}

// rest[r], of each row, and its maximum: log sum e^(beta z) = |beta| max + log1p(rest).
template <class Arithmetic, class V>
inline std::size_t rest_in(const typename V::Scalar* x, std::size_t rows, std::size_t n, double beta,
                           typename V::Scalar* max, double* rest) {
  const auto tile_work = [=](Tile<V>& tile, const auto& scaling, bool normal, std::size_t row) {
    const V one = V::broadcast(1);
    V terms[kGroup], maxima[kGroup];
    each_four<Arithmetic>(tile, scaling, normal, n, [&](std::size_t j, const Four<V>& keys, const Four<V>& e) {
      for (std::size_t k = 0; k < 4; ++k) {
        const auto maximal = keys.v[k] == scaling.max();
        maxima[j + k] = V::keep_where(maximal, one);
        terms[j + k] = V::zero_where(maximal, e.v[k]);
      }
    });
    V at_max = V::broadcast(-1);
    for (std::size_t j = 0; j < n; ++j) at_max = at_max + maxima[j];
    tile.fold(terms);
    scaling.max().store(max + row);
    F64(Tile<V>::template total<0>(terms) + at_max.template widen<0>()).store(rest + row);
    if constexpr (V::kWideParts == 2) {
      F64(Tile<V>::template total<1>(terms) + at_max.template widen<1>()).store(rest + row + F64::kLanes);
    }
  };
  const auto row_work = [=](CarefulGroup<V, Arithmetic>& group, const auto& scaling, std::size_t row) {
    const double maxima = group.take_maxima(scaling, n);
    rest[row] = group.sum().total() + (maxima - 1);
    scaling.max().store_partial(max + row, 1);
  };
  return each_short<Arithmetic, V>(x, rows, n, beta, tile_work, row_work);
}

// max[r] and log_sum[r] = log1p(rest). The logarithms are taken when all rows are done: one waits for its own steps
// longer than for everything else of a short row, but many side by side do not.
template <class Arithmetic, class V>
inline std::size_t log_sum_exp_in(const typename V::Scalar* x, std::size_t rows, std::size_t n, double beta,
                                  typename V::Scalar* max, double* log_sum) {
  const std::size_t done = rest_in<Arithmetic, V>(x, rows, n, beta, max, log_sum);
  log1p<F64>(log_sum, log_sum, done);
  return done;
}

// out = change(x) for one row. The last vector reaches back instead of being partial; it is loaded before anything is
// stored, since x may be out.
template <class V, class Change>
SOFTMAX_INLINE void shift_row(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n,
                              const Change& change) {
  if (n < V::kLanes) {
    change(V::load_partial(x, n, V::broadcast(0))).store_partial(out, n);
    return;
  }
  const V last = change(V::load(x + n - V::kLanes));
  for (std::size_t j = 0; n - j > V::kLanes; j += V::kLanes) change(V::load(x + j)).store(out + j);
  last.store(out + n - V::kLanes);
}

// Rows whose logarithms are taken together.
inline constexpr std::size_t kShortRows = 64;

template <class Arithmetic, class V>
inline std::size_t log_softmax_in(const typename V::Scalar* x, typename V::Scalar* out, std::size_t rows, std::size_t n,
                                  double beta) {
  using T = typename V::Scalar;
  return with_scaling<V>(0, beta, [=](auto scaling) {
    T max[kShortRows];
    double log_sum[kShortRows];
    for (std::size_t row = 0; row < rows; row += kShortRows) {
      const std::size_t some = rows - row < kShortRows ? rows - row : kShortRows;
      const std::size_t done = log_sum_exp_in<Arithmetic, V>(x + row * n, some, n, beta, max, log_sum);
      for (std::size_t r = 0; r < done; ++r) {
        scaling.set_max(V::broadcast(max[r]));
        const V by = V::broadcast(static_cast<T>(log_sum[r]));
        shift_row<V>(x + (row + r) * n, out + (row + r) * n, n, [&](V z) SOFTMAX_INLINE_LAMBDA {
          return V(scaling.shifted(V(scaling.below_max(V(scaling.key(z)))), by));
        });
      }
      if (done < some) return row + done;
    }
    return rows;
  });
}

template <class T>
inline void narrow_to(const double* wide, T* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<T>(wide[i]);
}

// Rows of at most kTiny elements as float64: calls work(first row, wide rows, rows) for some at a time, which returns
// how many it did.
template <class T, class Work>
inline std::size_t each_widened(const T* x, std::size_t rows, std::size_t n, const Work& work) {
  double wide[kShortRows * kTiny];
  for (std::size_t row = 0; row < rows; row += kShortRows) {
    const std::size_t some = rows - row < kShortRows ? rows - row : kShortRows;
    for (std::size_t i = 0; i < some * n; ++i) wide[i] = static_cast<double>(x[row * n + i]);
    const std::size_t done = work(row, wide, some);
    if (done < some) return row + done;
  }
  return rows;
}

template <class V>
inline constexpr bool kIsWide = sizeof(typename V::Scalar) == sizeof(double);

template <class V>
std::size_t softmax_short(const typename V::Scalar* x, typename V::Scalar* out, std::size_t rows, std::size_t n,
                          double beta) {
  if (n > kTiny) return softmax_in<Fused, V>(x, out, rows, n, beta);
  if constexpr (kIsWide<V>) {
    return softmax_in<Plain, F64>(x, out, rows, n, beta);
  } else {
    return each_widened(x, rows, n, [=](std::size_t row, double* wide, std::size_t some) {
      const std::size_t done = softmax_in<Plain, F64>(wide, wide, some, n, beta);
      narrow_to(wide, out + row * n, done * n);
      return done;
    });
  }
}

template <class V>
std::size_t log_softmax_short(const typename V::Scalar* x, typename V::Scalar* out, std::size_t rows, std::size_t n,
                              double beta) {
  if (n > kTiny) return log_softmax_in<Fused, V>(x, out, rows, n, beta);
  if constexpr (kIsWide<V>) {
    return log_softmax_in<Plain, F64>(x, out, rows, n, beta);
  } else {
    return each_widened(x, rows, n, [=](std::size_t row, double* wide, std::size_t some) {
      const std::size_t done = log_softmax_in<Plain, F64>(wide, wide, some, n, beta);
      narrow_to(wide, out + row * n, done * n);
      return done;
    });
  }
}

template <class V>
std::size_t log_sum_exp_short(const typename V::Scalar* x, std::size_t rows, std::size_t n, double beta,
                              typename V::Scalar* max, double* log_sum) {
  if (n > kTiny) return log_sum_exp_in<Fused, V>(x, rows, n, beta, max, log_sum);
  if constexpr (kIsWide<V>) {
    return log_sum_exp_in<Plain, F64>(x, rows, n, beta, max, log_sum);
  } else {
    return each_widened(x, rows, n, [=](std::size_t row, double* wide, std::size_t some) {
      double maxima[kShortRows];
      const std::size_t done = log_sum_exp_in<Plain, F64>(wide, some, n, beta, maxima, log_sum + row);
      narrow_to(maxima, max + row, done);
      return done;
    });
  }
}

}  // namespace softmax_native::SOFTMAX_ISA
