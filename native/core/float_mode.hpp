// The processor's floating-point mode: round to nearest, gradual underflow, no traps, for as long as the object lives.
// Another addon may have left flush-to-zero or another rounding behind (RAII restores what was found): results must not
// depend on it, nor may ours leak into JavaScript.
#pragma once

#include <cstdint>

#if defined(_MSC_VER) && defined(_M_X64)
#include <intrin.h>
#endif

namespace softmax_native {

class DefaultFloatMode {
 public:
  DefaultFloatMode() : found_(read()) {
    if ((found_ & kControl) != kDefault) write(kDefault);
  }
  ~DefaultFloatMode() {
    if ((found_ & kControl) != kDefault) write(found_);
  }
  DefaultFloatMode(const DefaultFloatMode&) = delete;
  DefaultFloatMode& operator=(const DefaultFloatMode&) = delete;

 private:
#if defined(__x86_64__) && !defined(_MSC_VER)
  using Word = std::uint32_t;
  static constexpr Word kDefault = 0x1F80, kControl = 0xFFC0;  // the rest are status flags
  static Word read() { return __builtin_ia32_stmxcsr(); }
  static void write(Word mode) { __builtin_ia32_ldmxcsr(mode); }
#elif defined(_M_X64)
  using Word = std::uint32_t;
  static constexpr Word kDefault = 0x1F80, kControl = 0xFFC0;
  static Word read() { return _mm_getcsr(); }
  static void write(Word mode) { _mm_setcsr(mode); }
#elif defined(__aarch64__) && !defined(_MSC_VER)
  using Word = std::uint64_t;
  static constexpr Word kDefault = 0, kControl = ~Word{0};
  static Word read() {
    Word mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
  }
  static void write(Word mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode)); }
#else
  using Word = std::uint32_t;
  static constexpr Word kDefault = 0, kControl = ~Word{0};
  static Word read() { return kDefault; }
  static void write(Word) {}
#endif

  Word found_;
};

}  // namespace softmax_native
