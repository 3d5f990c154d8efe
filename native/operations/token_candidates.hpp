// Tokens that may be drawn, as a list from which each filter takes its part. The numbers that decide are those of
// lib/reference/sample.ts, in float64: x = |scale| (key - max), w = e^x, sums right to a rounding. A filter needs no
// sorted list: it halves the part in which its boundary lies until that part is short.
#pragma once

#include <algorithm>

#include "../core/dispatch.hpp"
#include "long_rows.hpp"

namespace softmax_native {

struct Candidate {
  double key;  // sign(scale) times the logit after bias and penalties
  double x, w;
  std::int32_t id;
};

inline constexpr double kNothing = -__builtin_inf();

// |scale| (key - max), -Infinity for what takes no part.
inline double exponent_of(double key, double max, double size) {
  if (key == max) return key == kNothing ? kNothing : 0;
  if (max == -kNothing || size == -kNothing || key == kNothing) return kNothing;
  const double gap = key - max;
  return gap - gap == 0 ? size * gap : size * key - size * max;
}

// The indices that find(start, length, ids) gives for each chunk of a row, counted from its start; how many they are.
// In a job that was given up there may be chunks that were not looked at.
template <class Find>
std::size_t find_in_chunks(std::size_t n, std::int32_t* ids, double* counts, const Find& find) {
  for (std::size_t c = 0; c < chunk_count(n); ++c) counts[c] = 0;
  each_chunk(n, false, [&](std::size_t c, std::size_t start, std::size_t length) {
    counts[c] = static_cast<double>(find(start, length, ids + start));
  });
  std::size_t found = 0;
  for (std::size_t c = 0; c < chunk_count(n); ++c) {
    const std::size_t start = c * kChunk, count = static_cast<std::size_t>(counts[c]);
    for (std::size_t i = 0; i < count; ++i) ids[found++] = ids[start + i] + static_cast<std::int32_t>(start);
  }
  return found;
}

inline bool is_better(const Candidate& a, const Candidate& b) { return a.key != b.key ? a.key > b.key : a.id < b.id; }

class Candidates {
 public:
  explicit Candidates(Candidate* memory) : list_(memory) {}

  std::size_t count() const { return count_; }
  const Candidate& operator[](std::size_t i) const { return list_[i]; }
  Candidate& operator[](std::size_t i) { return list_[i]; }
  void add(double key, std::int32_t id) { list_[count_++] = {key, 0, 0, id}; }
  void add(double key, std::int32_t id, double x, double w) { list_[count_++] = {key, x, w, id}; }
  void clear() { count_ = 0; }

  // Of the logits themselves with another sign.
  void negate() {
    for (std::size_t i = 0; i < count_; ++i) list_[i].key = -list_[i].key;
  }

  // x and w of all, and only what takes part stays.
  void weigh(double size) {
    double max = kNothing;
    for (std::size_t i = 0; i < count_; ++i) max = list_[i].key > max ? list_[i].key : max;
    weigh(size, max);
  }

  void weigh(double size, double max) {
    const std::size_t listed = count_;
    count_ = 0;
    for (std::size_t i = 0; i < listed; ++i) {
      list_[count_] = list_[i];
      list_[count_].x = exponent_of(list_[i].key, max, size);
      if (list_[count_].x > kNothing) ++count_;
    }
    double some[kAtOnce];
    for (std::size_t i = 0; i < count_; i += kAtOnce) {
      const std::size_t end = count_ - i < kAtOnce ? count_ - i : kAtOnce;
      for (std::size_t j = 0; j < end; ++j) some[j] = list_[i + j].x;
      kernels().f64.exp(some, some, end);
      for (std::size_t j = 0; j < end; ++j) list_[i + j].w = some[j];
    }
  }

  double total() const {
    CompensatedSum sum;
    for (std::size_t i = 0; i < count_; ++i) sum.add(list_[i].w);
    return sum.total();
  }

  // Without one of the greatest terms, which are 1.
  double rest() const {
    CompensatedSum sum;
    bool left_out = false;
    for (std::size_t i = 0; i < count_; ++i) {
      if (!left_out && list_[i].x == 0) {
        left_out = true;
      } else {
        sum.add(list_[i].w);
      }
    }
    return sum.total();
  }

  // sum of w x
  double moment() const {
    CompensatedSum sum;
    for (std::size_t i = 0; i < count_; ++i) {
      if (list_[i].w != 0) sum.add(list_[i].w * list_[i].x);
    }
    return sum.total();
  }

