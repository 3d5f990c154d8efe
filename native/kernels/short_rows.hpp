// Rows of at most 64 elements, as many at a time as a register has lanes: a tile holds element j of row r at
// [j * kLanes + r], so that every instruction works on all rows. Each row's bits are those of the row passes
// (softmax.hpp, log_sum_exp.hpp): a short row is one group, and the tile folds it by the same tree.
//
// The kernels take `rows` contiguous rows of n, do whole tiles from the front, stop before the first tile that has a row
// without finite maximum, and return how many rows they did. The caller does the others row by row. x may be out.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

template <class V>
class Tile {
 public:
  using T = typename V::Scalar;
  static constexpr std::size_t kLanes = V::kLanes;

  explicit Tile(std::size_t n) : n_(n) {}

  void load(const T* x) {
    const V zero = V::broadcast(0);
    for (std::size_t j = 0; j < n_; j += kLanes) {
      V block[kLanes];
      const std::size_t wide = n_ - j < kLanes ? n_ - j : kLanes;
      for (std::size_t r = 0; r < kLanes; ++r) {
        const T* from = x + r * n_ + j;
        block[r] = wide == kLanes ? V::load(from) : V::load_partial(from, wide, zero);
      }
      V::transpose(block);
      for (std::size_t i = 0; i < wide; ++i) element_[j + i] = block[i];
    }
  }

  void store(T* out) const {
    const V zero = V::broadcast(0);
    for (std::size_t j = 0; j < n_; j += kLanes) {
      V block[kLanes];
      const std::size_t wide = n_ - j < kLanes ? n_ - j : kLanes;
      for (std::size_t i = 0; i < kLanes; ++i) block[i] = i < wide ? element_[j + i] : zero;
      V::transpose(block);
      for (std::size_t r = 0; r < kLanes; ++r) {
        if (wide == kLanes) {
          block[r].store(out + r * n_ + j);
        } else {
          block[r].store_partial(out + r * n_ + j, wide);
        }
      }
    }
  }

  // The greatest key of each row; false when one of them is not finite.
  template <class KeyOf>
  bool max(const KeyOf& key_of, V* greatest) const {
    V m = key_of(element_[0]);
    typename V::Mask nan = V::unordered(m, m);
    for (std::size_t j = 1; j < n_; ++j) {
      const V key = key_of(element_[j]);
      nan = V::either(nan, V::unordered(key, key));
      m = V::max(key, m);
    }
    const V difference = m - m;
    *greatest = m + V::broadcast(0);
    return !V::any(V::either(nan, V::unordered(difference, difference)));
  }

  V& operator[](std::size_t j) { return element_[j]; }

  // Elements j to j + 3; those beyond the row repeat its last.
  Four<V> four(std::size_t j) const {
    return each<V>([&](int k) {
      const std::size_t at = j + static_cast<std::size_t>(k);
      return element_[at < n_ ? at : n_ - 1];
    });
  }

  // Folds terms[0..n) by halves into terms[0..8): the tree of reduce.hpp, in which an absent element adds +0.
  void fold(V* terms) const {
    for (std::size_t half = kGroup / 2; half >= kSumLanes; half /= 2) {
      for (std::size_t j = 0; j < half && j + half < n_; ++j) terms[j] = terms[j] + terms[j + half];
    }
  }

  // The eight folded lanes of each row, summed in float64 in the order of GroupSum::total.
  template <std::size_t part>
  F64 total(const V* folded) const {
    F64 lane[kSumLanes];
    for (std::size_t j = 0; j < kSumLanes; ++j) {
      lane[j] = j < n_ ? folded[j].template widen<part>() : F64::broadcast(0);
    }
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }

 private:
  std::size_t n_;
  V element_[kGroup];
};

// For each whole tile with finite maxima: loads it and calls work(tile, scaling, first row), with a scaling whose max
// is that of each lane's row.
template <class V, class Work>
inline std::size_t each_tile(const typename V::Scalar* x, std::size_t rows, std::size_t n, double beta,
                             const Work& work) {
  const auto all = [&](auto scaling) {
    Tile<V> tile(n);
    std::size_t row = 0;
    for (; rows - row >= V::kLanes; row += V::kLanes) {
      tile.load(x + row * n);
      V greatest;
      if (!tile.max([&](V v) { return V(scaling.key(v)); }, &greatest)) break;
      scaling.set_max(greatest);
      work(tile, scaling, row);
    }
    return row;
  };
  return with_scaling<V>(0, beta, all);
}

