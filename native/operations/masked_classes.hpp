// A mask [rows, classes] on logits that are made a tile at a time.
#pragma once

#include "linear_products.hpp"
#include "row_tiles.hpp"

namespace softmax_native {

template <class T>
class MaskedClasses {
 public:
  explicit MaskedClasses(const Logits<T>& logits)
      : mask_(logits.mask), strides_(logits.mask_strides), excluded_(excluded_key(logits)), rows_(logits.layout.rows()),
        classes_(logits.layout.n), one_row_(logits.mask_strides.outer == 0 || rows_ < 2),
        nowhere_(mask_ == nullptr ? 0 : 1, classes_),
        taking_(mask_ == nullptr ? 0 : 1, (one_row_ ? 1 : rows_) * sizeof(std::size_t)) {}

  bool ok() const { return nowhere_.ok() && taking_.ok(); }
  bool any() const { return mask_ != nullptr; }
  std::size_t stride() const { return strides_.n; }
  const std::uint8_t* row(std::size_t r, std::size_t first) const {
    return mask_ + r * strides_.outer + first * strides_.n;
  }

  // Reads the mask; to be called once, before what follows is asked.
  void read() {
    std::uint8_t* nowhere = nowhere_.template part<std::uint8_t>(0);
    std::size_t* taking = taking_.template part<std::size_t>(0);
    if (mask_ == nullptr || rows_ == 0) return;
    for (std::size_t c = 0; c < classes_; ++c) nowhere[c] = 1;
    for (std::size_t r = 0; r < (one_row_ ? 1 : rows_); ++r) {
      std::size_t count = 0;
      const std::uint8_t* mask = row(r, 0);
      for (std::size_t c = 0; c < classes_; ++c) {
        const bool takes_part = mask[c * strides_.n] != 0;
        count += takes_part ? 1 : 0;
        nowhere[c] = takes_part ? 0 : nowhere[c];
      }
      taking[r] = count;
    }
  }

  // 1 for a class that takes part in no row; nullptr without mask.
  const std::uint8_t* nowhere() const { return nowhere_.template part<std::uint8_t>(0); }
  // Classes that take part in the row.
  std::size_t taking(std::size_t r) const { return taking_.template part<std::size_t>(0)[one_row_ ? 0 : r]; }

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
  const Scratch nowhere_, taking_;
};

}  // namespace softmax_native
