// Asking for memory before it is needed, where the processor would not guess: the rows of a matrix in an order of their
// own.
#pragma once

#include <cstddef>

namespace softmax_native {

// The lines of `rows` rows of `bytes` bytes, `stride` bytes apart, asked for a few at a time: while something else is
// computed, at most as many as wait side by side.
class Ahead {
 public:
  Ahead() = default;
  Ahead(const void* from, std::size_t rows, std::size_t bytes, std::size_t stride, bool to_write)
      : from_(static_cast<const char*>(from)), stride_(stride), per_row_((bytes + kLine - 1) / kLine),
        left_(rows * per_row_), to_write_(to_write) {}

  std::size_t lines() const { return left_; }

  void ask(std::size_t lines) {
    for (; lines != 0 && left_ != 0; --lines, --left_) {
#if defined(__GNUC__)
      if (to_write_) {
        __builtin_prefetch(from_ + at_ * kLine, 1, 3);
      } else {
        __builtin_prefetch(from_ + at_ * kLine, 0, 2);
      }
#endif
      if (++at_ != per_row_) continue;
      at_ = 0;
      from_ += stride_;
    }
  }

 private:
  static constexpr std::size_t kLine = 64;
  const char* from_ = nullptr;
  std::size_t stride_ = 0, per_row_ = 0, left_ = 0, at_ = 0;
  bool to_write_ = false;
};

}  // namespace softmax_native
