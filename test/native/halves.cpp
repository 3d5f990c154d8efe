// Numbers of 16 bits: every pattern widened, and narrowing by one rounding to nearest even, against arithmetic on whole
// numbers.
#include <cmath>
#include <vector>

#include "distributions.hpp"
#include "kernel_cases.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

struct Format {
  int fraction, bias;
};

Format format_of(bool brain) { return brain ? Format{7, 127} : Format{10, 15}; }

double value_of(std::uint16_t half, Format f) {
  const int exponent = half >> f.fraction & ((2 * f.bias + 1)), digits = half & ((1 << f.fraction) - 1);
  const double sign = (half & 0x8000) != 0 ? -1 : 1;
  if (exponent == 2 * f.bias + 1) return digits == 0 ? sign * HUGE_VAL : std::nan("");
  if (exponent == 0) return sign * std::ldexp(digits, 1 - f.bias - f.fraction);
  return sign * std::ldexp(digits + (1 << f.fraction), exponent - f.bias - f.fraction);
}

// The pattern of the number, whose distance to its neighbours is exact in float64.
std::uint16_t nearest(double x, Format f) {
  const std::uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  const double size = std::fabs(x);
  const int most = (2 * f.bias + 1) << f.fraction;
  if (std::isnan(x)) return static_cast<std::uint16_t>(most + (1 << (f.fraction - 1)));
  // Patterns of positive numbers count upwards.
  int low = 0, high = most;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (value_of(static_cast<std::uint16_t>(middle), f) <= size ? low : high) = middle;
  }
  if (std::isinf(size)) return static_cast<std::uint16_t>(sign | most);
  const double below = value_of(static_cast<std::uint16_t>(low), f);
  // Infinity stands for the power of two that comes next.
  const double above = high == most ? std::ldexp(1, f.bias + 1) : value_of(static_cast<std::uint16_t>(high), f);
  const double to_below = size - below, to_above = above - size;
  const bool up = to_above < to_below || (to_above == to_below && low % 2 != 0);
  return static_cast<std::uint16_t>(sign | (up ? high : low));
}

template <class T>
void test_all(const KernelTable& table, bool brain) {
  const Format f = format_of(brain);
  const KernelsOf<T>& k = table.of<T>();
  std::vector<std::uint16_t> halves(0x10000), back(0x10000);
  std::vector<T> wide(0x10000);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  k.widen_halves(halves.data(), wide.data(), wide.size(), brain);
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const double wanted = value_of(halves[i], f), got = static_cast<double>(wide[i]);
    CHECK(std::isnan(wanted) ? std::isnan(got) : got == wanted && std::signbit(got) == std::signbit(wanted));
  }
  k.narrow_halves(wide.data(), back.data(), wide.size(), brain);
  for (std::size_t i = 0; i < halves.size(); ++i) CHECK(std::isnan(wide[i]) || back[i] == halves[i]);
  // Half way between neighbours, and a little to either side.
  std::vector<T> between;
  for (std::size_t i = 0; i + 1 < halves.size(); ++i) {
    const double a = value_of(halves[i], f), b = value_of(halves[i + 1], f);
    if (!std::isfinite(a) || i == 0x7fff) continue;
    const double next = std::isfinite(b) ? b : std::copysign(std::ldexp(1, f.bias + 1), a);
    const T middle = static_cast<T>(a + (next - a) / 2);
    for (const T x : {std::nextafter(middle, T(0)), middle, std::nextafter(middle, std::numeric_limits<T>::max())}) {
      between.push_back(x);
    }
  }
  for (const T x : {T(1e30), T(-3.4e38), T(1e-45), T(-1e-30), std::numeric_limits<T>::quiet_NaN()})
    between.push_back(x);
  std::vector<std::uint16_t> rounded(between.size());
  k.narrow_halves(between.data(), rounded.data(), between.size(), brain);
  for (std::size_t i = 0; i < between.size(); ++i) {
    const std::uint16_t wanted = nearest(static_cast<double>(between[i]), f);
    if (rounded[i] == wanted || std::isnan(between[i])) continue;
    fail("%s, %s: %a gives %04x, not %04x", table.name, type_name<T>(), double(between[i]), rounded[i], wanted);
  }
}

TEST(halves_all_patterns) {
  for (const KernelTable* table : tables()) {
    for (const bool brain : {false, true}) {
      test_all<float>(*table, brain);
      test_all<double>(*table, brain);
    }
  }
}

}  // namespace
}  // namespace softmax_native::test
