// Memory for the arguments of a kernel: at any distance from a register's alignment, between canaries, or at the edge
// of a page that may not be touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#define SOFTMAX_TEST_HAS_MMAP 1
#endif

namespace softmax_native::test {

inline constexpr unsigned char kCanary = 0xA5;

// Bit for bit, but any NaN equals any other: the payload of a NaN is no part of the numeric contract.
template <class T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0 || (a != a && b != b);
}

// The first index at which the arrays differ in bits, n where there is none.
template <class T>
std::size_t first_difference(const T* a, const T* b, std::size_t n) {
  if (n == 0 || std::memcmp(a, b, n * sizeof(T)) == 0) return n;
  for (std::size_t i = 0; i < n; ++i) {
    if (!same_bits(a[i], b[i])) return i;
  }
  return n;
}

template <class T>
bool is_canary(const T* p, std::size_t n) {
  // The first byte is the canary's, and each byte equals the one before it.
  const unsigned char* bytes = reinterpret_cast<const unsigned char*>(p);
  const std::size_t size = n * sizeof(T);
  return size == 0 || (bytes[0] == kCanary && std::memcmp(bytes, bytes + 1, size - 1) == 0);
}

// Up to `capacity` elements that start `offset` elements after a 64-byte boundary, with canaries around them.
template <class T>
class Block {
 public:
  explicit Block(std::size_t capacity)
      : storage_((capacity + kMost + 2 * kAround) * sizeof(T) + 64),
        base_(reinterpret_cast<T*>((reinterpret_cast<std::uintptr_t>(storage_.data()) + 63) / 64 * 64)) {}
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  T* place(std::size_t offset, std::size_t n) {
    start_ = base_ + kAround + offset;
    n_ = n;
    std::memset(static_cast<void*>(start_ - kAround), kCanary, kAround * sizeof(T));
    std::memset(static_cast<void*>(start_ + n), kCanary, kAround * sizeof(T));
    return start_;
  }
  T* place(std::size_t offset, const T* from, std::size_t n) {
    place(offset, n);
    if (n != 0) std::memcpy(start_, from, n * sizeof(T));
    return start_;
  }
  bool intact() const { return is_canary(start_ - kAround, kAround) && is_canary(start_ + n_, kAround); }

 private:
  static constexpr std::size_t kMost = 16, kAround = 32;
  std::vector<unsigned char> storage_;
  T* base_;
  T* start_ = nullptr;
  std::size_t n_ = 0;
};

#if defined(SOFTMAX_TEST_HAS_MMAP)

// Pages between two that may not be touched. The array lies at the end or at the start of them.
class GuardedPages {
 public:
  explicit GuardedPages(std::size_t bytes) {
    page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    size_ = (bytes + page_ - 1) / page_ * page_;
    void* all = mmap(nullptr, size_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) std::abort();
    data_ = static_cast<unsigned char*>(all) + page_;
    writable(true);
  }
  ~GuardedPages() { munmap(data_ - page_, size_ + 2 * page_); }
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;

  void writable(bool yes) {
    if (mprotect(data_, size_, yes ? PROT_READ | PROT_WRITE : PROT_READ) != 0) std::abort();
  }
  template <class T>
  T* place(std::size_t n, bool at_end) {
    std::memset(data_, kCanary, size_);
    array_ = at_end ? data_ + size_ - n * sizeof(T) : data_;
    bytes_ = n * sizeof(T);
    return reinterpret_cast<T*>(array_);
  }
  // The pages beside the array are as they were.
  bool intact() const {
    const unsigned char* after = array_ + bytes_;
    return is_canary(data_, static_cast<std::size_t>(array_ - data_)) &&
           is_canary(after, static_cast<std::size_t>(data_ + size_ - after));
  }

 private:
  std::size_t page_ = 0, size_ = 0, bytes_ = 0;
  unsigned char* data_ = nullptr;
  unsigned char* array_ = nullptr;
};

#endif

}  // namespace softmax_native::test
