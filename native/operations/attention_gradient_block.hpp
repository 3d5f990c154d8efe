// The gradients that a block of queries gives, tile of keys after tile.
#pragma once

#include "attention_block.hpp"

namespace softmax_native {

// Of the keys and values of one key head.
template <class T>
struct KeyGradients {
  T *key, *value;
};

// out[j * width + c] += sum over i of weights[j * kBlockQueries + i] x[i * width + c]; what has the weight 0
// contributes nothing, be it NaN.
template <class T>
void add_weighed_rows(const T* weights, const T* x, std::size_t rows, std::size_t queries, std::size_t width, T* out) {
  for (std::size_t j = 0; j < rows; ++j) {
    for (std::size_t c = 0; c < width; ++c) {
      T sum = 0, chain = 0;
      for (std::size_t i = 0; i < queries; ++i) {
        const T w = weights[j * kBlockQueries<T> + i];
        if (w != 0) chain = fused(w, x[i * width + c], chain);
        if (i % kChainTerms != kChainTerms - 1 && i + 1 != queries) continue;
        sum += chain;
        chain = 0;
      }
      out[j * width + c] += sum;
    }
  }
}

template <class T>
class AttentionGradientBlock {
 public:
  static constexpr std::size_t kQueries = kBlockQueries<T>;

  static std::size_t scratch(const AttentionShape& shape) {
    return AttentionBlock<T>::scratch(shape) + (shape.width + 2 * shape.depth + 3) * kQueries + 5 * kTileScores<T>;
  }

  AttentionGradientBlock(const Attention<T>& call, const AttentionScores<T>& scores,
                         const AttentionDirection<T>& direction, T* scratch)
      : call_(call), shape_(call.shape), scores_(scores), direction_(direction), k_(kernels().of<T>()),
        lanes_(call, scores, scratch) {
    scratch += AttentionBlock<T>::scratch(shape_);
    const auto take = [&](std::size_t count) {
      T* part = scratch;
      scratch += count;
      return part;
    };
    packed_ = take(shape_.width * kQueries);
    gradient_ = take(shape_.depth * kQueries);
    rows_ = take(shape_.depth * kQueries);
    max_ = take(kQueries);
    inverse_ = take(kQueries);
    dot_ = take(kQueries);
    weights_ = take(kTileScores<T>);
    slopes_ = take(kTileScores<T>);
    others_ = take(kTileScores<T>);
    products_ = take(kTileScores<T>);
    bias_ = take(kTileScores<T>);
  }

  // Takes the block's queries, with what is known or found out of their rows. False where the job was given up.
  bool prepare(std::size_t head, TileRange queries, RefusedRow& refused) {
    head_ = head;
    queries_ = queries;
    const std::size_t count = queries.count(), row = head * shape_.queries + queries.begin;
    direction_rows_ = direction_.gradient + row * shape_.width;
    if (count < kQueries) std::memset(packed_, 0, shape_.width * kQueries * sizeof(T));
    k_.transpose(direction_rows_, shape_.width, packed_, kQueries, count, shape_.width);
    if (!is_known(row, count)) {
      if (!lanes_.run(head, queries)) return false;
      take_found(row, refused);
    } else {
      lanes_.prepare(head, queries);
      take_known(row);
    }
    special_ = scores_.shares();
    for (std::size_t i = 0; i < count; ++i) special_ = special_ || is_special(max_[i]) || inverse_[i] != inverse_[i];
    return true;
  }

  // Adds to the gradients of keys and values, and makes that of the queries. False where the job was given up.
  bool add(const KeyGradients<T>& to) {
    const std::size_t count = queries_.count(), columns = lanes_.columns();
    const bool odd_queries = has_odd(lanes_.scaled(), count * shape_.depth);
    const bool odd_directions = has_odd(direction_rows_, count * shape_.width);
    std::memset(gradient_, 0, shape_.depth * kQueries * sizeof(T));
    return lanes_.each_tile([&](TileRange keys) {
      const std::size_t rows = keys.count();
      differentiate(keys);
      undo_cap(rows);
      add_rows(weights_, direction_rows_, odd_directions, rows, shape_.width, to.value + keys.begin * shape_.width);
      add_rows(slopes_, lanes_.scaled(), odd_queries, rows, shape_.depth, to.key + keys.begin * shape_.depth);
      const T* key = scores_.key(head_, keys.begin);
      if (has_odd(key, rows * shape_.depth)) {
        add_weighed<T>({key, shape_.depth, 1}, slopes_, rows, nullptr, gradient_, shape_.depth, columns);
      } else {
        k_.tile_product(key, 1, shape_.depth, slopes_, kQueries, gradient_, kQueries, nullptr, gradient_, kQueries,
                        shape_.depth, rows, columns);
      }
      return true;
    });
  }

