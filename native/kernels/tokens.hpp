// Passes over the tokens of a row from which one is to be drawn: their weights w = e^x, x = size (key - max), what part
// of them a filter keeps, and the sums of that. All of it in float64, whatever the type of the keys.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// A group of `count` <= 64 elements as float64, a shorter one filled up with -Infinity: where it stands, or in `wide`.
template <class V>
SOFTMAX_INLINE const double* token_group(const typename V::Scalar* x, std::size_t count, double* wide) {
  if (count == kGroup) return wide_group<V>(x, wide);
  widen_group(x, count, -__builtin_inf(), wide);
  return wide;
}

inline void copy_group(const double* from, double* to, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
}

// The sum of weights without those at x = 0, how many those are, and the sum of w x.
class TokenSums {
 public:
  // Four weights and their x, vectors first + k * stride of a group. Where w = 0, x may be -Infinity.
  SOFTMAX_INLINE Four<F64> terms(std::size_t first, std::size_t stride, const Four<F64>& x, const Four<F64>& w) {
    const F64 zero = F64::broadcast(0), floor = F64::broadcast(Exp<F64>::kZero);
    return each<F64>([&](int k) SOFTMAX_INLINE_LAMBDA {
      const auto at_max = x.v[k] == zero;
      moment_.add(first + static_cast<std::size_t>(k) * stride, w.v[k], F64::max(x.v[k], floor));
      maxima_ += count_lanes(F64::lanes_of(at_max) & F64::lanes_of(zero < w.v[k]));
      return F64(F64::zero_where(at_max, w.v[k]));
    });
  }
  // The same where no x is 0, and each above the least that exp_normal takes.
  SOFTMAX_INLINE Four<F64> terms_below(std::size_t first, std::size_t stride, const Four<F64>& x, const Four<F64>& w) {
    for (std::size_t k = 0; k < 4; ++k) moment_.add(first + k * stride, w.v[k], x.v[k]);
    return w;
  }
  template <class Terms>
  SOFTMAX_INLINE void add(const Terms& terms) {
    below_.add(terms);
  }

  void write(double* sums) const {
    sums[0] = below_.total();
    sums[1] = maxima_;
    sums[2] = moment_.total();
  }

 private:
  GroupSum<F64> below_;
  LaneSum moment_;
  double maxima_ = 0;
};

// x[i] = size (keys[i] - max), w[i] = e^x[i], but 0 where x[i] < least. sums[0] = sum of w[i] over x[i] < 0, sums[1] =
// how many x[i] are 0, sums[2] = sum of w[i] x[i]. max is finite and no key above it, size positive and finite.
// Exponentials as exp.
template <class V>
void token_weights(const typename V::Scalar* keys, double* x, double* w, std::size_t n, double max, double size,
                   double least, double* sums) {
  const F64 top = F64::broadcast(max), factor = F64::broadcast(size), bound = F64::broadcast(least);
  const F64 zero = F64::broadcast(0), normal = F64::max(bound, F64::broadcast(Exp<F64>::kNormalMin));
  TokenSums all;
  double wide[kGroup], last_x[kGroup], last_w[kGroup];
  for (std::size_t i = 0; i < n; i += kGroup) {
    const std::size_t count = n - i < kGroup ? n - i : kGroup;
    const double* from = token_group<V>(keys + i, count, wide);
    double* const to_x = count == kGroup ? x + i : last_x;
    double* const to_w = count == kGroup ? w + i : last_w;
    F64 smallest = zero, greatest = F64::broadcast(-__builtin_inf());
    for (std::size_t v = 0; v < kGroupVectors<F64>; ++v) {
      const F64 below = factor * (F64::load(from + v * F64::kLanes) - top);
      below.store(to_x + v * F64::kLanes);
      smallest = F64::min(below, smallest);
      greatest = F64::max(below, greatest);
    }
    const auto four = [=](std::size_t first, std::size_t stride) SOFTMAX_INLINE_LAMBDA {
      return each<F64>([=](int k) SOFTMAX_INLINE_LAMBDA {
        return F64::load(to_x + (first + static_cast<std::size_t>(k) * stride) * F64::kLanes);
      });
    };
    const auto keep = [=](std::size_t first, std::size_t stride, const Four<F64>& e) SOFTMAX_INLINE_LAMBDA {
      for (std::size_t k = 0; k < 4; ++k) e.v[k].store(to_w + (first + k * stride) * F64::kLanes);
    };
    if (!F64::any(smallest < normal) && !F64::any(greatest == zero)) {
      all.add([&](std::size_t first, std::size_t stride) SOFTMAX_INLINE_LAMBDA {
        const Four<F64> p = four(first, stride), e = exp_normal<Fused>(p, NoCorrection{});
        keep(first, stride, e);
        return all.terms_below(first, stride, p, e);
      });
    } else {
      all.add([&](std::size_t first, std::size_t stride) {
        const Four<F64> p = four(first, stride);
        Four<F64> e = exp_any<Fused>(p, NoCorrection{});
        e = each<F64>([&](int k) { return F64(F64::zero_where(p.v[k] < bound, e.v[k])); });
        keep(first, stride, e);
        return all.terms(first, stride, p, e);
      });
    }
    if (count == kGroup) continue;
    copy_group(last_x, x + i, count);
    copy_group(last_w, w + i, count);
  }
  all.write(sums);
}

