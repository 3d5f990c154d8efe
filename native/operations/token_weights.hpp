// The weights of a row as a whole, for as long as many of them stay: x = size (key - max) and w = e^x of each id in
// float64, and their sums. A filter sets to 0 the weights that it drops.
#pragma once

#include "token_keys.hpp"
#include "token_memory.hpp"
#include "token_selection.hpp"
#include "token_wheel.hpp"

namespace softmax_native {

template <class T>
class TokenWeights {
 public:
  TokenWeights(TokenKeys<T>& keys, std::size_t n, const TokenMemory<T>& memory, Candidates& list)
      : keys_(keys), n_(n), m_(memory), list_(list) {}

  // Whether what a filter keeps has positive weights, so that 0 can stand for what is dropped, and is made at once.
  bool can_filter(double size) const {
    const double max = keys_.max();
    return size > 0 && size - size == 0 && max - max == 0 && (sizeof(T) == sizeof(float) || size >= 0x1p-1000);
  }

  // 0 where x < least, too.
  void weigh(double size, double least = kNothing) {
    keys_.settle();
    if (can_filter(size)) {
      weigh_plainly(size, least);
    } else {
      weigh_carefully(size);
    }
    whole_total_ = least > kNothing ? 0 : total_;
  }

  // The shortest beginning with this part of the sum, best first.
  void keep_mass(double part, bool ties) {
    TokenSelection selection(m_.exponents, m_.weights, n_, m_.ids, m_.chunks, list_);
    selection.find(part * total_, total_, least_exponent(part), ties, key_of());
    keep(selection, m_.exponents);
  }

  // The same, but first those whose surprise is nearest to the entropy.
  void keep_typical(double part, bool ties) {
    const double log_sum = log(), expected = entropy();
    each_chunk(n_, false, [&](std::size_t, std::size_t start, std::size_t length) {
      kernels().f64.typical_scores(m_.exponents + start, m_.weights + start, m_.scores + start, length, log_sum,
                                   expected);
    });
    // Above the least exponent, the surprise is farthest at one of the two ends.
    const double nearest = log_sum - expected, farthest = nearest - least_exponent(part);
    const double least = -(farthest > -nearest ? farthest : -nearest) - 1;
    TokenSelection selection(m_.scores, m_.weights, n_, m_.ids, m_.chunks, list_);
    selection.find(part * total_, total_, least, ties, key_of());
    keep(selection, m_.scores);
  }

  // The k best of more than k whose weight is positive.
  void keep_best(std::size_t k, bool ties) {
    TokenSelection selection(m_.exponents, nullptr, n_, m_.ids, m_.chunks, list_);
    selection.find(static_cast<double>(k), static_cast<double>(n_), kNothing, ties, key_of());
    keep(selection, m_.exponents);
  }

  // How many weights are positive.
  std::size_t support() const { return kernels().f64.count_above(m_.weights, n_, 0); }

  void write(Candidates& list) const {
    list.clear();
    const std::size_t found = kernels().f64.find_above(m_.weights, n_, 0, m_.ids);
    for (std::size_t i = 0; i < found; ++i) list.add(keys_.key_of(m_.ids[i]), m_.ids[i]);
  }

  double weight(std::int32_t id) const { return m_.weights[id]; }
  double exponent(std::int32_t id) const { return m_.exponents[id]; }
  double total() const { return total_; }
  // Of the row before any filter; 0 where it was not summed up.
  double whole_total() const { return whole_total_; }
  // The logarithm of the total.
  double log() const {
    double result = maxima_ > 0 ? rest_ : total_;
    (maxima_ > 0 ? kernels().f64.log1p : kernels().f64.log)(&result, &result, 1);
    return result;
  }
  double entropy() const { return log() - moment_ / total_; }

  Wheel wheel() const {
    Wheel wheel(m_.weights, n_, m_.sums, m_.ends);
    wheel.add_up();
    return wheel;
  }

 private:
  TokenKeys<T>& keys_;
  const std::size_t n_;
  const TokenMemory<T>& m_;
  Candidates& list_;
  double total_ = 0, whole_total_ = 0;
  // The sum without one of the greatest, how many those are (0 where they were dropped), the sum of w x.
  double rest_ = 0, maxima_ = 0, moment_ = 0;

