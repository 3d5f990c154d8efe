// Tokens drawn from rows of logits: bias, penalties and filters in a given order, then draws. The definitions, and what
// decides, stand in lib/reference/sample.ts, which draws the same tokens. The vocabulary is never sorted.
#pragma once

#include "half_precision.hpp"

namespace softmax_native {

enum class Stage : unsigned { kNone, kBias, kPenalties, kTemperature, kMinP, kTopK, kTopP, kTypicalP };

// All checked; what is drawn for row r stands at r in each of the arrays.
template <class T>
struct Sampling {
  Logits<T> logits;  // rows of the last axis, without data; beta is that of kTemperature
  Source<T> source;
  std::uint64_t stages;  // three bits each, the first lowest
  std::size_t top_k;
  double top_p, least_log, typical_p;
  double repetition, presence, frequency;
  bool keeps_ties, replace;
  std::size_t count, top;
  const double* uniforms;       // [rows, count]
  const std::int32_t* allowed;  // bits, [words] or [rows, words]; nullptr = all
  std::size_t allowed_stride;
  const std::int32_t* history;  // nullptr = none
  const std::int32_t* offsets;
  std::size_t history_length;
  const std::int32_t* bias_ids;
  const double* biases;
  std::size_t bias_count;
  // [rows, count + top]: drawn ids, -1 for a row with NaN, -2 where there is nothing left to draw; then the best ones.
  std::int32_t* ids;
  // [rows, 2 (count + top) + 3]: log-probabilities of those after all stages, the same before them; how many are kept,
  // their mass, the entropy.
  double* values;

  std::size_t width() const { return count + top; }
};

template <class T>
Outcome sample_tokens(const Sampling<T>& sampling);

}  // namespace softmax_native
