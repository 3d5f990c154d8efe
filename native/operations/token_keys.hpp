// The keys of a row: its logits after bias and penalties, with the sign of the scale. Most are the logits as they
// stand. The few that are not are a list of their own, in float64; in the row, which is then a copy, they and what may
// not be drawn are -Infinity.
#pragma once

#include <cstring>

#include "token_candidates.hpp"
#include "tokens.hpp"

namespace softmax_native {

// A logit that bias or penalties changed.
struct Changed {
  std::int32_t id;
  std::int32_t times;  // in the history
  double bias, value;
  bool banned;
  std::int32_t next;  // of the same chunk, or -1
};

// The changed logits of a row, by id.
class ChangedLogits {
 public:
  // Slots that so many ids need at most; a power of two.
  static std::size_t slots(std::size_t ids) {
    std::size_t size = 16;
    while (size < 2 * ids) size *= 2;
    return size;
  }

  ChangedLogits(Changed* list, std::int32_t* slots, std::size_t size) : list_(list), slots_(slots), mask_(size - 1) {}

  void clear() {
    count_ = 0;
    for (std::size_t i = 0; i <= mask_; ++i) slots_[i] = -1;
  }
  std::size_t count() const { return count_; }
  Changed& operator[](std::size_t i) { return list_[i]; }
  const Changed& operator[](std::size_t i) const { return list_[i]; }

  Changed& of(std::int32_t id) {
    const std::size_t slot = slot_of(id);
    if (slots_[slot] < 0) {
      slots_[slot] = static_cast<std::int32_t>(count_);
      list_[count_++] = {id, 0, 0, 0, false, -1};
    }
    return list_[slots_[slot]];
  }
  // nullptr where it is not changed.
  const Changed* find(std::int32_t id) const {
    if (count_ == 0) return nullptr;
    const std::size_t slot = slot_of(id);
    return slots_[slot] < 0 ? nullptr : &list_[slots_[slot]];
  }

 private:
  Changed* list_;
  std::int32_t* slots_;
  std::size_t mask_, count_ = 0;

  std::size_t slot_of(std::int32_t id) const {
    std::size_t slot = static_cast<std::uint32_t>(id) * 2654435769u >> 7 & mask_;
    while (slots_[slot] >= 0 && list_[slots_[slot]].id != id) slot = (slot + 1) & mask_;
    return slot;
  }
};

template <class T>
class TokenKeys {
 public:
  static constexpr T kNone = -static_cast<T>(__builtin_inf());

  // `row_maxima` are those of the row's chunks, nullptr where it has but one.
  // `counts` has room for a number of each chunk.
  TokenKeys(const T* row, std::size_t n, const double* row_maxima, double* maxima, double* counts, T* copy,
            std::int32_t* ids, ChangedLogits& changed)
      : row_(row), n_(n), row_maxima_(row_maxima), maxima_(maxima), counts_(counts), copy_(copy), ids_(ids),
        changed_(changed), k_(kernels().of<T>()) {}

  // `words` are the bits of what may be drawn, nullptr for everything. `row_max` is the greatest logit. The copy is
  // made when it is needed: until settle() the keys are those of the row, except for the changed ones.
  void take(bool negate, const std::int32_t* words, T row_max) {
    negate_ = negate;
    words_ = words;
    keys_ = row_;
    max_ = keys_max_ = row_max;
    is_settled_ = !negate && words == nullptr && changed_.count() == 0;
    if (negate || words != nullptr) settle();
  }

  bool is_settled() const { return is_settled_; }

  void settle() {
    if (is_settled_) return;
    is_settled_ = true;
    keys_ = copy_;
    sort_into_chunks();
    each_chunk(n_, false, [this](std::size_t c, std::size_t start, std::size_t length) {
      settle_chunk(c, start, length);
      maxima_[c] = static_cast<double>(k_.max(copy_ + start, length, false));
    });
    max_ = keys_max_ = kernels().f64.max(maxima_, chunk_count(n_), false);
    for (std::size_t i = 0; i < changed_.count(); ++i) {
      if (!changed_[i].banned && key_of(changed_[i]) > max_) max_ = key_of(changed_[i]);
    }
  }

  // Of all that are not changed, as an array.
  const T* keys() const { return keys_; }
  bool is_row() const { return keys_ == row_; }
  bool negated() const { return negate_; }
  T keys_max() const { return static_cast<T>(keys_max_); }
  double max() const { return max_; }
  const ChangedLogits& changed() const { return changed_; }
  double key_of(const Changed& changed) const { return negate_ ? -changed.value : changed.value; }
  double key_of(std::int32_t id) const {
    const Changed* changed = changed_.find(id);
    if (changed == nullptr) return static_cast<double>(keys_[id]);
    return changed->banned ? kNothing : key_of(*changed);
  }

