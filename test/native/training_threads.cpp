// Training with several threads. A minibatch that shares its candidates is learnt with the same bits by any number of
// threads. Ranges of examples that run side by side update parameters without locks, and where they meet an update may
// be lost (native/operations/training.hpp): here they do not meet, so that they must come out as one range does, and
// the thread sanitizer sees whether they share anything but parameters.
#include <algorithm>
#include <cmath>
#include <vector>

#include "../../native/operations/train_candidates.hpp"
#include "../../native/operations/tree.hpp"
#include "../../native/parallel/pool.hpp"
#include "distributions.hpp"
#include "memory.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

constexpr double kInfinity = __builtin_inf();

template <class T>
std::vector<T> normal(Random& random, std::size_t n) {
  std::vector<T> values(n);
  for (T& value : values) value = static_cast<T>(random.normal());
  return values;
}

std::vector<std::int32_t> ids_below(Random& random, std::size_t n, std::size_t count) {
  std::vector<std::int32_t> ids(count);
  for (std::int32_t& id : ids) id = static_cast<std::int32_t>(random.below(n));
  return ids;
}

// The ids 0, 1, 2, ...
std::vector<std::int32_t> each_once(std::size_t count) {
  std::vector<std::int32_t> ids(count);
  for (std::size_t i = 0; i < count; ++i) ids[i] = static_cast<std::int32_t>(i);
  return ids;
}

// What is trained, and the loss.
template <class T>
struct Trained {
  std::vector<T> table, weight, bias, partition;
  double loss = 0;

  bool same_parameters(const Trained& other) const {
    const auto same = [](const std::vector<T>& a, const std::vector<T>& b) {
      return first_difference(a.data(), b.data(), a.size()) == a.size();
    };
    return same(table, other.table) && same(weight, other.weight) && same(bias, other.bias) &&
           same(partition, other.partition);
  }
};

// Examples of bags that meet everywhere.
template <class T>
void share_candidates() {
  constexpr std::size_t kDim = 19, kTable = 30, kClasses = 300, kExamples = 200, kBatch = 64, kCandidates = 70;
  constexpr std::size_t kBatches = (kExamples + kBatch - 1) / kBatch;
  Random random(seed());
  std::vector<std::int32_t> offsets{0};
  for (std::size_t k = 0; k < kExamples; ++k) offsets.push_back(offsets.back() + 1 + static_cast<std::int32_t>(k % 3));
  const std::vector<std::int32_t> rows = ids_below(random, kTable, static_cast<std::size_t>(offsets.back()));
  const std::vector<std::int32_t> targets = ids_below(random, kClasses, kExamples);
  const std::vector<std::int32_t> drawn = ids_below(random, kClasses, kBatches * kCandidates);
  const std::vector<double> correction = normal<double>(random, kBatches * kCandidates);
  const std::vector<double> of_targets = normal<double>(random, kExamples);
  const Trained<T> before{
      normal<T>(random, kTable * kDim), normal<T>(random, kClasses * kDim), normal<T>(random, kClasses), {T(1)}};
  for (const bool logistic : {false, true}) {
    const auto train_by = [&](std::size_t threads) {
      Pool::shared().set_threads(threads);
      Trained<T> now = before;
      const Examples<T> examples{now.table.data(), kDim, rows.data(), offsets.data(), kExamples, 0.05};
      const TrainedLayer<T> layer{
          now.weight.data(), now.bias.data(), now.partition.data(), nullptr, 0, 0.1, logistic, true};
      const SharedCandidates candidates{drawn.data(), kCandidates, correction.data(), of_targets.data(), kInfinity};
      CHECK(train_shared_candidates(examples, targets.data(), kBatch, threads, layer, candidates, &now.loss).status ==
            Status::kOk);
      return now;
    };
    const Trained<T> wanted = train_by(1);
    CHECK(std::isfinite(wanted.loss) && !wanted.same_parameters(before));
    for (const std::size_t threads : {2, 3, 4}) {
      const Trained<T> found = train_by(threads);
      CHECK(found.loss == wanted.loss && found.same_parameters(wanted));
    }
  }
  Pool::shared().set_threads(0);
}
TEST(shared_candidates_float32) { share_candidates<float>(); }
TEST(shared_candidates_float64) { share_candidates<double>(); }

// The least seed with which these examples draw candidates that are neither targets nor another's candidates.
std::uint64_t seed_of_strangers(const AliasTable& table, std::size_t classes, std::size_t examples, std::size_t n) {
  for (std::uint64_t seed = 0;; ++seed) {
    std::vector<bool> taken(classes);
    std::fill_n(taken.begin(), examples, true);
    bool meet = false;
    for (std::size_t k = 0; k < examples; ++k) {
      Philox random(seed, k);
      for (std::size_t c = 0; c < n; ++c) {
        const auto id = static_cast<std::size_t>(table.draw(random));
        meet = meet || taken[id];
        taken[id] = true;
      }
    }
    if (!meet) return seed;
  }
}