  auto key_of() const {
    return [this](std::int32_t id) { return keys_.key_of(id); };
  }

  // All tokens below it together have at most what is left of the sum, which is 1 or more.
  double least_exponent(double part) const {
    double left = (1 - part) / static_cast<double>(n_);
    kernels().f64.log(&left, &left, 1);
    return left - 1;
  }

  // Calls kernel(first, count, sums) for the blocks of the wheel; sums as of token_weights.
  template <class Kernel>
  void sum_up(const Kernel& kernel) {
    const std::size_t chunks = chunk_count(n_);
    double *rest = m_.chunks, *maxima = rest + chunks, *moment = maxima + chunks;
    each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
      rest[c] = maxima[c] = moment[c] = 0;
      for (std::size_t i = 0; i < length; i += Wheel::kBlock) {
        const std::size_t first = start + i, some = length - i < Wheel::kBlock ? length - i : Wheel::kBlock;
        double sums[3];
        kernel(first, some, sums);
        m_.sums[first / Wheel::kBlock] = sums[0] + sums[1];
        rest[c] += sums[0];
        maxima[c] += sums[1];
        moment[c] += sums[2];
      }
    });
    CompensatedSum below, moments;
    maxima_ = 0;
    for (std::size_t c = 0; c < chunks; ++c) {
      below.add(rest[c]);
      moments.add(moment[c]);
      maxima_ += maxima[c];
    }
    below_ = below;
    moments_ = moments;
  }
  CompensatedSum below_, moments_;

  void finish_sums() {
    rest_ = below_.total() + (maxima_ - 1);
    moment_ = moments_.total();
    total_ = wheel().total();
  }

  void weigh_plainly(double size, double least) {
    const double max = keys_.max();
    sum_up([&](std::size_t first, std::size_t count, double* sums) {
      kernels().of<T>().token_weights(keys_.keys() + first, m_.exponents + first, m_.weights + first, count, max, size,
                                      least, sums);
    });
    // To the kernel the keys of changed logits are -Infinity.
    const ChangedLogits& changed = keys_.changed();
    double* const terms = m_.changed_terms;
    for (std::size_t i = 0; i < changed.count(); ++i) {
      terms[i] = changed[i].banned ? kNothing : exponent_of(keys_.key_of(changed[i]), max, size);
      m_.exponents[changed[i].id] = terms[i];
    }
    kernels().f64.exp(terms, terms, changed.count());
    for (std::size_t i = 0; i < changed.count(); ++i) {
      const std::size_t id = static_cast<std::size_t>(changed[i].id);
      const double x = m_.exponents[id], w = x < least ? 0 : terms[i];
      m_.weights[id] = w;
      if (w == 0) continue;
      m_.sums[id / Wheel::kBlock] += w;
      if (x == 0) {
        ++maxima_;
      } else {
        below_.add(w);
        moments_.add(w * x);
      }
    }
    finish_sums();
  }

  void weigh_carefully(double size) {
    const double max = keys_.max();
    const T* keys = keys_.keys();
    for (std::size_t i = 0; i < n_; ++i) m_.exponents[i] = exponent_of(static_cast<double>(keys[i]), max, size);
    const ChangedLogits& changed = keys_.changed();
    for (std::size_t i = 0; i < changed.count(); ++i) {
      m_.exponents[changed[i].id] = changed[i].banned ? kNothing : exponent_of(keys_.key_of(changed[i]), max, size);
    }
    kernels().f64.exp(m_.exponents, m_.weights, n_);
    sum_kept(m_.exponents, kNothing);
  }

  void sum_kept(const double* scores, double bound) {
    sum_up([&](std::size_t first, std::size_t count, double* sums) {
      kernels().f64.kept_weights(scores + first, m_.exponents + first, m_.weights + first, count, bound, sums);
    });
    finish_sums();
  }

  void keep(const TokenSelection& selection, const double* scores) {
    selection.each_dropped([this](std::int32_t id) { m_.weights[id] = 0; });
    sum_kept(scores, selection.bound());
  }
};

}  // namespace softmax_native
