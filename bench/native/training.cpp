// Training on very many classes without JavaScript: 36,000 words by Zipf's law, dimension 100, windows of up to 5
// words, 5 negatives or a Huffman tree; words a second of one thread and two, on each table in turns.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "../../native/operations/train_candidates.hpp"
#include "../../native/operations/tree.hpp"
#include "../../native/parallel/pool.hpp"
#include "kernels.hpp"

namespace bench {
namespace {

using namespace softmax_native;

constexpr std::size_t kClasses = 36000, kDim = 100, kWords = 40000, kWindow = 5, kNegatives = 5, kRounds = 9;
constexpr std::uint64_t kSeed = 5;

std::vector<double> zipf() {
  std::vector<double> counts(kClasses);
  for (std::size_t c = 0; c < kClasses; ++c) counts[c] = 1 / (static_cast<double>(c) + 2.7);
  return counts;
}

std::vector<double> normalized(std::vector<double> weights, double power) {
  double sum = 0;
  for (double& w : weights) sum += w = std::pow(w, power);
  for (double& w : weights) w /= sum;
  return weights;
}

// The arrays of an AliasTable (Vose's order: a column that has too little is filled up from one that has too much).
struct Alias {
  static constexpr std::size_t kColumns = 65536;
  std::vector<double> thresholds;
  std::vector<std::int32_t> aliases;

  explicit Alias(const std::vector<double>& q) : thresholds(kColumns), aliases(kColumns) {
    const double width = static_cast<double>(std::uint64_t{1} << 53) / kColumns;
    std::vector<double> left(kColumns);
    std::vector<std::size_t> small, large;
    for (std::size_t c = 0; c < kColumns; ++c) {
      left[c] = c < q.size() ? q[c] * kColumns : 0;
      thresholds[c] = width;
      aliases[c] = static_cast<std::int32_t>(c);
      (left[c] < 1 ? small : large).push_back(c);
    }
    while (!small.empty() && !large.empty()) {
      const std::size_t poor = small.back(), rich = large.back();
      small.pop_back();
      thresholds[poor] = std::floor(left[poor] * width);
      aliases[poor] = static_cast<std::int32_t>(rich);
      left[rich] -= 1 - left[poor];
      if (left[rich] >= 1) continue;
      large.pop_back();
      small.push_back(rich);
    }
  }

  AliasTable table() const { return {kClasses, thresholds.data(), aliases.data(), kColumns, nullptr}; }
};

// Huffman's code of the words, as lib/layers makes it but for ties.
struct Huffman {
  std::vector<std::int32_t> offsets{0}, nodes, children;
  std::vector<std::uint8_t> bits;
  CodeTree tree{};

  explicit Huffman(const std::vector<double>& counts) : children(2 * (kClasses - 1)) {
    using Root = std::pair<double, std::int32_t>;  // as a child: a class, or the complement of a node
    std::priority_queue<Root, std::vector<Root>, std::greater<Root>> roots;
    for (std::size_t c = 0; c < kClasses; ++c) roots.push({counts[c], static_cast<std::int32_t>(c)});
    std::vector<std::pair<std::int32_t, std::uint8_t>> of_class(kClasses), of_node(kClasses - 1);
    for (std::int32_t node = 0; node < static_cast<std::int32_t>(kClasses) - 1; ++node) {
      double sum = 0;
      for (std::uint8_t bit = 0; bit < 2; ++bit) {
        const auto [count, child] = roots.top();
        roots.pop();
        sum += count;
        children[2 * static_cast<std::size_t>(node) + bit] = child;
        (child < 0 ? of_node[static_cast<std::size_t>(~child)] : of_class[static_cast<std::size_t>(child)]) = {node,
                                                                                                               bit};
      }
      roots.push({sum, ~node});
    }
    const std::int32_t root = static_cast<std::int32_t>(kClasses) - 2;
    std::size_t depth = 0;
    for (std::size_t c = 0; c < kClasses; ++c) {
      const std::size_t begin = nodes.size();
      for (auto at = of_class[c];; at = of_node[static_cast<std::size_t>(at.first)]) {
        nodes.push_back(at.first);
        bits.push_back(at.second);
        if (at.first == root) break;
      }
      std::reverse(nodes.begin() + static_cast<std::ptrdiff_t>(begin), nodes.end());
      std::reverse(bits.begin() + static_cast<std::ptrdiff_t>(begin), bits.end());
      offsets.push_back(static_cast<std::int32_t>(nodes.size()));
      depth = std::max(depth, nodes.size() - begin);
    }
    tree = {kClasses, kClasses - 1, depth, offsets.data(), nodes.data(), bits.data(), children.data(), ~root};
  }
};

// A text, and what is learnt from it: each neighbour of a word predicts it, or all of them together.
struct Text {
  std::vector<std::int32_t> rows, targets, bag_offsets{0}, bag_targets;

