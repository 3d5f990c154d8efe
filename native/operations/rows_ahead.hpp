// Rows of matrices that will be needed soon, asked for a few at a time while something else is computed. A processor
// keeps track of some two dozen cache lines on their way; who asks for more of them waits for the first.
#pragma once

#include <cstddef>

namespace softmax_native {

template <class T>
void ask_for_row(const T* row, std::size_t dim) {
#if defined(__GNUC__)
  constexpr std::size_t kLine = 64 / sizeof(T);
  for (std::size_t j = 0; j < dim; j += kLine) __builtin_prefetch(row + j, 1, 3);
#endif
}

template <class T>
class RowsAhead {
 public:
  explicit RowsAhead(std::size_t dim) : dim_(dim) {}

  // Rows beyond what it remembers are not asked for.
  void add(const T* row) {
    if (count_ < kMost) rows_[count_++] = row;
  }

  // Asks for the next few, or for all that are left.
  void ask() { ask_to(count_ - asked_ < kFew ? count_ : asked_ + kFew); }
  void ask_all() { ask_to(count_); }

 private:
  static constexpr std::size_t kMost = 128, kFew = 3;
  const std::size_t dim_;
  std::size_t count_ = 0, asked_ = 0;
  const T* rows_[kMost];

  void ask_to(std::size_t end) {
    for (; asked_ < end; ++asked_) ask_for_row(rows_[asked_], dim_);
    if (asked_ == count_) asked_ = count_ = 0;
  }
};

}  // namespace softmax_native
