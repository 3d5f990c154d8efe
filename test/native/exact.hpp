// Values to compare with, far more precise than what is tested: 113 bits where the compiler has them (libquadmath),
// else long double. And errors in ulp, measured against them.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

// GCC's library, which Clang can use as well, but for its header.
#if defined(SOFTMAX_TEST_QUADMATH)
extern "C" {
__float128 expq(__float128);
__float128 logq(__float128);
__float128 log1pq(__float128);
}
#endif

namespace softmax_native::test {

#if defined(SOFTMAX_TEST_QUADMATH)
using Quad = __float128;
inline Quad exact_exp(Quad x) { return expq(x); }
inline Quad exact_log(Quad x) { return logq(x); }
inline Quad exact_log1p(Quad x) { return log1pq(x); }
#else
using Quad = long double;
inline Quad exact_exp(Quad x) { return std::exp(x); }
inline Quad exact_log(Quad x) { return std::log(x); }
inline Quad exact_log1p(Quad x) { return std::log1p(x); }
#endif

// e^p for p beyond long double's precision: good to about 2^-63, many times faster than 113 bits.
inline long double fast_exp(Quad p) {
  const long double high = static_cast<long double>(p);
  if (!(high > -12000)) return 0;
  return std::exp(high) * (1 + static_cast<long double>(p - static_cast<Quad>(high)));
}

// The distance between neighbours of T around y, that of the subnormals at least.
template <class T>
double ulp_of(double y) {
  using Limits = std::numeric_limits<T>;
  if (y == 0) return static_cast<double>(Limits::denorm_min());
  const int exponent = std::ilogb(y) - (Limits::digits - 1);
  const int least = Limits::min_exponent - Limits::digits;
  return std::ldexp(1.0, exponent < least ? least : exponent);
}

// |got - exact| in ulp of T at `size` (or at the exact value itself). Equal infinities and NaN for NaN are no error.
template <class T>
double ulp_error(T got, Quad exact, double size) {
  const double rounded = static_cast<double>(exact);
  if (std::isnan(got) || std::isnan(rounded)) {
    return std::isnan(got) && std::isnan(rounded) ? 0 : std::numeric_limits<double>::infinity();
  }
  if (std::isinf(got) || std::isinf(rounded)) {
    // An exact value beyond the range of T rounds to infinity.
    return static_cast<T>(rounded) == got ? 0 : std::numeric_limits<double>::infinity();
  }
  // The quotient is formed in 113 bits: an ulp may be the least subnormal.
  const Quad difference = static_cast<Quad>(got) - exact;
  return std::fabs(static_cast<double>(difference / static_cast<Quad>(ulp_of<T>(size))));
}
template <class T>
double ulp_error(T got, Quad exact) {
  return ulp_error(got, exact, static_cast<double>(exact));
}

// The largest of many errors, and where it was.
struct Worst {
  double error = 0, at = 0;

  void see(double e, double x) {
    if (e > error || std::isnan(e)) {
      error = e;
      at = x;
    }
  }
};

}  // namespace softmax_native::test
