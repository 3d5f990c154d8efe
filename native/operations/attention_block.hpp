// Attention of a block of queries, tile of keys after tile, with a running maximum and sum (Milakov and Gimelshein,
// "Online normalizer calculation for softmax", 2018; Dao and others, "FlashAttention", 2022).
#pragma once

#include "attention_scores.hpp"
#include "attention_totals.hpp"

namespace softmax_native {

// What is multiplied with weights: element k of row j stands at j * row + k * step.
template <class T>
struct Weighed {
  const T* data;
  std::size_t row, step;
};

// Terms of a chain of tile_product.
inline constexpr std::size_t kChainTerms = 16;

inline float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }

// out[k * stride + i] = out[...] factor[i] + sum over j of x(j, k) weights[j * stride + i] as tile_product gives it,
// but what has the weight 0 contributes nothing, be it NaN.
template <class T>
void add_weighed(Weighed<T> x, const T* weights, std::size_t rows, const T* factor, T* out, std::size_t depth,
                 std::size_t columns) {
  constexpr std::size_t kStride = kBlockQueries<T>;
  for (std::size_t k = 0; k < depth; ++k) {
    for (std::size_t i = 0; i < columns; ++i) {
      T sum = 0, chain = 0;
      for (std::size_t j = 0; j < rows; ++j) {
        const T w = weights[j * kStride + i];
        if (w != 0) chain = fused(x.data[j * x.row + k * x.step], w, chain);
        if (j % kChainTerms != kChainTerms - 1 && j + 1 != rows) continue;
        sum += chain;
        chain = 0;
      }
      T& to = out[k * kStride + i];
      to = factor == nullptr ? to + sum : fused(to, factor[i], sum);
    }
  }
}

// The weights of a tile, 1 or 0, where what equals the maximum has equal shares: in the columns of which `of` says so.
template <class T, class Of>
void share_tile(const T* scores, T* s, std::size_t rows, std::size_t columns, const T* max, const Of& of) {
  constexpr std::size_t kStride = kBlockQueries<T>;
  for (std::size_t i = 0; i < columns; ++i) {
    if (!of(i)) continue;
    const bool none = max[i] == -static_cast<T>(__builtin_inf());
    for (std::size_t j = 0; j < rows; ++j)
      s[j * kStride + i] = !none && scores[j * kStride + i] == max[i] ? T(1) : T(0);
  }
}

template <class T>
class AttentionBlock {
 public:
  static constexpr std::size_t kQueries = kBlockQueries<T>;

  // Elements of scratch memory that a block needs.
  static std::size_t scratch(const AttentionShape& shape) {
    return (2 * shape.depth + shape.width) * kQueries + 3 * kTileScores<T> + (shape.width + 3) * kQueries;
  }

  AttentionBlock(const Attention<T>& call, const AttentionScores<T>& scores, T* scratch)
      : call_(call), shape_(call.shape), scores_(scores), k_(kernels().of<T>()) {
    const auto take = [&](std::size_t count) {
      T* part = scratch;
      scratch += count;
      return part;
    };
    scaled_ = take(shape_.depth * kQueries);
    packed_ = take(shape_.depth * kQueries);
    rows_ = take(shape_.width * kQueries);
    tile_ = take(kTileScores<T>);
    other_ = take(kTileScores<T>);
    bias_ = take(kTileScores<T>);
    output_ = take(shape_.width * kQueries);
    max_ = take(kQueries);
    before_ = take(kQueries);
    factor_ = take(kQueries);
  }

  // Takes the block's queries.
  void prepare(std::size_t head, TileRange queries) {
    head_ = head;
    queries_ = queries;
    columns_ = AttentionScores<T>::lanes(queries.count());
    scores_.pack(scores_.query(head, queries.begin), queries.count(), scaled_, packed_);
  }

  // Takes them, and goes through the keys. False where the job was given up meanwhile.
  bool run(std::size_t head, TileRange queries) {
    prepare(head, queries);
    if (!go(false)) return false;
    // Where NaN or an infinity is in the result, what has no weight may have brought it.
    if (k_.find_non_finite(output_, shape_.width * kQueries) == shape_.width * kQueries) return true;
    return go(true);
  }

  // Of lane i the greatest score; the sums of values, [width, kQueries], relative to it; and the queries as they are
  // multiplied.
  T max(std::size_t i) const { return max_[i]; }
  const T* output() const { return output_; }
  const T* scaled() const { return scaled_; }
  const T* packed() const { return packed_; }
  std::size_t columns() const { return columns_; }

  // What the weights of lane i are multiplied with to be its own.
  double inverse(std::size_t i) const { return inverse_of(call_, max_[i], total_[i]); }
  double log_sum_exp(std::size_t i) const { return log_sum_exp_of(call_, max_[i], total_[i]); }

  void write_output(T* out) {
    k_.transpose(output_, kQueries, rows_, shape_.width, shape_.width, queries_.count());
    for (std::size_t i = 0; i < queries_.count(); ++i) {
      const T by = static_cast<T>(inverse(i));
      T *from = rows_ + i * shape_.width, *to = out + i * shape_.width;
      if (by == by) {
        k_.scale(from, to, shape_.width, by, false);
      } else {
        for (std::size_t c = 0; c < shape_.width; ++c) to[c] = by;
      }
    }
  }

