// exp, log and log1p on a vector, written once for all instruction sets. The sequence of operations is the numeric
// contract: every set performs the same operations, fused where it says so, and so gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "inline.hpp"

namespace softmax_native::SOFTMAX_ISA {

// Constants of e^p = 2^k e^r, k = round(p / ln 2), |r| <= ln 2 / 2. Adding kRound (1.5 * 2^mantissa bits) rounds to the
// nearest integer and leaves k in the low bits of the sum. The tail of e^r = 1 + r + r^2 Q(r) is minimax by Remez
// exchange, weighted for relative error: 3.1e-9 in float32, 3.7e-18 in float64.
template <class V>
struct Exp;

template <>
struct Exp<F32> {
  static constexpr int kMantissaBits = 23;
  static constexpr float kLog2e = 1.44269504f, kRound = 12582912.0f;
  // ln 2 to 16 bits, so that k kLn2High is exact, and so is its difference to p.
  static constexpr float kLn2High = 0.693145751953125f, kLn2Low = 1.42860682e-6f;
  static constexpr float kTail[] = {1.38145405e-3f, 8.36874504e-3f, 4.16683908e-2f, 1.66665204e-1f, 4.99999934e-1f};
  // Below kNormalMin e^p may be subnormal. At kZero it is far below half the least subnormal.
  static constexpr float kNormalMin = -87.0f, kZero = -150.0f;
  static constexpr float kExponentOfLeast = 149.0f, kInteger = 8388608.0f;
};

template <>
struct Exp<F64> {
  static constexpr int kMantissaBits = 52;
  static constexpr double kLog2e = 1.4426950408889634074, kRound = 6755399441055744.0;
  static constexpr double kLn2High = 0.693147180559890330187045, kLn2Low = 5.4979230187083711747e-14;  // to 42 bits
  static constexpr double kTail[] = {2.500001784799441942979e-8, 2.763030587370528406623e-7, 2.755758680563501936443e-6,
                                     2.480149295079216271354e-5, 1.984126950577388161111e-4, 1.388888894375871648113e-3,
                                     8.33333333349497588583e-3,  4.16666666665297336753e-2,  1.666666666666641151329e-1,
                                     5.000000000000010667971e-1};
  static constexpr double kNormalMin = -708.0, kZero = -800.0;
  static constexpr double kExponentOfLeast = 1074.0, kInteger = 4503599627370496.0;
};

// Four vectors side by side, so that the steps of their exponentials, which wait for each other within one (11 steps of
// 4 cycles), stand next to each other in the program.
template <class V>
struct Four {
  V v[4];
};

template <class V, class F>
SOFTMAX_INLINE Four<V> each(const F& f) {
  return {{f(0), f(1), f(2), f(3)}};
}

// A correction c to the argument p of exp, below one ulp of p (what of beta * d does not fit p), or none.
struct NoCorrection {};

template <class V>
SOFTMAX_INLINE Four<V> plus(const Four<V>& a, const Four<V>& c) {
  return each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return a.v[i] + c.v[i]; });
}
template <class V>
SOFTMAX_INLINE Four<V> plus(const Four<V>& a, NoCorrection) {
  return a;
}
template <class V>
SOFTMAX_INLINE Four<V> zero_below(const Four<V>& p, V floor, const Four<V>& c) {
  return each<V>([&](int k) SOFTMAX_INLINE_LAMBDA { return V::zero_where(p.v[k] < floor, c.v[k]); });
}
template <class V>
SOFTMAX_INLINE NoCorrection zero_below(const Four<V>&, V, NoCorrection c) {
  return c;
}

// Q(r), of e^r = 1 + r + r^2 Q(r).
template <class Arithmetic, class V>
SOFTMAX_INLINE Four<V> exp_tail(const Four<V>& r) {
  using K = Exp<V>;
  const V leading = V::broadcast(K::kTail[0]);
  Four<V> q{{leading, leading, leading, leading}};
  for (std::size_t term = 1; term < sizeof(K::kTail) / sizeof(K::kTail[0]); ++term) {
    const V coefficient = V::broadcast(K::kTail[term]);
    q = each<V>([&](int i) SOFTMAX_INLINE_LAMBDA {
      return V(Arithmetic::template multiply_add<V>(q.v[i], r.v[i], coefficient));
    });
  }
  return q;
}

// e^(above + k low) with above + k low in [-ln 2 / 2, ln 2 / 2], low tiny, in one of two arithmetics. Which one is used
// is a matter of the row's length alone.

// With fused multiply-adds: Horner's rule all the way down to 1 + r (1 + r Q(r)) rounds little.
struct Fused {
  static constexpr bool kCompensates = true;

