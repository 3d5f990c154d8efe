// One row of logits on the way to its tokens: as it is, then as weights of all tokens, or as a list of the few that a
// filter keeps.
#pragma once

#include "limits.hpp"
#include "row_sums.hpp"
#include "token_weights.hpp"

namespace softmax_native {

template <class T>
class TokenRow {
 public:
  // `x` are the logits of row number `row`.
  TokenRow(const Sampling<T>& sampling, std::size_t row, const T* x, const TokenMemory<T>& memory)
      : s_(sampling), m_(memory), n_(sampling.logits.layout.n), row_(row), x_(x),
        changed_(memory.changed, memory.slots, memory.slot_count),
        keys_(x_, n_, n_ > kChunk ? memory.row_chunks : nullptr, memory.maxima, memory.chunks, memory.copy, memory.ids,
              changed_),
        list_(memory.list), weights_(keys_, n_, memory, list_) {}

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
    finish();
  }

 private:
  const Sampling<T>& s_;
  const TokenMemory<T>& m_;
  std::size_t n_, row_;
  const T* x_;
  ChangedLogits changed_;
  TokenKeys<T> keys_;
  Candidates list_;
  TokenWeights<T> weights_;
  // What the tokens are in: the row, the weights before or after a filter, the list.
  enum class Form { kRow, kWeights, kFiltered, kList } form_ = Form::kRow;
  // Whether filters kept the best, and not what is typical.
  bool keeps_best_ = true;
  std::int32_t* ids_ = nullptr;
  double* values_ = nullptr;
  T raw_max_ = 0;
  double raw_log_ = 0;
  double scale_ = 1;
  // The sum of the whole row at the last scale, relative to a key; 0 where it is not known.
  double whole_total_ = 0, whole_max_ = 0;

  // What is longer is not listed but weighed. Of weights few are listed in the end, all relative to their own maximum.
  static constexpr std::size_t kFew = 4096, kVeryFew = 256;

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
        return take_min_p();
      case Stage::kTopK:
        return take_top_k();
      case Stage::kTopP:
        return take_top_p();
      case Stage::kTypicalP:
        return take_typical_p();
      default:
        return;
    }
  }

  bool is_list() const { return form_ == Form::kList; }

  // All that is left as a list, weighed.
  void make_list() {
    if (form_ == Form::kFiltered) {
      weights_.write(list_);
    } else if (!is_list()) {
      keys_.list_from(kNothing, list_, n_);
    }
    form_ = Form::kList;
    list_.weigh(size());
  }

  // False for a list, and where weights cannot be filtered.
  bool make_weights() {
    if (form_ == Form::kRow) {
      keys_.settle();
      if (!weights_.can_filter(size())) return false;
      weights_.weigh(size());
      whole_total_ = weights_.whole_total();
      whole_max_ = keys_.max();
      form_ = Form::kWeights;
    }
    return !is_list();
  }

  void take_temperature() {
    if (form_ == Form::kFiltered) make_list();
    if (is_list() && (s_.logits.beta < 0) != (scale_ < 0)) list_.negate();
    scale_ = s_.logits.beta;
    whole_total_ = 0;
    if (size() - size() == 0) return;
    if (!is_list()) {
      keys_.settle();
      list_.clear();
      if (s_.keeps_ties) {
        keys_.list_from(0, list_, n_);
      } else if (keys_.max() > kNothing) {
        // In a job that was given up it may not be found.
        const std::int32_t first = keys_.first_greatest();
        if (static_cast<std::size_t>(first) < n_) list_.add(keys_.max(), first);
      }
      form_ = Form::kList;
    }
    list_.weigh(size());
    if (list_.count() != 0) list_.keep_best(1, s_.keeps_ties);
  }

  void take_min_p() {
    if (form_ == Form::kRow) {
      const double gap = size() == 0 ? kNothing : s_.least_log / size();
      if (!keys_.list_from(gap, list_, kFew)) {
        if (weights_.can_filter(size())) {
          weights_.weigh(size(), s_.least_log);
          form_ = Form::kFiltered;
          return;
        }
        keys_.list_from(gap, list_, n_);
      }
      form_ = Form::kList;
    }
    make_list();
    list_.keep_from(s_.least_log);
  }

  void take_top_k() {
    const std::size_t k = s_.top_k;
    if (form_ == Form::kRow && k <= keys_.most_by_blocks() && keys_.list_best(k, m_.maxima, list_, kFew + k)) {
      form_ = Form::kList;
    }
    if (make_weights()) {
      const std::size_t support = weights_.support();
      if (form_ == Form::kFiltered && k >= support) return;
      if (keeps_best_ && k < support) {
        weights_.keep_best(k, s_.keeps_ties);
        form_ = Form::kFiltered;
        return;
      }
    }
    make_list();
    list_.keep_best(k, s_.keeps_ties);
  }

  void take_top_p() {
    if (form_ == Form::kRow && take_head()) return;
    if (make_weights()) {
      weights_.keep_mass(s_.top_p, s_.keeps_ties);
      form_ = Form::kFiltered;
    } else {
      make_list();
      list_.keep_mass(s_.top_p, s_.keeps_ties);
    }
  }

  void take_typical_p() {
    if (make_weights()) {
      weights_.keep_typical(s_.typical_p, s_.keeps_ties);
      form_ = Form::kFiltered;
      keeps_best_ = false;
    } else {
      make_list();
      list_.keep_typical(s_.typical_p, s_.keeps_ties);
    }
  }

  // Top-p where a few of the row have the mass. The total of float32 is then good enough, if it leaves no doubt.
  bool take_head() {
    if (!stands_out() || !keys_.list_best(kHead, m_.maxima, list_, kFew)) return false;
    find_whole_total();
    list_.sort_best_first();
    constexpr double kDoubt = sizeof(T) == sizeof(float) ? 0x1p-18 : 0x1p-46;
    const double wanted = s_.top_p * whole_total_;
    if (!list_.keep_certain_mass(wanted * (1 - kDoubt), wanted * (1 + kDoubt), s_.keeps_ties)) return false;
    form_ = Form::kList;
    return true;
  }
  static constexpr std::size_t kHead = 256;

  // Whether the head may have the mass: each of it has 1 at most. The total is no less than that at scale 1, or, at
  // greater ones, than what Hoelder's inequality says.
  bool stands_out() const {
    const double least = size() <= 1 ? raw_log_ : size() * raw_log_ + (1 - size()) * log_of(static_cast<double>(n_));
    return scale_ < 0 || log_of(s_.top_p) + least < log_of(static_cast<double>(kHead));
  }

  void finish();
  void finish_weights(std::size_t support);
  void finish_list();
  void list_best_of_row();
  template <class IdOf, class LogOf>
  void draw(Wheel& wheel, std::size_t support, const IdOf& id_of, const LogOf& log_of_id);
  double kept_mass();
  void find_whole_total();
  bool unsettled_total(double* total);
  double settled_total();
  template <class KeyOf>
  double sum_of_changed(double max, const KeyOf& key_of) const;
  double raw_log_probability(std::int32_t id) const;
};

}  // namespace softmax_native