  // The weights themselves, rows of all keys. A row that is not a number has none that is.
  void write_weights(T* out) {
    const std::size_t count = queries_.count();
    std::memset(out, 0, count * shape_.keys * sizeof(T));
    T *by = before_, *zeros = factor_;
    for (std::size_t i = 0; i < kQueries; ++i) {
      by[i] = static_cast<T>(i < count ? inverse(i) : 0);
      zeros[i] = 0;
    }
    each_tile([&](TileRange keys) {
      weights_of(keys, by, zeros);
      k_.transpose(tile_, kQueries, out + keys.begin, shape_.keys, keys.count(), count);
      return true;
    });
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; by[i] != by[i] && j < shape_.keys; ++j) out[i * shape_.keys + j] = by[i];
    }
  }

  template <class Work>
  bool each_tile(const Work& work) const {
    const TileRange all = scores_.window(queries_);
    const CancelFlag* flag = current_cancel_flag();
    for (std::size_t start = all.begin / kTileKeys * kTileKeys; start < all.end; start += kTileKeys) {
      if (is_cancelled(flag)) return false;
      const TileRange keys{start, all.end - start < kTileKeys ? all.end : start + kTileKeys};
      if (!work(keys)) return false;
    }
    return true;
  }

 private:
  const Attention<T>& call_;
  const AttentionShape& shape_;
  const AttentionScores<T>& scores_;
  const KernelsOf<T>& k_;
  std::size_t head_ = 0, columns_ = 0;
  TileRange queries_{};
  T *scaled_, *packed_, *rows_, *tile_, *other_, *bias_, *output_, *max_, *before_, *factor_;
  T sum_[kQueries];
  double total_[kQueries];

  bool go(bool careful) {
    const T never = -static_cast<T>(__builtin_inf());
    for (std::size_t i = 0; i < kQueries; ++i) {
      max_[i] = never;
      total_[i] = 0;
    }
    std::memset(output_, 0, shape_.width * kQueries * sizeof(T));
    return each_tile([&](TileRange keys) {
      scores_.write(head_, queries_, keys, packed_, tile_, bias_);
      weigh(keys);
      for (std::size_t i = 0; i < columns_; ++i) {
        total_[i] = total_[i] * static_cast<double>(factor_[i]) + static_cast<double>(sum_[i]);
      }
      const T* value = scores_.value(head_, keys.begin);
      if (careful) {
        add_weighed<T>({value, shape_.width, 1}, tile_, keys.count(), factor_, output_, shape_.width, columns_);
      } else {
        k_.tile_product(value, 1, shape_.width, tile_, kQueries, output_, kQueries, factor_, output_, kQueries,
                        shape_.width, keys.count(), columns_);
      }
      return true;
    });
  }

  // The tile's scores become weights relative to the new maxima.
  void weigh(TileRange keys) {
    std::memcpy(before_, max_, sizeof(T) * kQueries);
    if (scores_.shares()) {
      std::memcpy(other_, tile_, keys.count() * kQueries * sizeof(T));
      find_maxima(keys.count());
      share(keys.count(), [](std::size_t) { return true; });
    } else if (k_.tile_exp(tile_, kQueries, keys.count(), columns_, max_, factor_, sum_)) {
      scores_.write(head_, queries_, keys, packed_, other_, bias_);
      share(keys.count(), [&](std::size_t i) { return is_special(max_[i]); });
    }
  }

  void find_maxima(std::size_t rows) {
    for (std::size_t j = 0; j < rows; ++j) {
      for (std::size_t i = 0; i < columns_; ++i) {
        const T x = other_[j * kQueries + i];
        max_[i] = x != x || x > max_[i] ? x : max_[i];
      }
    }
  }

  // Equal shares for some lanes, of the scores in `other_`.
  template <class Of>
  void share(std::size_t rows, const Of& of) {
    share_tile(other_, tile_, rows, columns_, max_, of);
    for (std::size_t i = 0; i < columns_; ++i) {
      if (!of(i)) continue;
      factor_[i] = before_[i] == max_[i] ? T(1) : T(0);
      sum_[i] = 0;
      for (std::size_t j = 0; j < rows; ++j) sum_[i] += tile_[j * kQueries + i];
    }
  }

  void weights_of(TileRange keys, const T* by, const T* zeros) {
    scores_.write(head_, queries_, keys, packed_, tile_, bias_);
    std::memcpy(other_, tile_, keys.count() * kQueries * sizeof(T));
    if (!scores_.shares()) k_.tile_vjp(tile_, bias_, kQueries, keys.count(), columns_, max_, by, zeros);
    const auto of = [&](std::size_t i) { return scores_.shares() || is_special(max_[i]); };
    share_tile(other_, tile_, keys.count(), columns_, max_, of);
    for (std::size_t i = 0; i < columns_; ++i) {
      if (!of(i)) continue;
      for (std::size_t j = 0; j < keys.count(); ++j) tile_[j * kQueries + i] *= by[i];
    }
  }
};

}  // namespace softmax_native