  template <class V>
  SOFTMAX_INLINE static V multiply_add(V a, V b, V c) {
    return V::fma(a, b, c);
  }

  template <class V, class Correction>
  SOFTMAX_INLINE static Four<V> exp_of(const Four<V>& above, const Four<V>& k, V low, const Correction& c) {
    const V one = V::broadcast(1);
    const Four<V> r = plus(each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return V(V::fma(k.v[i], low, above.v[i])); }), c);
    Four<V> y = exp_tail<Fused>(r);
    y = each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return V(V::fma(y.v[i], r.v[i], one)); });
    return each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return V(V::fma(y.v[i], r.v[i], one)); });
  }
};

// With separate roundings, which JavaScript can repeat to the bit, as lib/tiny does for rows too short to repay a call
// (they are computed in float64): what r rounds off is kept, and everything small is added up before it meets r and 1.
struct Plain {
  static constexpr bool kCompensates = false;

  template <class V>
  SOFTMAX_INLINE static V multiply_add(V a, V b, V c) {
    return a * b + c;
  }

  template <class V, class Correction>
  SOFTMAX_INLINE static Four<V> exp_of(const Four<V>& above, const Four<V>& k, V low, const Correction& c) {
    const V one = V::broadcast(1);
    const Four<V> below = plus(each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return V(k.v[i] * low); }), c);
    const Four<V> r = plus(above, below), q = exp_tail<Plain>(r);
    const Four<V> lost = each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return V((above.v[i] - r.v[i]) + below.v[i]); });
    return each<V>([&](int i)
                       SOFTMAX_INLINE_LAMBDA { return V(one + (r.v[i] + ((r.v[i] * r.v[i]) * q.v[i] + lost.v[i]))); });
  }
};

// The argument's parts: e^r in [0.7, 1.42], and kRound + k, whose low bits hold the power of two.
template <class V>
struct Reduced {
  Four<V> mantissa, rounded;
};

template <class Arithmetic, class V, class Correction>
SOFTMAX_INLINE Reduced<V> exp_reduced(const Four<V>& p, const Correction& c) {
  using K = Exp<V>;
  const V log2e = V::broadcast(K::kLog2e), round = V::broadcast(K::kRound), high = V::broadcast(-K::kLn2High);
  const Four<V> rounded = each<V>(
      [&](int i) SOFTMAX_INLINE_LAMBDA { return V(Arithmetic::template multiply_add<V>(p.v[i], log2e, round)); });
  const Four<V> k = each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return V(rounded.v[i] - round); });
  // Exact in either arithmetic: k kLn2High has few bits, and p is near it.
  const Four<V> above = each<V>(
      [&](int i) SOFTMAX_INLINE_LAMBDA { return V(Arithmetic::template multiply_add<V>(k.v[i], high, p.v[i])); });
  return {Arithmetic::exp_of(above, k, V::broadcast(-K::kLn2Low), c), rounded};
}

// y * 2^k by adding k to the exponent field: the upper bits of `rounded` are shifted out.
template <class V>
SOFTMAX_INLINE V times_power(V y, V rounded) {
  return V::from_bits(y.bits() + rounded.bits().template shift_left<Exp<V>::kMantissaBits>());
}

// e^(p + c) for kNormalMin <= p <= 0: no check, no branch.
template <class Arithmetic, class V, class Correction>
SOFTMAX_INLINE Four<V> exp_normal(const Four<V>& p, const Correction& c) {
  const Reduced<V> e = exp_reduced<Arithmetic>(p, c);
  return each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return times_power(e.mantissa.v[i], e.rounded.v[i]); });
}

// e^(p + c) for every p <= 0, -Infinity included, with the same bits as exp_normal where both hold. A subnormal
// result is rounded once, by an addition that aligns it to the least subnormal, so that no instruction ever has a
// subnormal operand or result (which costs a microcode trip of 100 to 200 cycles on many processors).
template <class Arithmetic, class V, class Correction>
SOFTMAX_INLINE Four<V> exp_any(const Four<V>& p, const Correction& c) {
  using K = Exp<V>;
  const V floor = V::broadcast(K::kZero), integer = V::broadcast(K::kInteger);
  const Four<V> held = each<V>([&](int i) SOFTMAX_INLINE_LAMBDA { return V::max(floor, p.v[i]); });
  const Reduced<V> e = exp_reduced<Arithmetic>(held, zero_below(p, floor, c));
  return each<V>([&](int i) SOFTMAX_INLINE_LAMBDA {
    const V normal = times_power(e.mantissa.v[i], e.rounded.v[i]);
    // k is held where y 2^(k + 149) is still a float: far above the range where it matters.
    const V small = V::min(e.rounded.v[i], V::broadcast(K::kRound + K::kNormalMin));
    const V in_least = times_power(e.mantissa.v[i], V(small + V::broadcast(K::kExponentOfLeast)));
    const V subnormal = V::from_bits(V(in_least + integer).bits() - integer.bits());
    return V::select(in_least < integer, subnormal, normal);
  });
}

