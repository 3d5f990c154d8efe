#include "tokens.hpp"

#include "each_tile.hpp"
#include "non_finite.hpp"
#include "token_row.hpp"

namespace softmax_native {
namespace {

double log1p_of(double x) {
  kernels().f64.log1p(&x, &x, 1);
  return x;
}

double exp_of(double x) {
  kernels().f64.exp(&x, &x, 1);
  return x;
}

}  // namespace

template <class T>
double TokenRow<T>::raw_log_probability(std::int32_t id) const {
  const T z = x_[id];
  if (raw_max_ - raw_max_ == 0) return static_cast<double>(z) - static_cast<double>(raw_max_) - raw_log_;
  if (z != raw_max_ || z < 0) return kNothing;
  return 0 - log_of(static_cast<double>(kernels().of<T>().count_equal(x_, n_, z)));
}

// What is said of the best of the row, whose ids stand behind the drawn ones, and the draws.
template <class T>
template <class IdOf, class LogOf>
void TokenRow<T>::draw(Wheel& wheel, std::size_t support, const IdOf& id_of, const LogOf& log_of_id) {
  const auto say = [&](std::size_t i) {
    values_[i] = log_of_id(ids_[i]);
    values_[s_.width() + i] = raw_log_probability(ids_[i]);
  };
  for (std::size_t i = s_.count; i < s_.width(); ++i) say(i);
  const bool exhausted = support == 0 || (!s_.replace && support < s_.count);
  for (std::size_t i = 0; i < s_.count; ++i) {
    if (exhausted) {
      ids_[i] = -2;
      continue;
    }
    const std::size_t drawn = wheel.draw(s_.uniforms[row_ * s_.count + i]);
    ids_[i] = id_of(drawn);
    say(i);
    if (!s_.replace && i + 1 < s_.count) wheel.remove(drawn);
  }
}

template <class T>
void TokenRow<T>::finish() {
  if (form_ == Form::kRow) weights_.weigh(size());
  const std::size_t support = is_list() ? 0 : weights_.support();
  if (form_ == Form::kFiltered && support <= kVeryFew) make_list();
  if (is_list()) {
    finish_list();
  } else {
    finish_weights(support);
  }
}

template <class T>
void TokenRow<T>::finish_weights(std::size_t support) {
  const bool is_filtered = form_ == Form::kFiltered;
  Wheel wheel = weights_.wheel();
  double* summary = values_ + 2 * s_.width();
  summary[0] = static_cast<double>(is_filtered ? support : keys_.count(keys_.max()));
  summary[1] = 1;
  summary[2] = weights_.entropy();
  if (is_filtered) {
    if (whole_total_ == 0) find_whole_total();
    summary[1] = weights_.total() < whole_total_ ? weights_.total() / whole_total_ : 1;
  }
  const double log = weights_.log();
  draw(
      wheel, support, [](std::size_t i) { return static_cast<std::int32_t>(i); },
      [this, log, is_filtered](std::int32_t id) {
        return is_filtered && weights_.weight(id) == 0 ? kNothing : weights_.exponent(id) - log;
      });
}

template <class T>
void TokenRow<T>::finish_list() {
  list_.weigh(size());
  const double log = log1p_of(list_.rest()), total = list_.total();
  double* summary = values_ + 2 * s_.width();
  const std::size_t count = list_.count();
  summary[0] = static_cast<double>(count);
  summary[2] = count == 0 ? __builtin_nan("") : log - list_.moment() / total;
  std::size_t support = 0;
  for (std::size_t i = 0; i < count; ++i) support += list_[i].w > 0;
  if (count <= kFew) {
    list_.sort_by_id();
    for (std::size_t i = 0; i < count; ++i) m_.weights[i] = list_[i].w;
    Wheel wheel(m_.weights, count, m_.sums, m_.ends);
    wheel.measure();
    draw(
        wheel, support, [this](std::size_t i) { return list_[i].id; },
        [this, log](std::int32_t id) {
          const Candidate* found = list_.find(id);
          return found == nullptr ? kNothing : found->x - log;
        });
  } else {
    std::int32_t* place = m_.ids;
    for (std::size_t i = 0; i < n_; ++i) {
      place[i] = -1;
      m_.weights[i] = 0;
    }
    for (std::size_t i = 0; i < count; ++i) {
      place[list_[i].id] = static_cast<std::int32_t>(i);
      m_.weights[list_[i].id] = list_[i].w;
    }
    Wheel wheel(m_.weights, n_, m_.sums, m_.ends);
    wheel.measure();
    draw(
        wheel, support, [](std::size_t i) { return static_cast<std::int32_t>(i); },
        [this, place, log](std::int32_t id) {
          return place[id] < 0 ? kNothing : list_[static_cast<std::size_t>(place[id])].x - log;
        });
  }
  summary[1] = kept_mass();
}

// The mass that the list has of the row, at the last scale. The list is weighed anew.
template <class T>
double TokenRow<T>::kept_mass() {
  if (whole_total_ == 0) {
    find_whole_total();
  } else {
    list_.weigh(size(), whole_max_);
  }
  const double mass = list_.total() / whole_total_;
  return mass > 1 ? 1 : mass;
}

// The sum of the row as it is before filters, at the last scale, right to float32 for float32; the list is weighed
// relative to the same maximum.
template <class T>
void TokenRow<T>::find_whole_total() {
  if (keys_.negated() != (scale_ < 0)) keys_.take(scale_ < 0, words_of_row(), raw_max_);
  whole_max_ = static_cast<double>(raw_max_);
  if (unsettled_total(&whole_total_)) return;
  whole_total_ = settled_total();
  whole_max_ = keys_.max();
}

// e^(size (key - max)) of each changed logit, or of what it was, and their sum.
template <class T>
template <class KeyOf>
double TokenRow<T>::sum_of_changed(double max, const KeyOf& key_of) const {
  double* const terms = m_.changed_terms;
  const std::size_t count = changed_.count();
  for (std::size_t i = 0; i < count; ++i) terms[i] = exponent_of(key_of(changed_[i]), max, size());
  kernels().f64.exp(terms, terms, count);
  CompensatedSum sum;
  for (std::size_t i = 0; i < count; ++i) sum.add(terms[i]);
  return sum.total();
}

// The row's sum, less what the changed logits had in it, plus what they have: without a copy of the row. False where
// that would lose digits.
template <class T>
bool TokenRow<T>::unsettled_total(double* total) {
  const double max = static_cast<double>(raw_max_);
  if (keys_.is_settled() || max - max != 0 || is_limit_scale()) return false;
  for (std::size_t i = 0; i < changed_.count(); ++i) {
    if (!changed_[i].banned && keys_.key_of(changed_[i]) > max) return false;
  }
  // The row's sum is 1 at least.
  const double before = sum_of_changed(max, [this](const Changed& c) { return static_cast<double>(x_[c.id]); });
  if (before > 0.5) return false;
  T row_max = raw_max_;
  double log_sum = raw_log_;
  if (size() != 1) sums_of(x_, size(), m_.chunks, &row_max, &log_sum);
  list_.weigh(size(), max);
  const double after = sum_of_changed(max, [this](const Changed& c) { return c.banned ? kNothing : keys_.key_of(c); });
  *total = exp_of(log_sum) - before + after;
  return true;
}

template <class T>
double TokenRow<T>::settled_total() {
  keys_.settle();
  const double max = keys_.max(), magnitude = size();
  list_.weigh(magnitude, max);
  if (max - max != 0 || magnitude == 0) return static_cast<double>(keys_.count(max));
  if (magnitude - magnitude != 0) return static_cast<double>(keys_.count_greatest());
  T keys_max = raw_max_;
  double log_sum = raw_log_;
  if (!keys_.is_row() || magnitude != 1) sums_of(keys_.keys(), magnitude, m_.chunks, &keys_max, &log_sum);
  double total = sum_of_changed(max, [this](const Changed& c) { return c.banned ? kNothing : keys_.key_of(c); });
  if (keys_max > TokenKeys<T>::kNone) {
    total += exp_of(exponent_of(static_cast<double>(keys_max), max, magnitude) + log_sum);
  }
  return total;
}

// Of equals the lower id; where fewer than are wanted have a logit above -Infinity, the lowest of the others follow.
template <class T>
void TokenRow<T>::list_best_of_row() {
  if (s_.top == 0) return;
  keys_.list_best_of_row(s_.top, m_.maxima, list_);
  std::size_t listed = list_.count();
  for (std::size_t i = 0; i < listed; ++i) ids_[s_.count + i] = list_[i].id;
  for (std::size_t id = 0; listed < s_.top; ++id) {
    if (x_[id] == TokenKeys<T>::kNone) ids_[s_.count + listed++] = static_cast<std::int32_t>(id);
  }
}

namespace {

template <class T>
Source<T> source_of_row(const Sampling<T>& s, std::size_t row) {
  const std::size_t start = row * s.logits.layout.n;
  if (s.source.halves == nullptr) return {s.source.data + start, nullptr, false};
  return {nullptr, s.source.halves + start, s.source.brain};
}

// Rows are widened one by one, if they are.
template <class T>
Outcome refused_row(const Sampling<T>& s, T* memory) {
  Logits<T> logits = s.logits;
  logits.data = s.source.data;
  if (s.source.halves == nullptr || s.logits.rule != NonFinite::kThrow) return refused(logits);
  logits.layout.outer = 1;
  for (std::size_t row = 0; row < s.logits.layout.rows(); ++row) {
    logits.data = source_of_row(s, row).read_all(logits.layout.n, memory);
    if (is_refused_row(logits, 0)) return {Status::kNonFinite, row};
  }
  return {};
}

}  // namespace

template <class T>
Outcome sample_tokens(const Sampling<T>& s) {
  const std::size_t n = s.logits.layout.n, rows = s.logits.layout.rows();
  if (n == 0 && s.logits.rule != NonFinite::kThrow) {
    for (std::size_t i = 0; i < rows * s.width(); ++i) s.ids[i] = -2;
    return {};
  }
  const std::size_t threads = Pool::shared().threads(), slots = rows < 2 || threads < 2 ? 1
                                                                : threads < rows        ? threads
                                                                                        : rows;
  const std::size_t changes = s.history_length + s.bias_count;
  const bool widens = s.source.halves != nullptr;
  const Scratch scratch(slots, TokenMemory<T>(nullptr, n, changes, widens).bytes);
  if (!scratch.ok()) return {Status::kOutOfMemory, 0};
  const Outcome outcome = refused_row(s, TokenMemory<T>(scratch.template part<std::byte>(0), n, changes, widens).row);
  if (outcome.status != Status::kOk) return outcome;
  auto task = [&](std::size_t row, std::size_t slot) {
    const TokenMemory<T> memory(scratch.template part<std::byte>(slot), n, changes, widens);
    TokenRow<T>(s, row, source_of_row(s, row).read_all(n, memory.row), memory).sample();
  };
  if (slots == 1) {
    for (std::size_t row = 0; row < rows; ++row) task(row, 0);
  } else {
    run_tasks(rows, slots, 2 * rows * n, task);
  }
  return {};
}

template Outcome sample_tokens<float>(const Sampling<float>&);
template Outcome sample_tokens<double>(const Sampling<double>&);

}  // namespace softmax_native