  explicit Text(const AliasTable& words) {
    std::vector<std::int32_t> text(kWords);
    Philox random(kSeed, 0);
    for (std::int32_t& word : text) word = words.draw(random);
    for (std::size_t i = 0; i < kWords; ++i) {
      const std::size_t width = 1 + random.below(kWindow);
      for (std::size_t j = i < width ? 0 : i - width; j <= i + width && j < kWords; ++j) {
        if (j == i) continue;
        rows.push_back(text[j]);
        targets.push_back(text[i]);
      }
      bag_targets.push_back(text[i]);
      bag_offsets.push_back(static_cast<std::int32_t>(rows.size()));
    }
  }
};

class Training {
 public:
  Training()
      : counts_(zipf()), words_(normalized(counts_, 1)), noise_(normalized(counts_, 0.75)), huffman_(counts_),
        text_(words_.table()), table_(kClasses * kDim), weight_(kClasses * kDim) {
    Philox random(kSeed, 1);
    for (float& x : table_) x = static_cast<float>((random.uniform() - 0.5) / kDim);
  }

  enum Mode { kPairs = 0, kBags = 1 };

  void tree(Mode mode, std::size_t threads) {
    const TreeLayer<float> layer{huffman_.tree, kDim, weight_.data(), nullptr};
    train_tree(layer, examples(mode), targets(mode), kRate, 1, threads, &loss_);
  }
  void own(Mode mode, bool window, std::size_t threads) {
    const TrainedLayer<float> layer{weight_.data(), nullptr, nullptr, nullptr, 0, kRate, true, false};
    const OwnCandidates drawn{noise_.table(), ++seed_, kNegatives, nullptr, false, TargetCorrection::kNone, window};
    train_own_candidates(examples(mode), targets(mode), window ? 2 * kWindow : 1, threads, layer, drawn, &loss_);
  }
  void forget() { std::fill(weight_.begin(), weight_.end(), 0.0f); }

 private:
  static constexpr double kRate = 0.025;
  const std::vector<double> counts_;
  const Alias words_, noise_;
  const Huffman huffman_;
  const Text text_;
  std::vector<float> table_, weight_;
  std::uint64_t seed_ = 0;
  double loss_ = 0;

  Examples<float> examples(Mode mode) {
    const std::size_t count = mode == kBags ? kWords : text_.targets.size();
    return {table_.data(), kDim, text_.rows.data(), mode == kBags ? text_.bag_offsets.data() : nullptr, count, kRate};
  }
  const std::int32_t* targets(Mode mode) const {
    return mode == kBags ? text_.bag_targets.data() : text_.targets.data();
  }
};

struct Case {
  const char* name;
  std::function<void(Training&, std::size_t)> run;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"skip-gram, hierarchical", [](Training& t, std::size_t n) { t.tree(Training::kPairs, n); }},
      {"skip-gram, 5 negatives", [](Training& t, std::size_t n) { t.own(Training::kPairs, false, n); }},
      {"skip-gram, 5 of a window", [](Training& t, std::size_t n) { t.own(Training::kPairs, true, n); }},
      {"bag of words, hierarchical", [](Training& t, std::size_t n) { t.tree(Training::kBags, n); }},
      {"bag of words, 5 negatives", [](Training& t, std::size_t n) { t.own(Training::kBags, false, n); }},
  };
  return all;
}

double seconds_of(const std::function<void()>& run) {
  const auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

void time_training() {
  std::size_t count = 0;
  const KernelTable* const* tables = runnable_tables(&count);
  // The tables that are meant to be fast.
  count = std::max<std::size_t>(count - 2, 1);
  Training training;
  std::printf("\ntraining, thousands of words a second, median (best), at threads =\n  %-28s %-8s %16s %16s\n", "", "",
              "1", "2");
  for (const Case& c : cases()) {
    training.forget();
    std::vector<std::vector<double>> times(2 * count);
    for (std::size_t round = 0; round < kRounds; ++round) {
      for (std::size_t k = 0; k < 2 * count; ++k) {
        select_table(tables[k / 2]->name);
        Pool::shared().set_threads(1 + k % 2);
        const double time = seconds_of([&] { c.run(training, 1 + k % 2); });
        // The first round is for the caches, and for weights that are not all 0.
        if (round != 0) times[k].push_back(time);
      }
    }
    for (std::size_t k = 0; k < count; ++k) {
      std::printf("  %-28s %-8s", c.name, tables[k]->name);
      for (std::size_t threads = 0; threads < 2; ++threads) {
        std::vector<double>& t = times[2 * k + threads];
        std::sort(t.begin(), t.end());
        std::printf("  %6.0f (%6.0f)", kWords / t[t.size() / 2] / 1000, kWords / t[0] / 1000);
      }
      std::printf("\n");
    }
  }
  select_table(tables[0]->name);
}

}  // namespace bench