  // How many keys are such that they take part when `max` is the greatest of them.
  std::size_t count(double max) const {
    std::size_t count;
    if (max == -kNothing) {
      count = k_.count_equal(keys_, n_, static_cast<T>(max));
    } else {
      count = n_ - k_.count_equal(keys_, n_, kNone);
    }
    for (std::size_t i = 0; i < changed_.count(); ++i) {
      const double key = key_of(changed_[i]);
      if (!changed_[i].banned && (max == -kNothing ? key == max : key > kNothing)) ++count;
    }
    return count;
  }
  std::size_t count_greatest() const {
    std::size_t count = 0;
    if (max_ == keys_max_) {
      each_with_greatest([&](std::size_t start, std::size_t length) {
        count += k_.count_equal(keys_ + start, length, keys_max());
        return true;
      });
    }
    for (std::size_t i = 0; i < changed_.count(); ++i) {
      if (!changed_[i].banned && key_of(changed_[i]) == max_) ++count;
    }
    return count;
  }

  // Those with max + gap or more, gap <= 0, but never -Infinity; some below it, too. False, and nothing listed, where
  // they are more than `most`.
  bool list_from(double gap, Candidates& list, std::size_t most) {
    settle();
    constexpr bool kIsFloat = sizeof(T) == sizeof(float);
    constexpr double kLargest = kIsFloat ? 0x1.fffffep127 : 0x1.fffffffffffffp1023;
    const double size = (max_ < 0 ? -max_ : max_) - gap, least = max_ + gap;
    const double bound = size - size == 0 ? least - size * (kIsFloat ? 0x1p-20 : 0x1p-50) - 0x1p-140 : least;
    const T above = gap == kNothing || bound < -kLargest ? kNone : static_cast<T>(bound > kLargest ? kLargest : bound);
    return list_above_bound(above, list, most);
  }

  // The greatest k for which list_best need not list the row.
  std::size_t most_by_blocks() const { return n_ / (kBlocksPer * kShortest); }

  // At least the k best; false, and nothing listed, where those are more than `most`.
  bool list_best(std::size_t k, double* maxima, Candidates& list, std::size_t most) {
    if (!list_above_bound(kth_block_max(keys_, k, maxima), list, most)) return false;
    if (is_settled_ || list.count() >= k) return true;
    // Too many of those above the bound were changed.
    settle();
    return list_above_bound(kth_block_max(keys_, k, maxima), list, most);
  }

  // The k best of the logits as they were given, in order; fewer where those are -Infinity.
  void list_best_of_row(std::size_t k, double* maxima, Candidates& list) const {
    list.clear();
    const std::size_t found = find_above(row_, kth_block_max(row_, k, maxima));
    for (std::size_t i = 0; i < found; ++i) list.add(static_cast<double>(row_[ids_[i]]), ids_[i]);
    list.keep_best(k, false);
    list.sort_best_first();
  }

  // The lowest id of the greatest key.
  std::int32_t first_greatest() const {
    std::int32_t first = static_cast<std::int32_t>(n_);
    if (max_ == keys_max_) {
      each_with_greatest([&](std::size_t start, std::size_t length) {
        first = static_cast<std::int32_t>(start + k_.find_equal(keys_ + start, length, keys_max()));
        return false;
      });
    }
    for (std::size_t i = 0; i < changed_.count(); ++i) {
      const Changed& c = changed_[i];
      if (!c.banned && key_of(c) == max_ && c.id < first) first = c.id;
    }
    return first;
  }

 private:
  const T* row_;
  const T* keys_ = nullptr;
  std::size_t n_;
  const double* row_maxima_;
  double* maxima_;  // room for those of the copy's
  double* counts_;
  T* copy_;
  std::int32_t* ids_;
  ChangedLogits& changed_;
  const KernelsOf<T>& k_;
  double max_ = kNothing, keys_max_ = kNothing;
  const std::int32_t* words_ = nullptr;
  bool negate_ = false, is_settled_ = true;

  // The parts of the row that have its greatest key, until work gives false: the chunks whose maximum is known to be
  // it.
  template <class Work>
  void each_with_greatest(const Work& work) const {
    if (!is_row() || row_maxima_ == nullptr) {
      work(0, n_);
      return;
    }
    for (std::size_t c = 0; c < chunk_count(n_); ++c) {
      const std::size_t start = c * kChunk;
      if (row_maxima_[c] == keys_max_ && !work(start, n_ - start < kChunk ? n_ - start : kChunk)) return;
    }
  }

