// Training a linear layer on targets and sampled candidates, with the table that its hidden vectors come from.
// Candidates are the same for a whole minibatch, and given; or an example's own, drawn on the way.
// lib/candidate-calls.ts says what is what. The loss is the sum over the examples, each before it was learnt.
#pragma once

#include "../random/alias.hpp"
#include "training.hpp"

namespace softmax_native {

// The parameters, which are changed in place.
template <class T>
struct TrainedLayer {
  T *weight, *bias;  // [classes, depth], [classes] or nullptr
  // The log partition as a parameter: of each context, of which contexts[example] is one, or where that is nullptr the
  // one of all; nullptr = the number below.
  T* log_partition;
  const std::int32_t* contexts;
  double fixed_log_partition;
  double rate;
  bool logistic, without_hits;

  T* partition_of(std::size_t example) const {
    if (log_partition == nullptr) return nullptr;
    return log_partition + (contexts == nullptr ? 0 : contexts[example]);
  }
};

// Candidates of each minibatch: [batches, n]; what is subtracted from their scores, and from those of the targets.
struct SharedCandidates {
  const std::int32_t* drawn;
  std::size_t n;
  const double *drawn_correction, *target_correction;
  // To what the gradient of an example in its scores is scaled down where its magnitudes sum to more; Infinity = never.
  double score_gradient_limit;
};

template <class T>
Outcome train_shared_candidates(const Examples<T>& examples, const std::int32_t* targets, std::size_t batch,
                                std::size_t threads, const TrainedLayer<T>& layer, const SharedCandidates& candidates,
                                double* loss);

// What is subtracted from the score of a target: nothing, as much as from a candidate, or what makes the candidates
// that are not the target draws from the other classes.
enum class TargetCorrection { kNone, kCount, kNegatives };

struct OwnCandidates {
  AliasTable table;
  std::uint64_t seed;
  std::size_t n;
  // Subtracted from scores: of each class, or where `one_count` the one of all; nullptr = nothing.
  const double* log_counts;
  bool one_count;
  TargetCorrection target;
  // Whether consecutive examples of one target share candidates, and see the same parameters.
  bool window;
};

// The candidates of an example are drawn from the stream of `seed` that its number is; those of a window from that of
// its first example. Ranges of examples run side by side, as in training.hpp.
template <class T>
Outcome train_own_candidates(const Examples<T>& examples, const std::int32_t* targets, std::size_t batch,
                             std::size_t ranges, const TrainedLayer<T>& layer, const OwnCandidates& candidates,
                             double* loss);

}  // namespace softmax_native
