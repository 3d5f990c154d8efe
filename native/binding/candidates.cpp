#include "candidates.hpp"

#include "../operations/candidates.hpp"

namespace softmax_native {
namespace {

enum Position : std::size_t {
  kHidden,
  kLosses,
  kHiddenGradient,
  kWeight,
  kBias,
  kIds,
  kTargets,
  kDrawn,
  kTargetCorrection,
  kDrawnCorrection,
  kLogPartition,
  kWeightGradient,
  kBiasGradient,
  kReports,
};

enum Number : std::size_t { kDepthOf, kClasses, kIdCount, kSeveral, kChoices, kFactor };

enum Choice : unsigned { kLogistic = 1, kWithoutHits = 2, kOwn = 4 };

}  // namespace

void candidate_loss_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const std::size_t rows = arguments.layout().outer, n = arguments.layout().n;
    const unsigned choices = static_cast<unsigned>(arguments.number(kChoices));
    CandidateLayer<T> layer{nullptr, nullptr, nullptr, rows, 0, 0};
    Candidates candidates{};
    if (!arguments.depth(kDepthOf, &layer.depth) || !arguments.depth(kSeveral, &candidates.several) ||
        !arguments.count(kClasses, layer.depth, &layer.classes) ||
        !arguments.count(kIdCount, layer.depth, &candidates.count)) {
      return;
    }
    const std::size_t hidden = rows * layer.depth, targets = rows * candidates.several;
    candidates.n = n;
    candidates.own = (choices & kOwn) != 0;
    const std::size_t drawn = candidates.own ? rows * n : n;
    layer.hidden = arguments.input<T>(kHidden, hidden);
    layer.weight = arguments.input<T>(kWeight, layer.classes * layer.depth);
    if (arguments.has(kBias)) layer.bias = arguments.input<T>(kBias, layer.classes);
    candidates.ids = arguments.input<std::int32_t>(kIds, candidates.count);
    candidates.targets = arguments.input<std::int32_t>(kTargets, targets);
    candidates.drawn = arguments.input<std::int32_t>(kDrawn, drawn);
    candidates.target_correction = arguments.input<double>(kTargetCorrection, targets);
    candidates.drawn_correction = arguments.input<double>(kDrawnCorrection, drawn);
    if (arguments.has(kLogPartition)) candidates.log_partition = arguments.input<double>(kLogPartition, rows);
    CandidateResult<T> result{};
    result.losses = arguments.output<T>(kLosses, rows, 0);
    result.hidden = arguments.output<T>(kHiddenGradient, hidden, 0);
    result.weight = arguments.output<T>(kWeightGradient, candidates.count * layer.depth, 0);
    if (arguments.has(kBiasGradient)) result.bias = arguments.output<T>(kBiasGradient, candidates.count, 0);
    result.reports = arguments.output<double>(kReports, 4 * rows, 0);
    if (!arguments.ok()) return;
    const CandidateOptions options{(choices & kLogistic) != 0, (choices & kWithoutHits) != 0,
                                   arguments.number(kFactor)};
    arguments.finish(candidate_loss(layer, candidates, options, result));
  });
}

}  // namespace softmax_native
