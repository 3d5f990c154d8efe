// What a mergeable state of softmax (operations/softmax_state.hpp) sums up of a chunk of logits. Each exponential is
// e^(|beta| (key - anchor)) = 2^k m with an anchor that does not depend on the other logits: it has the same m whatever
// stands beside it, and powers of two are exact. So sums of the parts of a row fit together to the bit, however it was
// split; relative to the maxima of the parts, as in exp_rest, each would be rounded another way.
//
// In float64 for float32 data too: the sums of two states must agree to the last bits of float64.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// Sums of the rest are in units of 2^(exponent of the maximum - kRestExponent): what is e^-1332 below the maximum is
// still a normal number, and 2^64 terms do not overflow.
inline constexpr double kRestExponent = 900;
// Below this no exponential in those units is normal. Rounded to the side where there is room.
inline constexpr double kRestMin = -1300;

// Sixteen virtual lanes of non-negative terms, each with what its additions round off (Dekker's Fast2Sum).
class LosslessSum {
 public:
  LosslessSum() {
    for (std::size_t i = 0; i < kSets; ++i) high_[i] = low_[i] = F64::broadcast(0);
  }

  // Vector v of a group.
  SOFTMAX_INLINE void add(std::size_t v, F64 term) {
    F64& high = high_[v % kSets];
    const F64 greater = F64::max(high, term), less = F64::min(high, term), sum = high + term;
    low_[v % kSets] = low_[v % kSets] + (less - (sum - greater));
    high = sum;
  }

  // The lanes in order, as an unevaluated sum of two.
  void total(double* high, double* low) const {
    double sums[kLanes], lost[kLanes], sum = 0, rest = 0;
    for (std::size_t i = 0; i < kSets; ++i) {
      high_[i].store(sums + i * F64::kLanes);
      low_[i].store(lost + i * F64::kLanes);
    }
    for (std::size_t i = 0; i < kLanes; ++i) {
      const double s = sum + sums[i], back = s - sum;
      rest += ((sum - (s - back)) + (sums[i] - back)) + lost[i];
      sum = s;
    }
    *high = sum + rest;
    *low = rest - (*high - sum);
  }

 private:
  static constexpr std::size_t kLanes = 16, kSets = kLanes / F64::kLanes;
  F64 high_[kSets], low_[kSets];
};

// Sixteen virtual lanes that round.
class LaneSum {
 public:
  LaneSum() {
    for (F64& set : sum_) set = F64::broadcast(0);
  }
  SOFTMAX_INLINE void add(std::size_t v, F64 a, F64 b) { sum_[v % kSets] = F64::fma(a, b, sum_[v % kSets]); }
  double total() const {
    double lanes[kLanes], sum = 0;
    for (std::size_t i = 0; i < kSets; ++i) sum_[i].store(lanes + i * F64::kLanes);
    for (const double lane : lanes) sum += lane;
    return sum;
  }

 private:
  static constexpr std::size_t kLanes = 16, kSets = kLanes / F64::kLanes;
  F64 sum_[kSets];
};

// The sums of a chunk, group by group.
template <class Scaling>
class AnchoredRest {
 public:
  AnchoredRest(const Scaling& scaling, double max, double beta)
      : scaling_(scaling), top_(F64::broadcast(max)), factor_(F64::broadcast(beta < 0 ? -beta : beta)) {
    const F64 round = F64::broadcast(Exp<F64>::kRound);
    const Reduced<F64> of_max = parts(Four<F64>{{top_, top_, top_, top_}});
    mantissa_ = first_of(of_max.mantissa.v[0]);
    exponent_ = first_of(of_max.rounded.v[0] - round);
    units_ = F64::broadcast(kRestExponent - exponent_);
  }