  void keep_from(double least) {
    const std::size_t listed = count_;
    count_ = 0;
    for (std::size_t i = 0; i < listed; ++i) {
      if (list_[i].x >= least) list_[count_++] = list_[i];
    }
  }

  // The k best, and those that tie with the last of them where `ties`.
  void keep_best(std::size_t k, bool ties) { keep_first(k, ties, is_better); }

  // The shortest beginning, best first, with this part of the sum.
  void keep_mass(double part, bool ties) { keep_sum(CompensatedSum(), part * total(), ties); }

  // The same, but first those whose surprise is nearest to the entropy. x is then how far it is, with the sign turned.
  void keep_typical(double part, bool ties) {
    double log = rest();
    kernels().f64.log1p(&log, &log, 1);
    const double sum = total(), entropy = log - moment() / sum;
    for (std::size_t i = 0; i < count_; ++i) {
      const double gap = log - list_[i].x - entropy;
      list_[i].x = gap < 0 ? gap : -gap;
    }
    keep_sum(CompensatedSum(), part * sum, ties);
  }

  // The shortest beginning, the greatest x first and of equals the better, with which the sum is `wanted`; `taken` is
  // the sum of what stands before the list.
  void keep_sum(CompensatedSum taken, double wanted, bool ties) {
    const auto order = [](const Candidate& a, const Candidate& b) { return a.x != b.x ? a.x > b.x : is_better(a, b); };
    // All before `first` are taken and have less than what is wanted.
    std::size_t first = 0, end = count_;
    // Equals come in the order of their ids.
    while (end - first > kShortPart && !std::is_sorted(list_ + first, list_ + end, order)) {
      const std::size_t middle = first + (end - first) / 2;
      std::nth_element(list_ + first, list_ + middle, list_ + end, order);
      CompensatedSum sum = taken;
      for (std::size_t i = first; i < middle; ++i) sum.add(list_[i].w);
      if (sum.total() >= wanted) {
        end = middle;
      } else {
        taken = sum;
        first = middle;
      }
    }
    if (end - first <= kShortPart) std::sort(list_ + first, list_ + end, order);
    for (; first < end; ++first) {
      taken.add(list_[first].w);
      if (taken.total() >= wanted) {
        ++first;
        break;
      }
    }
    end_at(first, ties, order);
  }

  // keep_mass of a sorted list, where its length is the same for all masses between the two; else false.
  bool keep_certain_mass(double least, double most, bool ties) {
    CompensatedSum sum;
    for (std::size_t i = 0; i < count_; ++i) {
      sum.add(list_[i].w);
      if (sum.total() < least) continue;
      if (sum.total() < most) return false;
      end_at(i + 1, ties, is_better);
      return true;
    }
    return false;
  }

  void sort_best_first() { std::sort(list_, list_ + count_, is_better); }
  // Most lists that were made of weights are in this order.
  void sort_by_id() {
    const auto order = [](const Candidate& a, const Candidate& b) { return a.id < b.id; };
    if (!std::is_sorted(list_, list_ + count_, order)) std::sort(list_, list_ + count_, order);
  }

  // In a list sorted by id; nullptr where it is not there.
  const Candidate* find(std::int32_t id) const {
    const Candidate* found =
        std::lower_bound(list_, list_ + count_, id, [](const Candidate& a, std::int32_t b) { return a.id < b; });
    return found != list_ + count_ && found->id == id ? found : nullptr;
  }

 private:
  static constexpr std::size_t kAtOnce = 256, kShortPart = 32;
  Candidate* list_;
  std::size_t count_ = 0;

  // The first `length` in an order.
  template <class Order>
  void keep_first(std::size_t length, bool ties, const Order& order) {
    if (length >= count_) return;
    std::nth_element(list_, list_ + length, list_ + count_, order);
    end_at(length, ties, order);
  }

  // The first `length`, which stand before the others; what ties in its key with the last of them joins them.
  template <class Order>
  void end_at(std::size_t length, bool ties, const Order& order) {
    const std::size_t listed = count_;
    count_ = length;
    if (!ties || length == 0) return;
    const double last = std::max_element(list_, list_ + length, order)->key;
    for (std::size_t i = length; i < listed; ++i) {
      if (list_[i].key == last) std::swap(list_[count_++], list_[i]);
    }
  }
};

}  // namespace softmax_native