// Each example has a row, a target, a context and candidates of its own; the rows are so long that threads are awake
// before all is done.
template <class T>
void draw_own_candidates() {
  constexpr std::size_t kDim = 20000, kClasses = 400, kExamples = 8, kCandidates = 3;
  Random random(seed());
  const std::vector<std::int32_t> own = each_once(kExamples);
  const double log_count = std::log(double{kCandidates} / kClasses);
  const AliasTable table(kClasses, nullptr, nullptr, 0, &log_count);
  const std::uint64_t drawing = seed_of_strangers(table, kClasses, kExamples, kCandidates);
  const Trained<T> before{normal<T>(random, kExamples * kDim), std::vector<T>(kClasses * kDim, T(0x1p-10)),
                          std::vector<T>(kClasses, T(0.25)), std::vector<T>(kExamples, T(-1))};
  for (const bool logistic : {false, true}) {
    const auto train_by = [&](std::size_t ranges) {
      Trained<T> now = before;
      const Examples<T> examples{now.table.data(), kDim, own.data(), nullptr, kExamples, 0.05};
      const TrainedLayer<T> layer{
          now.weight.data(), now.bias.data(), now.partition.data(), own.data(), 0, 0.1, logistic, true};
      const OwnCandidates candidates{table, drawing, kCandidates, &log_count, true, TargetCorrection::kCount, false};
      CHECK(train_own_candidates(examples, own.data(), 1, ranges, layer, candidates, &now.loss).status == Status::kOk);
      return now;
    };
    const Trained<T> wanted = train_by(1);
    CHECK(!wanted.same_parameters(before));
    for (const std::size_t ranges : {2, 3, 4}) {
      const Trained<T> found = train_by(ranges);
      CHECK(std::fabs(found.loss - wanted.loss) <= 1e-9 * wanted.loss && found.same_parameters(wanted));
    }
  }
}
TEST(ranges_with_candidates_of_their_own_float32) { draw_own_candidates<float>(); }
TEST(ranges_with_candidates_of_their_own_float64) { draw_own_candidates<double>(); }

// A balanced tree of so few nodes that each range has copies of all of them, which are merged under a lock. Each
// example has a row of its own; with a rate of 0 the tree stays, and so the rows come out as with one range.
template <class T>
void merge_copies() {
  constexpr std::size_t kDim = 5, kDepth = 7, kClasses = 1 << kDepth, kInner = kClasses - 1, kExamples = 3000;
  std::vector<std::int32_t> offsets{0}, nodes, children;
  std::vector<std::uint8_t> bits;
  for (std::size_t id = 0; id < kClasses; ++id) {
    std::size_t node = 1;
    for (std::size_t level = kDepth; level-- > 0;) {
      nodes.push_back(static_cast<std::int32_t>(node - 1));
      bits.push_back(static_cast<std::uint8_t>(id >> level & 1));
      node = 2 * node + bits.back();
    }
    offsets.push_back(static_cast<std::int32_t>(nodes.size()));
  }
  for (std::size_t child = 2; child < 2 * kClasses; ++child) {
    const auto place = static_cast<std::int32_t>(child < kClasses ? child - 1 : child - kClasses);
    children.push_back(child < kClasses ? ~place : place);
  }
  const CodeTree tree{kClasses, kInner, kDepth, offsets.data(), nodes.data(), bits.data(), children.data(), ~0};
  Random random(seed());
  const std::vector<std::int32_t> own = each_once(kExamples), targets = ids_below(random, kClasses, kExamples);
  const Trained<T> before{normal<T>(random, kExamples * kDim), normal<T>(random, kInner * kDim), {}, {}};
  const auto train_by = [&](std::size_t ranges, double rate) {
    Trained<T> now = before;
    const Examples<T> examples{now.table.data(), kDim, own.data(), nullptr, kExamples, 0.05};
    const TreeLayer<T> layer{tree, kDim, now.weight.data(), nullptr};
    CHECK(train_tree(layer, examples, targets.data(), rate, 8, ranges, &now.loss).status == Status::kOk);
    return now;
  };
  const Trained<T> wanted = train_by(1, 0);
  CHECK(wanted.table != before.table && wanted.weight == before.weight);
  for (const std::size_t ranges : {2, 3, 4}) {
    const Trained<T> found = train_by(ranges, 0);
    CHECK(std::fabs(found.loss - wanted.loss) <= 1e-9 * wanted.loss && found.same_parameters(wanted));
    CHECK(train_by(ranges, 0.01).loss < wanted.loss);
  }
}
TEST(ranges_of_a_tree_float32) { merge_copies<float>(); }
TEST(ranges_of_a_tree_float64) { merge_copies<double>(); }

}  // namespace
}  // namespace softmax_native::test
