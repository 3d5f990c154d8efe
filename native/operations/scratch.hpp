// Memory for the time of a call, one part for each thread, all of it asked for before anything is written.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace softmax_native {

class Scratch {
 public:
  // `parts` parts of `bytes` each, cache-line aligned. ok() is false when the memory is not to be had.
  Scratch(std::size_t parts, std::size_t bytes) {
    if (parts == 0 || bytes == 0) return;
    stride_ = (bytes + kLine - 1) / kLine * kLine;
    if (stride_ < bytes || stride_ > (SIZE_MAX - kLine) / parts) {
      ok_ = false;
      return;
    }
    memory_ = std::malloc(stride_ * parts + kLine);
    ok_ = memory_ != nullptr;
  }
  ~Scratch() { std::free(memory_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  bool ok() const { return ok_; }

  template <class T>
  T* part(std::size_t i) const {
    if (memory_ == nullptr) return nullptr;
    const std::size_t address = reinterpret_cast<std::size_t>(memory_);
    return reinterpret_cast<T*>((address + kLine - 1) / kLine * kLine + i * stride_);
  }

 private:
  static constexpr std::size_t kLine = 64;
  void* memory_ = nullptr;
  std::size_t stride_ = 0;
  bool ok_ = true;
};

}  // namespace softmax_native
