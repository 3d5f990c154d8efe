// One row of logits on the way to its tokens: as a whole, with a weight for each token, until a filter makes a list of
// it.
#pragma once

#include "limits.hpp"
#include "row_sums.hpp"
#include "token_keys.hpp"
#include "token_wheel.hpp"

namespace softmax_native {

// Memory of one thread.
template <class T>
struct TokenMemory {
  T* copy;
  std::int32_t* ids;
  Candidate* list;
  Changed* changed;
  std::int32_t* slots;
  std::size_t slot_count;
  double *exponents, *weights, *sums, *ends, *chunks, *row_chunks, *maxima, *changed_terms;
};

template <class T>
class TokenRow {
 public:
  TokenRow(const Sampling<T>& sampling, std::size_t row, const TokenMemory<T>& memory)
      : s_(sampling), m_(memory), n_(sampling.logits.layout.n), row_(row), x_(sampling.logits.data + row * n_),
        changed_(memory.changed, memory.slots, memory.slot_count),
        keys_(x_, n_, n_ > kChunk ? memory.row_chunks : nullptr, memory.maxima, memory.copy, memory.ids, changed_),
        list_(memory.list) {}

  void sample() {
    ids_ = s_.ids + row_ * s_.width();
    values_ = s_.values + row_ * (2 * s_.width() + 3);
    sums_of(x_, 1, m_.row_chunks, &raw_max_, &raw_log_);
    const T max = raw_max_;
    if (max != max || (s_.logits.rule == NonFinite::kIeee && max - max != 0)) return fill_with_nan();
    change();
    begin();
    list_best_of_row();
    list_.clear();
    for (std::uint64_t stages = s_.stages; stages != 0; stages >>= 3) take(static_cast<Stage>(stages & 7));
    if (is_list_) {
      finish_list();
    } else {
      finish_whole(weigh_whole());
    }
  }

 private:
  const Sampling<T>& s_;
  const TokenMemory<T>& m_;
  std::size_t n_, row_;
  const T* x_;
  ChangedLogits changed_;
  TokenKeys<T> keys_;
  Candidates list_;
  std::int32_t* ids_ = nullptr;
  double* values_ = nullptr;
  T raw_max_ = 0;
  double raw_log_ = 0;
  double scale_ = 1;
  bool is_list_ = false;
  double rest_ = 0, moment_ = 0;  // of the whole row

  double size() const { return scale_ < 0 ? -scale_ : scale_; }
  bool is_limit_scale() const { return size() == 0 || size() - size() != 0; }

  // The greatest of x and log sum e^(beta (x - max)).
  void sums_of(const T* x, double beta, double* chunks, T* max, double* log_sum) const {
    const Logits<T> logits{x, {1, n_, 1}, beta, NonFinite::kLimit, nullptr, {0, 0, 0}};
    RowSums<T>(logits).of(x, 1, max, log_sum, chunks);
  }

  void fill_with_nan() {
    for (std::size_t i = 0; i < s_.width(); ++i) ids_[i] = -1;
    for (std::size_t i = 0; i < 2 * s_.width() + 3; ++i) values_[i] = __builtin_nan("");
  }

  // Bias and penalties.
  void change() {
    changed_.clear();
    if (s_.history != nullptr) {
      for (std::int32_t i = s_.offsets[row_]; i < s_.offsets[row_ + 1]; ++i) ++changed_.of(s_.history[i]).times;
    }
    for (std::size_t i = 0; i < s_.bias_count; ++i) changed_.of(s_.bias_ids[i]).bias = s_.biases[i];
    const std::int32_t* words = words_of_row();
    for (std::size_t i = 0; i < changed_.count(); ++i) {
      Changed& c = changed_[i];
      c.value = static_cast<double>(x_[c.id]);
      for (std::uint64_t stages = s_.stages; stages != 0; stages >>= 3) {
        const Stage stage = static_cast<Stage>(stages & 7);
        if (stage == Stage::kBias) c.value += c.bias;
        if (stage == Stage::kPenalties && c.times != 0) c.value = penalised(c);
      }
      const bool allowed = words == nullptr || (static_cast<std::uint32_t>(words[c.id / 32]) >> (c.id % 32) & 1) != 0;
      c.banned = !allowed || c.bias == kNothing;
    }
  }

  double penalised(const Changed& c) const {
    const double repeated = c.value > 0 ? c.value / s_.repetition : c.value * s_.repetition;
    return repeated - s_.presence - s_.frequency * c.times;
  }

  const std::int32_t* words_of_row() const {
    return s_.allowed == nullptr ? nullptr : s_.allowed + row_ * s_.allowed_stride;
  }

  // The scale with which the filters begin: the row as a whole has its sign.
  void begin() {
    std::uint64_t stages = s_.stages;
    while (stages != 0 && static_cast<Stage>(stages & 7) < Stage::kTemperature) stages >>= 3;
    const double first = static_cast<Stage>(stages & 7) == Stage::kTemperature ? s_.logits.beta : 1;
    keys_.take(first < 0, words_of_row(), raw_max_);
  }

