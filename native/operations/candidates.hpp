// The loss of a linear layer's rows against targets and sampled candidates, and its gradients: of the classes that take
// part alone. lib/candidate-calls.ts says what is what.
#pragma once

#include "call.hpp"

namespace softmax_native {

template <class T>
struct CandidateLayer {
  const T *hidden, *weight, *bias;  // [rows, depth], [classes, depth], [classes] or nullptr
  std::size_t rows, classes, depth;
};

struct CandidateOptions {
  bool logistic, without_hits;
  double factor;  // of the gradients
};

struct Candidates {
  const std::int32_t* ids;  // [count] the classes that take part
  std::size_t count;
  const std::int32_t* targets;  // [rows, several], positions in ids
  std::size_t several;
  const std::int32_t* drawn;  // [n] or, where each row has its own, [rows, n]; positions in ids
  std::size_t n;
  bool own;
  const double *target_correction, *drawn_correction;  // subtracted from the scores
  const double* log_partition;                         // [rows], likewise; nullptr = none
};

template <class T>
struct CandidateResult {
  T* losses;                  // [rows]
  T *hidden, *weight, *bias;  // gradients: [rows, depth], [count, depth], [count] or nullptr
  double* reports;            // [rows, 4]: as in lib/candidate-calls.ts
};

template <class T>
Outcome candidate_loss(const CandidateLayer<T>& layer, const Candidates& candidates, const CandidateOptions& options,
                       const CandidateResult<T>& result);

}  // namespace softmax_native
