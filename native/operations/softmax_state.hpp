// What a mergeable state of softmax learns of a run of logits: the maximum, the sum of exponentials beside it, the best
// logits, and values weighted by the exponentials. lib/addressing/mass.ts merges such sums.
//
// The merge is that of online softmax (Milakov and Gimelshein 2018), but in units that do not depend on the maxima:
// kernels/anchored_rest.hpp.
#pragma once

#include "call.hpp"

namespace softmax_native {

// Fields of the result, all of them doubles.
enum StateField : std::size_t {
  kStateMax = 0,  // the greatest key; NaN if there is a NaN
  kStateFirst,    // the first index of it, or of a NaN
  kStateSharers,  // how many share the mass where a limit decides (limits.hpp), else how many are at the maximum
  kStateHigh,     // the rest, an unevaluated sum of two
  kStateLow,
  kStateGap,       // the rest's gaps: sum e |beta| (max - key)
  kStateMantissa,  // of the exponential of the maximum
  kStateExponent,
  kStateAnchor,
  kStateInfinite,  // 1 where beta = 0, the rule is 'ieee' and a logit is infinite
  kStateFields
};

template <class T>
struct StateWanted {
  // The ids of the k <= n greatest keys, best first, of equals the lower one, and their logits.
  std::size_t k;
  std::int32_t* ids;
  double* best;
  // [n, width], and where their weighted sums go, in units of 2^exponent; where a limit decides, sums over the sharers.
  std::size_t width;
  const T* values;
  double* value_sums;
};

// Of one row of n > 0 contiguous logits without a mask.
template <class T>
Outcome softmax_state(const Logits<T>& logits, const StateWanted<T>& wanted, double* fields);

// out[i] = e^(|beta| (key_i - max) - log_total): probabilities beside a state of that maximum (a finite key). beta is
// finite and not 0; NaN stays.
template <class T>
Outcome state_probabilities(const Logits<T>& logits, double max, double log_total, T* out);

}  // namespace softmax_native
