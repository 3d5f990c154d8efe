#include "cpu.hpp"

#if defined(__x86_64__) || defined(_M_X64)

#include <cstdint>

#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif

namespace softmax_native {
namespace {

struct Registers {
  std::uint32_t eax, ebx, ecx, edx;
};

Registers cpuid(std::uint32_t leaf, std::uint32_t subleaf) {
  Registers r{};
#if defined(_MSC_VER)
  int v[4];
  __cpuidex(v, static_cast<int>(leaf), static_cast<int>(subleaf));
  r = {static_cast<std::uint32_t>(v[0]), static_cast<std::uint32_t>(v[1]), static_cast<std::uint32_t>(v[2]),
       static_cast<std::uint32_t>(v[3])};
#else
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
  return r;
}

// XCR0: the register states that the operating system saves. By instruction bytes, since the intrinsic wants -mxsave.
std::uint64_t extended_control_register() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  std::uint32_t low, high;
  __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));
  return (std::uint64_t{high} << 32) | low;
#endif
}

bool has(std::uint32_t word, unsigned bit) { return ((word >> bit) & 1) != 0; }

}  // namespace

bool cpu_has_avx2() {
  const Registers basic = cpuid(1, 0);
  constexpr unsigned kFma = 12, kOsxsave = 27, kAvx = 28, kF16c = 29;
  if (!has(basic.ecx, kOsxsave) || !has(basic.ecx, kAvx) || !has(basic.ecx, kFma) || !has(basic.ecx, kF16c)) {
    return false;
  }
  constexpr std::uint64_t kXmmAndYmm = 0x6;
  if ((extended_control_register() & kXmmAndYmm) != kXmmAndYmm) return false;
  const Registers extended = cpuid(7, 0);
  constexpr unsigned kAvx2 = 5, kBmi2 = 8;
  return has(extended.ebx, kAvx2) && has(extended.ebx, kBmi2);
}

bool cpu_has_avx512() {
  if (!cpu_has_avx2()) return false;
  constexpr std::uint64_t kMasksAndZmm = 0xE0;
  if ((extended_control_register() & kMasksAndZmm) != kMasksAndZmm) return false;
  const Registers extended = cpuid(7, 0);
  constexpr unsigned kFoundation = 16, kDq = 17, kBw = 30, kVl = 31;
  return has(extended.ebx, kFoundation) && has(extended.ebx, kDq) && has(extended.ebx, kBw) && has(extended.ebx, kVl);
}

}  // namespace softmax_native

#else

namespace softmax_native {
bool cpu_has_avx2() { return false; }
bool cpu_has_avx512() { return false; }
}  // namespace softmax_native

#endif