// log(1 + f) - f = -(f^2/2 - s (f^2/2 + R)), s = f / (2 + f), R = s^2 P(s^2); P minimax of degree 7 by Remez exchange,
// error 6.1e-20 in R. k ln 2 is added in two parts, the correction with the smaller one. In plain arithmetic, as above.
inline F64 log_assemble(F64 f, F64 k, F64 correction) {
  constexpr double kTail[] = {1.308921924385939457167e-1, 1.326851624848739668834e-1, 1.538624968412704930803e-1,
                              1.818179544817574220698e-1, 2.222222239360519128406e-1, 2.857142857079475803888e-1,
                              4.000000000000089248747e-1, 6.666666666666664646052e-1};
  // ln 2 to 42 bits: its product with an exponent of up to 11 bits is exact.
  constexpr double kLn2High = 0.693147180559890330187045, kLn2Low = 5.4979230187083711747e-14;
  const F64 s = f / (F64::broadcast(2) + f);
  const F64 z = s * s;
  F64 p = F64::broadcast(kTail[0]);
  for (std::size_t i = 1; i < sizeof(kTail) / sizeof(kTail[0]); ++i)
    p = Plain::multiply_add(p, z, F64::broadcast(kTail[i]));
  const F64 half_square = F64::broadcast(0.5) * f * f;
  const F64 low = Plain::multiply_add(k, F64::broadcast(kLn2Low), correction);
  const F64 tail = Plain::multiply_add(s, Plain::multiply_add(z, p, half_square), low);
  return Plain::multiply_add(k, F64::broadcast(kLn2High), f - (half_square - tail));
}

struct Split {
  F64 k, m;
};

// u = 2^k m with m in [sqrt(1/2), sqrt(2)), for normal u > 0.
inline Split split_exponent(F64 u) {
  // The bits of sqrt(1/2): subtracting them carries into the exponent exactly when the mantissa is below sqrt(2).
  const I64 root = I64::broadcast(0x3FE6A09E667F3BCD);
  const I64 above = u.bits() - root;
  const I64 magic = F64::broadcast(Exp<F64>::kRound).bits();
  // A logical shift of a negative difference would leave 12 bits of sign: count from 1023 octaves below.
  const I64 exponent = (above + I64::broadcast(std::int64_t{1023} << 52)).shift_right<52>();
  const F64 k = F64::from_bits(exponent + magic) - F64::broadcast(Exp<F64>::kRound + 1023);
  const I64 mantissa = above & I64::broadcast(0x000FFFFFFFFFFFFF);
  return {k, F64::from_bits(mantissa + root)};
}

// log x for x >= 0: log 0 = -Infinity, log of a negative number is NaN. Error below 0.9 ulp.
inline F64 log_any(F64 x) {
  const F64 infinity = F64::broadcast(__builtin_inf()), zero = F64::broadcast(0);
  // Subnormals are brought into range by an exact power of two.
  const F64 least = F64::broadcast(2.2250738585072014e-308);
  const F64::Mask tiny = x < least;
  const F64 u = F64::select(tiny, x * F64::broadcast(18014398509481984.0), x);
  Split e = split_exponent(u);
  e.k = e.k - F64::keep_where(tiny, F64::broadcast(54));
  F64 y = log_assemble(e.m - F64::broadcast(1), e.k, zero);
  y = F64::select(x == infinity, x, y);
  y = F64::select(x == zero, F64::broadcast(-__builtin_inf()), y);
  y = F64::select(x < zero, F64::broadcast(__builtin_nan("")), y);
  return F64::select(F64::unordered(x, x), x, y);
}

// log(1 + x) for x >= 0. Error below 0.9 ulp: the rounding of 1 + x is put back as a correction.
inline F64 log1p_any(F64 x) {
  const F64 infinity = F64::broadcast(__builtin_inf()), one = F64::broadcast(1), zero = F64::broadcast(0);
  const F64 u = one + x;
  const Split e = split_exponent(u);
  const F64::Mask direct = e.k == zero;  // x itself is the f of the formula, without a rounding
  const F64 larger = F64::max(one, x), smaller = F64::min(one, x);
  const F64 lost = (smaller - (u - larger)) / u;
  const F64 f = F64::select(direct, x, e.m - one);
  const F64 y = log_assemble(f, e.k, F64::zero_where(direct, lost));
  return F64::select(F64::either(x == infinity, F64::unordered(x, x)), x, y);
}

}  // namespace softmax_native::SOFTMAX_ISA