template <class V, class Scaling>
inline Four<V> keys_in_tile(const Tile<V>& tile, const Scaling& scaling, std::size_t j) {
  const Four<V> x = tile.four(j);
  return each<V>([&](int k) { return V(scaling.key(x.v[k])); });
}

template <class V>
std::size_t softmax_short(const typename V::Scalar* x, typename V::Scalar* out, std::size_t rows, std::size_t n,
                          double beta) {
  return each_tile<V>(x, rows, n, beta, [&](Tile<V>& tile, const auto& scaling, std::size_t row) {
    V terms[kGroup];
    for (std::size_t j = 0; j < n; j += 4) {
      const Four<V> e = exp_any_of(scaling, keys_in_tile(tile, scaling, j));
      for (std::size_t k = 0; k < 4 && j + k < n; ++k) terms[j + k] = tile[j + k] = e.v[k];
    }
    tile.fold(terms);
    const F64 one = F64::broadcast(1);
    F64 parts[V::kWideParts];
    parts[0] = one / tile.template total<0>(terms);
    if constexpr (V::kWideParts == 2) parts[1] = one / tile.template total<1>(terms);
    const V factor = V::narrow(parts);
    for (std::size_t j = 0; j < n; ++j) tile[j] = tile[j] * factor;
    tile.store(out + row * n);
  });
}

// log1p(rest) of each row of the tile, as F64 parts.
template <class V, class Scaling>
inline void log_rest(Tile<V>& tile, const Scaling& scaling, std::size_t n, F64* parts) {
  const V one = V::broadcast(1);
  V terms[kGroup], at_max = V::broadcast(-1);
  for (std::size_t j = 0; j < n; j += 4) {
    const Four<V> keys = keys_in_tile(tile, scaling, j);
    const Four<V> e = exp_any_of(scaling, keys);
    for (std::size_t k = 0; k < 4 && j + k < n; ++k) {
      const auto maximal = keys.v[k] == scaling.max();
      at_max = at_max + V::keep_where(maximal, one);
      terms[j + k] = V::zero_where(maximal, e.v[k]);
    }
  }
  tile.fold(terms);
  parts[0] = log1p_any(tile.template total<0>(terms) + at_max.template widen<0>());
  if constexpr (V::kWideParts == 2) {
    parts[1] = log1p_any(tile.template total<1>(terms) + at_max.template widen<1>());
  }
}

template <class V>
std::size_t log_softmax_short(const typename V::Scalar* x, typename V::Scalar* out, std::size_t rows, std::size_t n,
                              double beta) {
  return each_tile<V>(x, rows, n, beta, [&](Tile<V>& tile, const auto& scaling, std::size_t row) {
    F64 parts[V::kWideParts];
    log_rest(tile, scaling, n, parts);
    const V by = V::narrow(parts);
    for (std::size_t j = 0; j < n; ++j) {
      tile[j] = scaling.shifted(V(scaling.below_max(V(scaling.key(tile[j])))), by);
    }
    tile.store(out + row * n);
  });
}

// max[r] and log_sum[r] = log1p(rest) of each row.
template <class V>
std::size_t log_sum_exp_short(const typename V::Scalar* x, std::size_t rows, std::size_t n, double beta,
                              typename V::Scalar* max, double* log_sum) {
  return each_tile<V>(x, rows, n, beta, [&](Tile<V>& tile, const auto& scaling, std::size_t row) {
    F64 parts[V::kWideParts];
    log_rest(tile, scaling, n, parts);
    scaling.max().store(max + row);
    parts[0].store(log_sum + row);
    if constexpr (V::kWideParts == 2) parts[1].store(log_sum + row + F64::kLanes);
  });
}

}  // namespace softmax_native::SOFTMAX_ISA