  // ids_ has the first changed logit of each chunk, or -1.
  void sort_into_chunks() {
    for (std::size_t c = 0; c < chunk_count(n_); ++c) ids_[c] = -1;
    for (std::size_t i = 0; i < changed_.count(); ++i) {
      std::int32_t& first = ids_[static_cast<std::size_t>(changed_[i].id) / kChunk];
      changed_[i].next = first;
      first = static_cast<std::int32_t>(i);
    }
  }

  void settle_chunk(std::size_t c, std::size_t start, std::size_t length) {
    if (negate_) {
      for (std::size_t i = start; i < start + length; ++i) copy_[i] = -row_[i];
    } else {
      std::memcpy(copy_ + start, row_ + start, length * sizeof(T));
    }
    if (words_ != nullptr) exclude(start, length);
    for (std::int32_t i = ids_[c]; i >= 0; i = changed_[static_cast<std::size_t>(i)].next) {
      copy_[changed_[static_cast<std::size_t>(i)].id] = kNone;
    }
  }

  // A chunk begins with a word.
  void exclude(std::size_t start, std::size_t length) {
    for (std::size_t i = start; i < start + length; i += 32) {
      const std::uint32_t word = static_cast<std::uint32_t>(words_[i / 32]);
      if (word == 0xffffffffu) continue;
      const std::size_t end = start + length - i < 32 ? start + length - i : 32;
      for (std::size_t j = 0; j < end; ++j) copy_[i + j] = (word >> j & 1) != 0 ? copy_[i + j] : kNone;
    }
  }

  // The ids of what is above the bound, ascending, to ids_; how many they are.
  std::size_t find_above(const T* x, T bound) const {
    return find_in_chunks(n_, ids_, counts_, [&](std::size_t start, std::size_t length, std::int32_t* ids) {
      return k_.find_above(x + start, length, bound, ids);
    });
  }

  // All keys above the bound.
  bool list_above_bound(T bound, Candidates& list, std::size_t most) const {
    list.clear();
    const std::size_t found = find_above(keys_, bound);
    if (found + changed_.count() > most && most < n_) return false;
    for (std::size_t i = 0; i < found; ++i) {
      if (is_settled_ || changed_.find(ids_[i]) == nullptr) list.add(static_cast<double>(keys_[ids_[i]]), ids_[i]);
    }
    for (std::size_t i = 0; i < changed_.count(); ++i) {
      const double key = key_of(changed_[i]);
      if (!changed_[i].banned && key > static_cast<double>(bound)) list.add(key, changed_[i].id);
    }
    return true;
  }

  // A number above which stand at least k of x, or all that take part: below the k-th greatest maximum of blocks. In a
  // row without order that leaves few more than k.
  T kth_block_max(const T* x, std::size_t k, double* maxima) const {
    const std::size_t length = n_ / (kBlocksPer * k);
    if (length < kShortest) return kNone;
    const std::size_t blocks = divide_up(n_, length), at_once = divide_up(kTask, length);
    auto task = [&](std::size_t t, std::size_t) {
      for (std::size_t block = t * at_once; block < blocks && block < (t + 1) * at_once; ++block) {
        const std::size_t i = block * length;
        maxima[block] = static_cast<double>(k_.max(x + i, n_ - i < length ? n_ - i : length, false));
      }
    };
    run_tasks(divide_up(blocks, at_once), Pool::shared().threads(), n_, task);
    std::nth_element(maxima, maxima + (k - 1), maxima + blocks, [](double a, double b) { return a > b; });
    const T bound = static_cast<T>(maxima[k - 1]);
    return bound == kNone ? kNone : below(bound);
  }

  // The next number below.
  static T below(T x) {
    if (x == -kNone) return static_cast<T>(sizeof(T) == sizeof(float) ? 0x1.fffffep127 : 0x1.fffffffffffffp1023);
    return static_cast<T>(sizeof(T) == sizeof(float)
                              ? static_cast<double>(__builtin_nextafterf(static_cast<float>(x), -__builtin_inff()))
                              : __builtin_nextafter(static_cast<double>(x), -__builtin_inf()));
  }

 public:
  static constexpr std::size_t kBlocksPer = 4, kShortest = 16;
  // Doubles that list_best needs.
  static std::size_t maxima(std::size_t n) { return n / kShortest + 1; }
};

}  // namespace softmax_native
