// Ids, rows, offsets and contexts are the library's own copies, checked in lib/layers; an alias table names no class
// but its own.
#include "../operations/train_candidates.hpp"
#include "candidates.hpp"

namespace softmax_native {
namespace {

enum Position : std::size_t {
  kTable = 0,
  kWeight = 3,
  kBias,
  kRows,
  kOffsets,
  kTargets,
  kLogPartition,
  kContexts,
  // Shared candidates.
  kDrawn,
  kDrawnCorrection,
  kTargetCorrection,
  // Candidates of an example's own.
  kThresholds = kDrawn,
  kAliases,
  kLogCounts,
};

enum Number : std::size_t {
  kLoss = 0,  // out
  kDepth = 0,
  kRate,
  kTableRate,
  kBatch,
  kTableSize,
  kNamed,
  kClasses,
  kPartitions,
  kFixedPartition,
  kChoices,
  kThreads,
  // Shared candidates.
  kScoreGradientLimit,
  // Candidates of an example's own.
  kSeedLow = kScoreGradientLimit,
  kSeedHigh,
  kColumns,
};

enum Choice : unsigned { kLogistic = 1, kWithoutHits = 2, kWindow = 4, kCorrectsByCount = 8, kCorrectsByOthers = 16 };

unsigned choices_of(Arguments& arguments) { return static_cast<unsigned>(arguments.number(kChoices)); }

// What is trained; the layout's outer is the examples, its n the candidates of each.
template <class T>
struct Trained {
  Examples<T> examples{};
  TrainedLayer<T> layer{};
  const std::int32_t* targets = nullptr;
  std::size_t classes = 0, batch = 0, threads = 0;
};

template <class T>
bool read_trained(Arguments& arguments, Trained<T>* trained) {
  Examples<T>& examples = trained->examples;
  TrainedLayer<T>& layer = trained->layer;
  const std::size_t count = examples.count = arguments.layout().outer;
  std::size_t size, named, partitions;
  if (!arguments.depth(kDepth, &examples.dim) || !arguments.count(kTableSize, examples.dim, &size) ||
      !arguments.count(kClasses, examples.dim, &trained->classes) || !arguments.count(kNamed, 1, &named) ||
      !arguments.count(kBatch, 1, &trained->batch) || !arguments.count(kPartitions, 1, &partitions) ||
      !arguments.count(kThreads, 1, &trained->threads)) {
    return false;
  }
  if (trained->batch == 0 || trained->threads == 0 || trained->threads > Pool::kMaxThreads) return arguments.refuse();
  examples.table = arguments.output<T>(kTable, size * examples.dim, 0);
  examples.table_rate = arguments.number(kTableRate);
  examples.rows = arguments.input<std::int32_t>(kRows, named);
  if (arguments.has(kOffsets)) examples.offsets = arguments.input<std::int32_t>(kOffsets, count + 1);
  trained->targets = arguments.input<std::int32_t>(kTargets, count);
  layer.weight = arguments.output<T>(kWeight, trained->classes * examples.dim, 0);
  if (arguments.has(kBias)) layer.bias = arguments.output<T>(kBias, trained->classes, 0);
  if (arguments.has(kLogPartition)) layer.log_partition = arguments.output<T>(kLogPartition, partitions, 0);
  if (arguments.has(kContexts)) layer.contexts = arguments.input<std::int32_t>(kContexts, count);
  layer.fixed_log_partition = arguments.number(kFixedPartition);
  layer.rate = arguments.number(kRate);
  layer.logistic = (choices_of(arguments) & kLogistic) != 0;
  layer.without_hits = (choices_of(arguments) & kWithoutHits) != 0;
  return arguments.ok();
}

}  // namespace

void train_shared_candidates_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    Trained<T> trained;
    if (!read_trained(arguments, &trained)) return;
    const std::size_t count = trained.examples.count, n = arguments.layout().n;
    const std::size_t drawn = divide_up(count, trained.batch) * n;
    SharedCandidates candidates{nullptr, n, nullptr, nullptr, arguments.number(kScoreGradientLimit)};
    candidates.drawn = arguments.input<std::int32_t>(kDrawn, drawn);
    candidates.drawn_correction = arguments.input<double>(kDrawnCorrection, drawn);
    candidates.target_correction = arguments.input<double>(kTargetCorrection, count);
    if (!arguments.ok()) return;
    double loss = 0;
    arguments.finish(train_shared_candidates(trained.examples, trained.targets, trained.batch, trained.threads,
                                             trained.layer, candidates, &loss));
    arguments.number(kLoss) = loss;
  });
}

void train_own_candidates_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    Trained<T> trained;
    std::size_t columns, low, high;
    if (!read_trained(arguments, &trained) || !arguments.count(kColumns, 1, &columns) ||
        !arguments.count(kSeedLow, 1, &low) || !arguments.count(kSeedHigh, 1, &high)) {
      return;
    }
    const double* thresholds = columns == 0 ? nullptr : arguments.input<double>(kThresholds, columns);
    const std::int32_t* aliases = columns == 0 ? nullptr : arguments.input<std::int32_t>(kAliases, columns);
    const bool one_count = columns == 0;
    const double* log_counts = nullptr;
    if (arguments.has(kLogCounts)) log_counts = arguments.input<double>(kLogCounts, one_count ? 1 : trained.classes);
    if (!arguments.ok()) return;
    const unsigned choices = choices_of(arguments);
    const TargetCorrection correction = (choices & kCorrectsByCount) != 0    ? TargetCorrection::kCount
                                        : (choices & kCorrectsByOthers) != 0 ? TargetCorrection::kNegatives
                                                                             : TargetCorrection::kNone;
    const AliasTable table(static_cast<std::int64_t>(trained.classes), thresholds, aliases, columns, log_counts);
    const std::uint64_t seed = std::uint64_t{high} << 32 | low;
    const OwnCandidates candidates{table,     seed,       arguments.layout().n,    log_counts,
                                   one_count, correction, (choices & kWindow) != 0};
    double loss = 0;
    arguments.finish(train_own_candidates(trained.examples, trained.targets, trained.batch, trained.threads,
                                          trained.layer, candidates, &loss));
    arguments.number(kLoss) = loss;
  });
}

}  // namespace softmax_native
