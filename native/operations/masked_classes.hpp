// A mask [rows, classes] on logits that are made a tile at a time.
#pragma once

#include "linear_products.hpp"
#include "loss_masses.hpp"

namespace softmax_native {

template <class T>
class MaskedClasses {
 public:
  // `counts`: whether `taking` will be asked.
  MaskedClasses(const Logits<T>& logits, bool counts)
      : mask_(logits.mask), strides_(logits.mask_strides), excluded_(excluded_key(logits)), rows_(logits.layout.rows()),
        classes_(logits.layout.n), one_row_(logits.mask_strides.outer == 0 || rows_ < 2),
        taking_(mask_ == nullptr || !counts ? 0 : 1, (one_row_ ? 1 : rows_) * sizeof(std::size_t)) {}

  bool ok() const { return taking_.ok(); }
  bool any() const { return mask_ != nullptr; }
  std::size_t stride() const { return strides_.n; }
  const std::uint8_t* row(std::size_t r, std::size_t first) const {
    return mask_ + r * strides_.outer + first * strides_.n;
  }

  // Reads the mask; to be called once, before `taking`.
  void count() {
    std::size_t* taking = taking_.template part<std::size_t>(0);
    for (std::size_t r = 0; taking != nullptr && r < (one_row_ && rows_ > 0 ? 1 : rows_); ++r) {
      std::size_t count = 0;
      for (std::size_t c = 0; c < classes_; ++c) count += row(r, c)[0] != 0 ? 1 : 0;
      taking[r] = count;
    }
  }
  // Classes that take part in the row; kAll where nobody asks.
  std::size_t taking(std::size_t r) const {
    const std::size_t* taking = taking_.template part<std::size_t>(0);
    return taking == nullptr ? LossPart<T>::kAll : taking[one_row_ ? 0 : r];
  }

  // x = the key that takes no part, where the classes take none in the row.
  void exclude(std::size_t r, Span classes, T* x) const {
    const std::uint8_t* mask = row(r, classes.first);
    if (strides_.n == 1) return kernels().of<T>().keep_masked(x, mask, x, classes.count, excluded_);
    for (std::size_t c = 0; c < classes.count; ++c) x[c] = mask[c * strides_.n] != 0 ? x[c] : excluded_;
  }

  // Whether what takes part is finite.
  bool all_finite(std::size_t r, Span classes, const T* x) const {
    for (std::size_t c = 0; c < classes.count; ++c) {
      c += kernels().of<T>().find_non_finite(x + c, classes.count - c);
      if (c < classes.count && (mask_ == nullptr || row(r, classes.first)[c * strides_.n] != 0)) return false;
    }
    return true;
  }

 private:
  const std::uint8_t* mask_;
  const Strides strides_;
  const T excluded_;
  const std::size_t rows_, classes_;
  const bool one_row_;
  const Scratch taking_;
};

}  // namespace softmax_native