  // A full group, filled up with keys of -Infinity. Its exponentials go to e, if they are to be `kept`; xs may be e.
  template <bool kept>
  SOFTMAX_INLINE void add(const double* xs, double* e) {
    F64 least = scaling_.key(F64::load(xs)), greatest = least;
    for (std::size_t v = 1; v < kVectors; ++v) {
      const F64 key = scaling_.key(F64::load(xs + v * F64::kLanes));
      least = F64::min(key, least);
      greatest = F64::max(key, greatest);
    }
    if (F64::any(factor_ * (least - top_) < F64::broadcast(kRestMin)) || F64::any(greatest == top_)) {
      add_carefully<kept>(xs, e);
    } else {
      add_plain<kept>(xs, e);
    }
  }

  void write(double* sums) const {
    rest_.total(&sums[0], &sums[1]);
    sums[2] = gaps_.total();
    sums[3] = maxima_;
    sums[4] = mantissa_;
    sums[5] = exponent_;
  }

 private:
  static constexpr std::size_t kVectors = kGroupVectors<F64>;
  const Scaling& scaling_;
  const F64 top_, factor_;
  F64 units_;
  double mantissa_, exponent_, maxima_ = 0;
  LosslessSum rest_;
  LaneSum gaps_;

  static double first_of(F64 v) {
    double lanes[F64::kLanes];
    v.store(lanes);
    return lanes[0];
  }

  // 2^k m of four keys: m, and kRound + k.
  SOFTMAX_INLINE Reduced<F64> parts(const Four<F64>& keys) const {
    const Four<F64> d = each<F64>([&](int i) SOFTMAX_INLINE_LAMBDA { return scaling_.below_max(keys.v[i]); });
    const Four<F64> p = each<F64>([&](int i) SOFTMAX_INLINE_LAMBDA { return scaling_.product(d.v[i]); });
    return exp_reduced<Fused>(p, scaling_.corrections(d, p));
  }

  // No maximum among the keys, and all exponentials normal.
  template <bool kept>
  SOFTMAX_INLINE void add_plain(const double* xs, double* e) {
    for (std::size_t first = 0; first < kVectors; first += 4) {
      const Four<F64> keys = keys_of_four<F64>(scaling_, xs, first, 1);
      const Reduced<F64> y = parts(keys);
      for (std::size_t k = 0; k < 4; ++k) {
        const F64 term = times_power(y.mantissa.v[k], y.rounded.v[k] + units_);
        if constexpr (kept) store(term, e + (first + k) * F64::kLanes);
        rest_.add(first + k, term);
        gaps_.add(first + k, term, factor_ * (top_ - keys.v[k]));
      }
    }
  }

  template <bool kept>
  void add_carefully(const double* xs, double* e) {
    const F64 none = F64::broadcast(-__builtin_inf()), far = F64::broadcast(1e300);
    for (std::size_t first = 0; first < kVectors; first += 4) {
      const Four<F64> keys = keys_of_four<F64>(scaling_, xs, first, 1);
      const Reduced<F64> y = parts(keys);
      for (std::size_t k = 0; k < 4; ++k) {
        const F64 key = keys.v[k];
        const auto maximal = key == top_;
        const auto gone = F64::either(key == none, factor_ * (key - top_) < F64::broadcast(kRestMin));
        const F64 term = F64::zero_where(gone, times_power(y.mantissa.v[k], y.rounded.v[k] + units_));
        if constexpr (kept) store(term, e + (first + k) * F64::kLanes);
        maxima_ += count_lanes(F64::lanes_of(maximal));
        const F64 below = F64::zero_where(maximal, term);
        rest_.add(first + k, below);
        gaps_.add(first + k, below, F64::min(factor_ * (top_ - key), far));
      }
    }
  }

  SOFTMAX_INLINE static void store(F64 term, double* to) { F64(term * F64::broadcast(0x1p-900)).store(to); }
};

