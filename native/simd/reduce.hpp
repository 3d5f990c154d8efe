// Sums and extrema over the fixed virtual lanes of the numeric contract. A group is 64 consecutive elements, whatever
// the register width. It is folded by halves (64 -> 32 -> 16 -> 8) in the element type, and the eight remaining lanes
// are added to eight float64 accumulators. The folding tree is the same on every set, because a register only holds
// some of the lanes.
#pragma once

#include <cstddef>

#include "inline.hpp"
#include "math.hpp"

namespace softmax_native::SOFTMAX_ISA {

inline constexpr std::size_t kGroup = 64;
inline constexpr std::size_t kSumLanes = 8;

// Vectors that make up eight lanes (one when a vector has more).
template <class V>
inline constexpr std::size_t kUnit = V::kLanes >= kSumLanes ? 1 : kSumLanes / V::kLanes;

template <class V>
inline constexpr std::size_t kGroupVectors = kGroup / V::kLanes;

// sum over i of the terms i = index, index + step, ... below count, folded by halves. terms(first, stride) gives the
// four terms first + k * stride, and is called once for each four.
template <std::size_t index, std::size_t step, std::size_t count, class V, class Terms>
SOFTMAX_INLINE V fold(const Terms& terms) {
  if constexpr (4 * step >= count) {
    const Four<V> e = terms(index, step);
    return (e.v[0] + e.v[2]) + (e.v[1] + e.v[3]);
  } else {
    const V lower = fold<index, 2 * step, count, V>(terms);
    const V upper = fold<index + step, 2 * step, count, V>(terms);
    return lower + upper;
  }
}

// Eight lanes, finite ones, folded in the same order as by GroupSum::total, with what these additions round off: of
// softmax the greatest term is often alone in being large, and next to it all six would round alike. `lost` holds what
// was rounded off before. Costs a float64 row 2 ns up to 64 elements, 8 beyond; from 300 on that cannot be measured.
template <class Lane>
SOFTMAX_INLINE Lane fold_compensated(Lane* sum, Lane* lost) {
  for (std::size_t half = kSumLanes / 2; half != 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) {
      const Lane a = sum[i], b = sum[i + half], s = a + b, back = s - a;
      lost[i] = (lost[i] + lost[i + half]) + ((a - (s - back)) + (b - back));
      sum[i] = s;
    }
  }
  return sum[0] + lost[0];
}

// Eight float64 lanes fed with the folds of a group. For float32 the terms are exact in float64 and plain additions
// keep the sum right to far below a float32 ulp at any length. For float64 each addition's rounding error is kept in a
// second accumulator (Knuth's TwoSum), so that the error does not grow with the number of groups either. What rounds in
// both are the (at most) three additions within a group, and in float64 those of the lanes.
template <class V>
class GroupSum;

template <>
class GroupSum<F32> {
 public:
  GroupSum() {
    for (F64& lane : sum_) lane = F64::broadcast(0);
  }

  // terms(first, stride) gives vectors first + k * stride of the group, k = 0..3.
  template <class Terms>
  SOFTMAX_INLINE void add(const Terms& terms) {
    if constexpr (F32::kLanes > kSumLanes) {
      const F32 folded = F32::add_halves(fold<0, 1, kGroupVectors<F32>, F32>(terms));
      sum_[0] = sum_[0] + folded.template widen<0>();
    } else {
      add_unit<0>(terms);
    }
  }

  double total() const {
    double lanes[kSumLanes];
    for (std::size_t i = 0; i < kWide; ++i) sum_[i].store(lanes + i * F64::kLanes);
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
  }
  double compensated_total() const { return total(); }

 private:
  static constexpr std::size_t kWide = kSumLanes / F64::kLanes;
  F64 sum_[kWide];

  template <std::size_t unit, class Terms>
  SOFTMAX_INLINE void add_unit(const Terms& terms) {
    if constexpr (unit < kUnit<F32>) {
      constexpr std::size_t kTerms = kGroupVectors<F32> / kUnit<F32>;
      const F32 folded = fold<0, 1, kTerms, F32>([=](std::size_t first, std::size_t stride) SOFTMAX_INLINE_LAMBDA {
        return terms(first * kUnit<F32> + unit, stride * kUnit<F32>);
      });
      constexpr std::size_t kFirst = unit * F32::kWideParts;
      sum_[kFirst] = sum_[kFirst] + folded.template widen<0>();
      if constexpr (F32::kWideParts == 2) sum_[kFirst + 1] = sum_[kFirst + 1] + folded.template widen<1>();
      add_unit<unit + 1>(terms);
    }
  }
};

template <>
class GroupSum<F64> {
 public:
  GroupSum() {
    for (std::size_t i = 0; i < kUnit<F64>; ++i) sum_[i] = lost_[i] = F64::broadcast(0);
  }

  template <class Terms>
  SOFTMAX_INLINE void add(const Terms& terms) {
    add_unit<0>(terms);
  }

  double total() const {
    double lanes[kSumLanes];
    for (std::size_t i = 0; i < kUnit<F64>; ++i) {
      // An infinite sum has lost Infinity - Infinity.
      const F64 lost = F64::zero_where(F64::unordered(lost_[i], lost_[i]), lost_[i]);
      F64(sum_[i] + lost).store(lanes + i * F64::kLanes);
    }
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
  }

  // Of a finite sum: only the three additions within groups round.
  double compensated_total() const {
    double sum[kSumLanes], lost[kSumLanes];
    for (std::size_t i = 0; i < kUnit<F64>; ++i) {
      sum_[i].store(sum + i * F64::kLanes);
      lost_[i].store(lost + i * F64::kLanes);
    }
    return fold_compensated(sum, lost);
  }

 private:
  F64 sum_[kUnit<F64>], lost_[kUnit<F64>];

  template <std::size_t unit, class Terms>
  SOFTMAX_INLINE void add_unit(const Terms& terms) {
    if constexpr (unit < kUnit<F64>) {
      constexpr std::size_t kTerms = kGroupVectors<F64> / kUnit<F64>;
      const F64 t = fold<0, 1, kTerms, F64>([=](std::size_t first, std::size_t stride) SOFTMAX_INLINE_LAMBDA {
        return terms(first * kUnit<F64> + unit, stride * kUnit<F64>);
      });
      const F64 s = sum_[unit] + t;
      const F64 back = s - sum_[unit];
      lost_[unit] = lost_[unit] + ((sum_[unit] - (s - back)) + (t - back));
      sum_[unit] = s;
      add_unit<unit + 1>(terms);
    }
  }
};

}  // namespace softmax_native::SOFTMAX_ISA