  // A row that is not a number has no gradient that is, be there keys or not.
  void write_query_gradient(T* gradient) {
    const std::size_t count = queries_.count();
    T* to = gradient + (head_ * shape_.queries + queries_.begin) * shape_.depth;
    k_.transpose(gradient_, kQueries, rows_, shape_.depth, shape_.depth, count);
    k_.scale(rows_, to, count * shape_.depth, static_cast<T>(scores_.factor()), false);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t k = 0; inverse_[i] != inverse_[i] && k < shape_.depth; ++k)
        to[i * shape_.depth + k] = inverse_[i];
    }
  }

  // Adds to the gradient of the bias, laid out as the bias is. False where the job was given up.
  bool add_bias(double* gradient) {
    const ScoreBroadcast<T>& b = call_.bias;
    const std::size_t count = queries_.count();
    double* first = gradient + (b.at(shape_, head_, queries_.begin, 0) - b.data);
    return lanes_.each_tile([&](TileRange keys) {
      differentiate(keys);
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = keys.begin; j < keys.end; ++j) {
          const T slope = slopes_[(j - keys.begin) * kQueries + i];
          first[i * b.query + j * b.key] += scores_.finite_beta() * static_cast<double>(slope);
        }
      }
      return true;
    });
  }

 private:
  const Attention<T>& call_;
  const AttentionShape& shape_;
  const AttentionScores<T>& scores_;
  const AttentionDirection<T>& direction_;
  const KernelsOf<T>& k_;
  AttentionBlock<T> lanes_;
  std::size_t head_ = 0;
  TileRange queries_{};
  const T* direction_rows_ = nullptr;
  bool special_ = false;
  T *packed_, *gradient_, *rows_, *max_, *inverse_, *dot_, *weights_, *slopes_, *others_, *products_, *bias_;

  bool has_odd(const T* x, std::size_t n) const { return k_.find_non_finite(x, n) != n; }

  // Log-sum-exps stand for maximum and sum, but not of weights that are equal shares, nor where the rule asks for more.
  bool is_known(std::size_t row, std::size_t count) const {
    if (direction_.log_sum_exp == nullptr || direction_.output == nullptr) return false;
    if (scores_.shares() || call_.rule != NonFinite::kLimit) return false;
    for (std::size_t i = 0; i < count; ++i) {
      if (is_special(direction_.log_sum_exp[row + i])) return false;
    }
    return true;
  }

  void take_known(std::size_t row) {
    for (std::size_t i = 0; i < kQueries; ++i) {
      const bool there = i < queries_.count();
      max_[i] = there ? direction_.log_sum_exp[row + i] : T(0);
      inverse_[i] = there ? T(1) : T(0);
      double dot = 0;
      const T *output = direction_.output + (row + i) * shape_.width, *g = direction_rows_ + i * shape_.width;
      for (std::size_t c = 0; there && c < shape_.width; ++c) {
        dot += static_cast<double>(output[c]) * static_cast<double>(g[c]);
      }
      dot_[i] = static_cast<T>(dot);
    }
  }

  void take_found(std::size_t row, RefusedRow& refused) {
    double dots[kQueries] = {};
    for (std::size_t c = 0; c < shape_.width; ++c) {
      const T *output = lanes_.output() + c * kQueries, *g = packed_ + c * kQueries;
      for (std::size_t i = 0; i < kQueries; ++i) dots[i] += static_cast<double>(output[i]) * static_cast<double>(g[i]);
    }
    for (std::size_t i = 0; i < kQueries; ++i) {
      const bool there = i < queries_.count();
      const double inverse = there ? lanes_.inverse(i) : 0;
      max_[i] = there ? lanes_.max(i) : T(0);
      inverse_[i] = static_cast<T>(inverse);
      dot_[i] = static_cast<T>(there ? dots[i] * inverse : 0);
      if (there) refused.note(call_, row + i, max_[i]);
    }
  }

  // The tile's weights, and the derivative of beta times the score.
  void differentiate(TileRange keys) {
    const std::size_t rows = keys.count(), columns = lanes_.columns();
    scores_.write(head_, queries_, keys, lanes_.packed(), weights_, bias_, products_);
    if (special_) std::memcpy(others_, weights_, rows * kQueries * sizeof(T));
    const T* value = scores_.value(head_, keys.begin);
    k_.tile_product(value, shape_.width, 1, packed_, kQueries, nullptr, 0, nullptr, slopes_, kQueries, rows,
                    shape_.width, columns);
    k_.tile_vjp(weights_, slopes_, kQueries, rows, columns, max_, inverse_, dot_);
    if (special_) replace_special(rows);
  }

  // Equal shares do not change with the scores; what is not a number has no derivative that is.
  void replace_special(std::size_t rows) {
    for (std::size_t i = 0; i < queries_.count(); ++i) {
      const bool undefined = inverse_[i] != inverse_[i];
      if (!undefined && !is_special(max_[i]) && !scores_.shares()) continue;
      for (std::size_t j = 0; j < rows; ++j) {
        const std::size_t at = j * kQueries + i;
        const bool excluded = others_[at] == -static_cast<T>(__builtin_inf());
        const bool has_share = !excluded && (undefined || others_[at] == max_[i]);
        weights_[at] = has_share ? inverse_[i] : T(0);
        slopes_[at] = has_share && undefined ? inverse_[i] : T(0);
      }
    }
  }

  // From the derivative of beta times the score to that of the product under the cap.
  void undo_cap(std::size_t rows) {
    if (call_.softcap == 0) return;
    const std::size_t n = rows * kQueries;
    k_.scale(slopes_, slopes_, n, static_cast<T>(scores_.finite_beta()), false);
    k_.softcap_vjp(products_, slopes_, slopes_, n, call_.softcap);
  }

  void add_rows(const T* weights, const T* x, bool odd, std::size_t rows, std::size_t width, T* to) const {
    const std::size_t count = queries_.count();
    if (odd) return add_weighed_rows(weights, x, rows, count, width, to);
    k_.tile_product(weights, kQueries, 1, x, width, to, width, nullptr, to, width, rows, count, width);
  }
};

}  // namespace softmax_native