// A full group as float64: where it stands, or widened into `xs`.
template <class V>
SOFTMAX_INLINE const double* wide_group(const typename V::Scalar* x, double* xs) {
  if constexpr (sizeof(typename V::Scalar) == sizeof(double)) {
    return x;
  } else {
    for (std::size_t v = 0; v < kGroupVectors<V>; ++v) {
      const V row = V::load(x + v * V::kLanes);
      double* to = xs + v * V::kLanes;
      row.template widen<0>().store(to);
      if constexpr (V::kWideParts == 2) row.template widen<1>().store(to + F64::kLanes);
    }
    return xs;
  }
}

// Over the x below max (a key): sums[0] + sums[1] = sum of e^(|beta| (key - anchor)), lossless but for the exponentials
// themselves (1 ulp each), sums[2] = sum of those times |beta| (max - key), both in units of 2^(sums[5] - 900).
// sums[3] = the number of x at max, whose own exponential is sums[4] 2^sums[5]. If e is given, e[i] = the exponential
// of x[i] in units of 2^sums[5]. max is finite, no key is NaN or above it, -Infinity counts as 0. The anchor is 0, or
// max where |beta max| is beyond 2^40.
template <class V>
void anchored_rest(const typename V::Scalar* x, double* e, std::size_t n, typename V::Scalar max, double anchor,
                   double beta, double* sums) {
  with_scaling<F64>(anchor, beta, [=](const auto scaling) {
    AnchoredRest rest(scaling, static_cast<double>(max), beta);
    double xs[kGroup];
    for (std::size_t i = 0; i < n; i += kGroup) {
      const std::size_t count = n - i < kGroup ? n - i : kGroup;
      const double* from = count == kGroup ? wide_group<V>(x + i, xs) : xs;
      if (count < kGroup) widen_group(x + i, count, beta < 0 ? __builtin_inf() : -__builtin_inf(), xs);
      if (e == nullptr) {
        rest.template add<false>(from, nullptr);
      } else if (count == kGroup) {
        rest.template add<true>(from, e + i);
      } else {
        rest.template add<true>(from, xs);
        for (std::size_t j = 0; j < count; ++j) e[i + j] = xs[j];
      }
    }
    rest.write(sums);
  });
}

// sums[j] += sum over i < count of weight[i] rows[i * n + j], in float64, in the order of the rows. A row of weight 0
// takes no part, whatever it holds.
template <class V>
void add_weighted_rows(const typename V::Scalar* rows, const double* weight, std::size_t count, std::size_t n,
                       double* sums) {
  // Columns of a cache line or two, which are then read once.
  constexpr std::size_t kColumns = 2 * V::kLanes, kParts = 2 * V::kWideParts;
  const V zero = V::broadcast(0);
  for (std::size_t j = 0; j < n; j += kColumns) {
    const std::size_t columns = n - j < kColumns ? n - j : kColumns;
    double line[kColumns];
    for (std::size_t l = 0; l < kColumns; ++l) line[l] = l < columns ? sums[j + l] : 0;
    F64 sum[kParts];
    for (std::size_t p = 0; p < kParts; ++p) sum[p] = F64::load(line + p * F64::kLanes);
    for (std::size_t i = 0; i < count; ++i) {
      if (weight[i] == 0) continue;
      const F64 w = F64::broadcast(weight[i]);
      for (std::size_t v = 0; v < 2 && v * V::kLanes < columns; ++v) {
        const auto* from = rows + i * n + j + v * V::kLanes;
        const std::size_t left = columns - v * V::kLanes;
        const V row = left >= V::kLanes ? V::load(from) : V::load_partial(from, left, zero);
        const std::size_t part = v * V::kWideParts;
        sum[part] = F64::fma(w, row.template widen<0>(), sum[part]);
        if constexpr (V::kWideParts == 2) sum[part + 1] = F64::fma(w, row.template widen<1>(), sum[part + 1]);
      }
    }
    for (std::size_t p = 0; p < kParts; ++p) sum[p].store(line + p * F64::kLanes);
    for (std::size_t l = 0; l < columns; ++l) sums[j + l] = line[l];
  }
}

}  // namespace softmax_native::SOFTMAX_ISA