  void take(Stage stage) {
    switch (stage) {
      case Stage::kTemperature:
        return take_temperature();
      case Stage::kMinP:
        if (!is_list_) keys_.list_from(size() == 0 ? kNothing : s_.least_log / size(), list_);
        list_.weigh(size());
        list_.keep_from(s_.least_log);
        break;
      case Stage::kTopK:
        if (!is_list_) keys_.list_best(s_.top_k, m_.maxima, list_);
        list_.weigh(size());
        list_.keep_best(s_.top_k, s_.keeps_ties);
        break;
      case Stage::kTopP:
        take_top_p();
        break;
      case Stage::kTypicalP:
        if (!is_list_) keys_.list_from(kNothing, list_);
        list_.weigh(size());
        list_.keep_typical(s_.typical_p, s_.keeps_ties);
        break;
      default:
        return;
    }
    is_list_ = true;
  }

  void take_temperature() {
    if (is_list_ && (s_.logits.beta < 0) != (scale_ < 0)) list_.negate();
    scale_ = s_.logits.beta;
    if (size() - size() == 0) return;
    if (!is_list_) {
      keys_.settle();
      list_.clear();
      if (s_.keeps_ties) {
        keys_.list_from(0, list_);
      } else if (keys_.max() > kNothing) {
        // In a job that was given up it may not be found.
        const std::int32_t first = keys_.first_greatest();
        if (static_cast<std::size_t>(first) < n_) list_.add(keys_.max(), first);
      }
      is_list_ = true;
    }
    list_.weigh(size());
    if (list_.count() != 0) list_.keep_best(1, s_.keeps_ties);
  }

  // Of a whole row: the best of it, more and more, until they have the mass; the total is that of the row.
  void take_top_p() {
    if (is_list_) {
      list_.weigh(size());
      return list_.keep_mass(s_.top_p, list_.total(), s_.keeps_ties);
    }
    const double total = weigh_whole().total();
    for (double gap = kFirstGap;; gap *= 2) {
      const bool whole = gap > kLastGap || is_limit_scale() || keys_.max() - keys_.max() != 0;
      keys_.list_from(whole ? kNothing : -gap / size(), list_);
      list_.weigh(size());
      if (whole) break;
      list_.keep_from(-gap);
      if (list_.total() >= s_.top_p * total) break;
    }
    list_.keep_mass(s_.top_p, total, s_.keeps_ties);
  }
  static constexpr double kFirstGap = 8, kLastGap = 800;

  // exponents, weights and their sums of the whole row.
  Wheel weigh_whole() {
    keys_.settle();
    const double max = keys_.max(), magnitude = size();
    const T* keys = keys_.keys();
    const bool is_plain = sizeof(T) == sizeof(float) && !is_limit_scale() && max - max == 0;
    each_chunk(n_, false, [&](std::size_t, std::size_t start, std::size_t length) {
      double* x = m_.exponents + start;
      if (is_plain) {
        for (std::size_t i = 0; i < length; ++i) x[i] = magnitude * (static_cast<double>(keys[start + i]) - max);
      } else {
        for (std::size_t i = 0; i < length; ++i) {
          x[i] = exponent_of(static_cast<double>(keys[start + i]), max, magnitude);
        }
      }
    });
    for (std::size_t i = 0; i < changed_.count(); ++i) {
      const std::int32_t id = changed_[i].id;
      m_.exponents[id] = exponent_of(keys_.key_of(id), max, magnitude);
    }
    const std::size_t chunks = chunk_count(n_);
    double *rest = m_.chunks, *at_max = m_.chunks + chunks, *moment = m_.chunks + 2 * chunks;
    const KernelsOf<double>& k = kernels().f64;
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      rest[c] = at_max[c] = 0;
      for (std::size_t i = 0; i < length; i += Wheel::kBlock) {
        const std::size_t some = length - i < Wheel::kBlock ? length - i : Wheel::kBlock, first = start + i;
        double sum, maxima;
        k.exp_rest_kept(m_.exponents + first, m_.weights + first, some, 0, 1, &sum, &maxima);
        m_.sums[first / Wheel::kBlock] = sum + maxima;
        rest[c] += sum;
        at_max[c] += maxima;
      }
      moment[c] = k.dot(m_.weights + start, m_.exponents + start, length, 0, false);
    });
    CompensatedSum below, moments;
    double maxima = 0;
    for (std::size_t c = 0; c < chunks; ++c) {
      below.add(rest[c]);
      moments.add(moment[c]);
      maxima += at_max[c];
    }
    rest_ = below.total() + (maxima - 1);
    moment_ = moments.total();
    Wheel wheel(m_.weights, n_, m_.sums, m_.ends);
    wheel.add_up();
    return wheel;
  }

  void finish_whole(Wheel wheel);
  void finish_list();
  void list_best_of_row();
  template <class IdOf, class LogOf>
  void draw(Wheel& wheel, std::size_t support, const IdOf& id_of, const LogOf& log_of_id);
  double kept_mass();
  bool unsettled_total(double* total);
  double settled_total();
  template <class KeyOf>
  double sum_of_changed(double max, const KeyOf& key_of) const;
  double raw_log_probability(std::int32_t id) const;
  double whole_log_probability(std::int32_t id) const;
};

}  // namespace softmax_native
