// Attention of a few queries beside a long cache, which is bound by the reading of it: the keys are taken in chunks of
// fixed length, each with a maximum, a sum and a mean of values of its own, by whichever thread; what the chunks gave
// is then put together in their order, in float64. So a single query uses all threads, and the split leaves no trace.
#pragma once

#include <cstring>

#include "attention_scores.hpp"
#include "attention_totals.hpp"
#include "scratch.hpp"

namespace softmax_native {

// Part of the numeric contract.
inline constexpr std::size_t kChunkKeys = 256;

template <class T>
class AttentionRows {
 public:
  AttentionRows(const Attention<T>& call, const AttentionResult<T>& result)
      : call_(call), shape_(call.shape), result_(result), scores_(call), k_(kernels().of<T>()),
        chunks_(divide_up(shape_.keys, kChunkKeys)), threads_(Pool::shared().threads()),
        parts_(1, shape_.rows() * chunks_ * sizeof(Part)),
        values_(1, shape_.rows() * chunks_ * shape_.width * sizeof(T)), queries_(threads_, shape_.depth * sizeof(T)),
        weights_(threads_, chunks_ * sizeof(double)), sums_(threads_, shape_.width * sizeof(double)) {}

  Outcome run() {
    if (!parts_.ok() || !values_.ok() || !queries_.ok() || !weights_.ok() || !sums_.ok()) {
      return {Status::kOutOfMemory, 0};
    }
    // The queries of all heads that share a key head read a chunk one after the other.
    const std::size_t key_heads = shape_.batch * shape_.key_heads, group = shape_.group();
    const CancelFlag* flag = current_cancel_flag();
    auto chunk = [&](std::size_t i, std::size_t slot) {
      const std::size_t key_head = i / chunks_;
      const std::size_t head = key_head / shape_.key_heads * shape_.heads + key_head % shape_.key_heads * group;
      for (std::size_t h = head; h < head + group; ++h) {
        for (std::size_t q = 0; q < shape_.queries && !is_cancelled(flag); ++q) compute(h, q, i % chunks_, slot);
      }
    };
    const std::size_t each = (shape_.depth + shape_.width) / kProductsOfElement + 1;
    run_tasks(key_heads * chunks_, threads_, shape_.rows() * shape_.keys * each, chunk);
    if (is_cancelled(flag)) return {};
    RefusedRow refused;
    auto row = [&](std::size_t r, std::size_t slot) { join(r, slot, refused); };
    run_tasks(shape_.rows(), threads_, shape_.rows() * chunks_ * (shape_.width + 8), row);
    return refused.outcome();
  }

 private:
  // Of the keys of a chunk.
  struct Part {
    T max;
    double sum;
  };

  const Attention<T>& call_;
  const AttentionShape& shape_;
  const AttentionResult<T>& result_;
  const AttentionScores<T> scores_;
  const KernelsOf<T>& k_;
  const std::size_t chunks_, threads_;
  const Scratch parts_, values_, queries_, weights_, sums_;

  Part& part(std::size_t row, std::size_t chunk) const { return parts_.template part<Part>(0)[row * chunks_ + chunk]; }
  T* value(std::size_t row, std::size_t chunk) const {
    return values_.template part<T>(0) + (row * chunks_ + chunk) * shape_.width;
  }

  void compute(std::size_t head, std::size_t query, std::size_t chunk, std::size_t slot) const {
    const std::size_t row = head * shape_.queries + query, start = chunk * kChunkKeys;
    const TileRange all = scores_.window(query);
    const TileRange keys{all.begin > start ? all.begin : start,
                         all.end < start + kChunkKeys ? all.end : start + kChunkKeys};
    T* sum = value(row, chunk);
    std::memset(sum, 0, shape_.width * sizeof(T));
    part(row, chunk) = {-static_cast<T>(__builtin_inf()), 0};
    if (keys.begin >= keys.end) return;
    T weights[kChunkKeys];
    write_scores(head, query, keys, queries_.template part<T>(slot), weights);
    part(row, chunk) = weigh(weights, keys.count());
    const T* first = scores_.value(head, keys.begin);
    k_.add_values(weights, first, shape_.width, keys.count(), shape_.width, sum);
    if (k_.find_non_finite(sum, shape_.width) == shape_.width) return;
    // Where NaN or an infinity is in the sum, what has no weight may have brought it.
    std::memset(sum, 0, shape_.width * sizeof(T));
    for (std::size_t j = 0; j < keys.count(); ++j) {
      if (weights[j] != 0) k_.add_values(weights + j, first + j * shape_.width, shape_.width, 1, shape_.width, sum);
    }
  }