// w[i] = 0 where scores[i] <= bound; sums of what is left, as token_weights.
template <class V>
void kept_weights(const typename V::Scalar* scores, const typename V::Scalar* x, double* w, std::size_t n,
                  typename V::Scalar bound, double* sums) {
  const F64 least = F64::broadcast(static_cast<double>(bound));
  TokenSums kept;
  double wide[kGroup], wide_x[kGroup], last[kGroup];
  for (std::size_t i = 0; i < n; i += kGroup) {
    const std::size_t count = n - i < kGroup ? n - i : kGroup;
    const double *score = token_group<V>(scores + i, count, wide), *p = token_group<V>(x + i, count, wide_x);
    double* const weight = count == kGroup ? w + i : last;
    if (count < kGroup) widen_group(w + i, count, 0, last);
    kept.add([&](std::size_t first, std::size_t stride) SOFTMAX_INLINE_LAMBDA {
      const auto at = [=](int k) { return (first + static_cast<std::size_t>(k) * stride) * F64::kLanes; };
      const Four<F64> e = each<F64>([&](int k) SOFTMAX_INLINE_LAMBDA {
        return F64(F64::keep_where(least < F64::load(score + at(k)), F64::load(weight + at(k))));
      });
      for (int k = 0; k < 4; ++k) e.v[k].store(weight + at(k));
      return kept.terms(first, stride, each<F64>([&](int k) { return F64::load(p + at(k)); }), e);
    });
    if (count < kGroup) copy_group(last, w + i, count);
  }
  kept.write(sums);
}

// The sum of w[i] over scores[i] > bound.
template <class V>
double weight_above(const typename V::Scalar* scores, const double* w, std::size_t n, typename V::Scalar bound) {
  const F64 least = F64::broadcast(static_cast<double>(bound));
  GroupSum<F64> sum;
  double wide[kGroup], last[kGroup];
  for (std::size_t i = 0; i < n; i += kGroup) {
    const std::size_t count = n - i < kGroup ? n - i : kGroup;
    const double* score = token_group<V>(scores + i, count, wide);
    const double* weight = count == kGroup ? w + i : last;
    if (count < kGroup) widen_group(w + i, count, 0, last);
    sum.add([=](std::size_t first, std::size_t stride) SOFTMAX_INLINE_LAMBDA {
      return each<F64>([=](int k) SOFTMAX_INLINE_LAMBDA {
        const std::size_t at = (first + static_cast<std::size_t>(k) * stride) * F64::kLanes;
        return F64(F64::keep_where(least < F64::load(score + at), F64::load(weight + at)));
      });
    });
  }
  return sum.total();
}

// out[i] = -|log - x[i] - entropy|, how far the surprise is from what is expected; -Infinity where w[i] = 0.
template <class V>
void typical_scores(const typename V::Scalar* x, const double* w, double* out, std::size_t n, double log,
                    double entropy) {
  const F64 total = F64::broadcast(log), expected = F64::broadcast(entropy), zero = F64::broadcast(0);
  const F64 none = F64::broadcast(-__builtin_inf());
  double wide[kGroup], weights[kGroup], last[kGroup];
  for (std::size_t i = 0; i < n; i += kGroup) {
    const std::size_t count = n - i < kGroup ? n - i : kGroup;
    const double* from = token_group<V>(x + i, count, wide);
    const double* weight = count == kGroup ? w + i : weights;
    if (count < kGroup) widen_group(w + i, count, 0, weights);
    double* const to = count == kGroup ? out + i : last;
    for (std::size_t at = 0; at < kGroup; at += F64::kLanes) {
      const F64 gap = (total - F64::load(from + at)) - expected;
      const F64 score = F64::min(gap, zero - gap);
      F64(F64::select(F64::load(weight + at) == zero, none, score)).store(to + at);
    }
    if (count < kGroup) copy_group(last, out + i, count);
  }
}

// How many x[i] > bound.
template <class V>
std::size_t count_above(const typename V::Scalar* x, std::size_t n, typename V::Scalar bound) {
  // The lanes count in elements, which do so exactly for as long as a part of the row is.
  constexpr std::size_t kPart = std::size_t{1} << 20;
  const V least = V::broadcast(bound), one = V::broadcast(1);
  std::size_t count = 0;
  for (std::size_t start = 0; start < n; start += kPart) {
    const std::size_t end = n - start < kPart ? n : start + kPart;
    V counts = V::broadcast(0);
    for (std::size_t i = start; i < end; i += V::kLanes) {
      const V v = end - i >= V::kLanes ? V::load(x + i) : V::load_partial(x + i, end - i, least);
      counts = counts + V::keep_where(least < v, one);
    }
    typename V::Scalar lanes[V::kLanes];
    counts.store(lanes);
    for (const auto lane : lanes) count += static_cast<std::size_t>(lane);
  }
  return count;
}

// The i for which low < x[i] <= high, ascending, to `ids`; how many they are.
template <class V>
std::size_t find_between(const typename V::Scalar* x, std::size_t n, typename V::Scalar low, typename V::Scalar high,
                         std::int32_t* ids) {
  const V least = V::broadcast(low), most = V::broadcast(high);
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; i += V::kLanes) {
    const V v = n - i >= V::kLanes ? V::load(x + i) : V::load_partial(x + i, n - i, least);
    unsigned lanes = V::lanes_of(least < v) & ~V::lanes_of(most < v);
    for (; lanes != 0; lanes &= lanes - 1) {
      ids[count++] = static_cast<std::int32_t>(i + static_cast<std::size_t>(__builtin_ctz(lanes)));
    }
  }
  return count;
}

}  // namespace softmax_native::SOFTMAX_ISA