  void write_scores(std::size_t head, std::size_t query, TileRange keys, T* scaled, T* scores) const {
    const T* q = scores_.query(head, query);
    const std::size_t n = keys.count();
    for (std::size_t k = 0; k < shape_.depth; ++k) {
      scaled[k] = static_cast<T>(scores_.factor() * static_cast<double>(q[k]));
    }
    k_.key_dots(scaled, scores_.key(head, keys.begin), shape_.depth, n, shape_.depth, scores);
    if (call_.softcap != 0) scores_.cap(n, scores, nullptr);
    if (call_.bias.data != nullptr) {
      const T* bias = call_.bias.at(shape_, head, query, keys.begin);
      const T beta = static_cast<T>(scores_.finite_beta());
      for (std::size_t j = 0; j < n; ++j) scores[j] += beta * bias[j * call_.bias.key];
    }
    if (call_.beta == 0) scores_.level(n, scores);
    if (call_.mask.data == nullptr) return;
    const std::uint8_t* mask = call_.mask.at(shape_, head, query, keys.begin);
    for (std::size_t j = 0; j < n; ++j) {
      if (mask[j * call_.mask.key] == 0) scores[j] = -static_cast<T>(__builtin_inf());
    }
  }

  // Scores become weights relative to the greatest of them.
  Part weigh(T* scores, std::size_t n) const {
    const T max = k_.max(scores, n, false);
    if (max - max == 0 && !scores_.shares()) return {max, k_.exp_sum(scores, scores, n, max, 1)};
    double count = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const bool shares = scores[j] == max && max != -static_cast<T>(__builtin_inf());
      scores[j] = shares ? T(1) : T(0);
      count += shares ? 1 : 0;
    }
    return {max, count};
  }

  void join(std::size_t row, std::size_t slot, RefusedRow& refused) const {
    double *weight = weights_.template part<double>(slot), *sum = sums_.template part<double>(slot), total = 0;
    T max = -static_cast<T>(__builtin_inf());
    for (std::size_t c = 0; c < chunks_; ++c) {
      const T other = part(row, c).max;
      if (max == max && (other != other || other > max)) max = other;
    }
    weigh_chunks(row, max, weight);
    std::memset(sum, 0, shape_.width * sizeof(double));
    for (std::size_t c = 0; c < chunks_; ++c) {
      if (weight[c] == 0) continue;
      total += weight[c] * part(row, c).sum;
      const T* from = value(row, c);
      for (std::size_t k = 0; k < shape_.width; ++k) sum[k] += weight[c] * static_cast<double>(from[k]);
    }
    refused.note(call_, row, max);
    const double by = inverse_of(call_, max, total);
    T* out = result_.output + row * shape_.width;
    for (std::size_t k = 0; k < shape_.width; ++k) out[k] = static_cast<T>(sum[k] * by);
    if (result_.log_sum_exp != nullptr) {
      result_.log_sum_exp[row] = static_cast<T>(log_sum_exp_of(call_, max, total));
    }
  }

  // e^(chunk's maximum - maximum), or equal shares.
  void weigh_chunks(std::size_t row, T max, double* weight) const {
    const bool shares = max - max != 0 || scores_.shares();
    for (std::size_t c = 0; c < chunks_; ++c) {
      const T own = part(row, c).max;
      weight[c] = shares ? (own == max ? 1 : 0) : static_cast<double>(own) - static_cast<double>(max);
    }
    if (!shares) kernels().f64.exp(weight, weight, chunks_);
  }
};

template <class T>
Outcome attention_rows(const Attention<T>& call, const AttentionResult<T>& result) {
  return AttentionRows<T>(call, result).run();
}

}  // namespace softmax_native
