// Hierarchical softmax over any binary tree, its predictions and a step of training: the same bits on every table; and
// against the formulas in long double, within what the rounding of scores and sums may make.
#include "../../../native/operations/tree.hpp"

#include "../memory.hpp"
#include "each_table.hpp"
#include "family.hpp"
#include "plain_loss.hpp"

namespace softmax_native::test {
namespace {

// Two of the roots that are left become the children of a node, until there is one root.
struct AnyTree {
  std::vector<std::int32_t> offsets{0}, nodes, children;
  std::vector<std::uint8_t> bits;
  CodeTree tree{};

  AnyTree(Input& input, std::size_t classes) {
    const bool like_a_vine = input.one_in(4);
    std::vector<std::int32_t> roots, parent(classes), above(classes - 1);
    std::vector<std::uint8_t> bit(classes), bit_above(classes - 1);
    for (std::size_t c = 0; c < classes; ++c) roots.push_back(static_cast<std::int32_t>(c));
    while (roots.size() > 1) {
      const std::int32_t node = static_cast<std::int32_t>(children.size() / 2);
      for (std::uint8_t b = 0; b < 2; ++b) {
        const std::size_t at = like_a_vine && b == 0 ? roots.size() - 1 : input.below(roots.size());
        const std::int32_t child = roots[at];
        roots[at] = roots.back();
        roots.pop_back();
        children.push_back(child);
        (child < 0 ? above : parent)[static_cast<std::size_t>(child < 0 ? ~child : child)] = node;
        (child < 0 ? bit_above : bit)[static_cast<std::size_t>(child < 0 ? ~child : child)] = b;
      }
      roots.push_back(~node);
    }
    std::size_t depth = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      std::vector<std::int32_t> path;
      std::vector<std::uint8_t> turns;
      const std::int32_t top = static_cast<std::int32_t>(classes) - 2;
      for (std::int32_t node = classes == 1 ? -1 : parent[c]; node >= 0;) {
        path.push_back(node);
        turns.push_back(path.size() == 1 ? bit[c] : bit_above[static_cast<std::size_t>(path[path.size() - 2])]);
        node = node == top ? -1 : above[static_cast<std::size_t>(node)];
      }
      nodes.insert(nodes.end(), path.rbegin(), path.rend());
      bits.insert(bits.end(), turns.rbegin(), turns.rend());
      offsets.push_back(static_cast<std::int32_t>(nodes.size()));
      depth = path.size() > depth ? path.size() : depth;
    }
    tree = {classes, classes - 1, depth, offsets.data(), nodes.data(), bits.data(), children.data(), roots[0]};
  }
  AnyTree(const AnyTree&) = delete;
};

template <class T>
class TreeFuzz {
 public:
  explicit TreeFuzz(Input& input)
      : classes_(input.length(300)), rows_(1 + input.below(input.room(320) / 10)), dim_(input.length(150)),
        tree_(input, classes_) {
    while (classes_ * rows_ > input.room(10000) / 2 && rows_ > 1) rows_ /= 2;
    while (classes_ * rows_ * dim_ > input.room(100000) && dim_ > 1) dim_ /= 2;
    const auto draw = [&](std::vector<T>& all, std::size_t n, int divisor) {
      all.resize(n);
      for (T& x : all) x = element<T>(input, Palette::kThousandths) / static_cast<T>(divisor);
    };
    draw(hidden_, rows_ * dim_, 8);
    draw(weight_, inner() * dim_, 8);
    if (input.flip()) draw(bias_, inner(), 4);
    for (std::size_t r = 0; r < rows_; ++r) {
      targets_.push_back(static_cast<std::int32_t>(input.below(classes_)));
      named_.push_back(static_cast<std::int32_t>(input.below(rows_)));
    }
    for (std::size_t i = 0; i < inner(); ++i) ids_.push_back(static_cast<std::int32_t>(i));
    k_ = 1 + input.below(classes_ < 12 ? classes_ : 12);
    const double scales[] = {1, 0.1, -2};
    scale_ = input.one_of(scales);
    batch_ = 1 + input.below(rows_);
    seed_ = input.byte();
    threads_ = 1 + input.below(3);
    shifted_ = input.flip();
  }

  void test() {
    const auto wanted = on_each_table(
        threads_, [&] { return run(false); },
        [&](const auto& scalar, const char* table) {
          const Result found = run(shifted_);
          for (std::size_t part = 0; part < kParts; ++part) {
            const std::vector<T>&a = found.parts[part], &b = scalar.parts[part];
            const std::size_t i = first_difference(a.data(), b.data(), b.size());
            if (i != b.size()) report(table, kNames[part], i, a[i], b[i], 0);
          }
          if (found.best != scalar.best) report(table, "other best classes", 0, 0, 0, 0);
          if (found.drawn != scalar.drawn) report(table, "other draws", 0, 0, 0, 0);
          if (!same_bits(found.loss, scalar.loss)) report(table, "loss of all", 0, found.loss, scalar.loss, 0);
        });
    check(wanted);
  }

 private:
  enum Part : std::size_t {
    kLosses,
    kHidden,
    kWeight,
    kBias,
    kProbability,
    kBest,
    kTrainedTable,
    kTrainedWeight,
    kTrainedBias,
    kParts
  };
  static constexpr const char* kNames[] = {"loss",          "hidden gradient", "weight gradient",
                                           "bias gradient", "probability",     "log-probability of the best",
                                           "trained table", "trained weight",  "trained bias"};
  static constexpr Real kUlp = std::numeric_limits<T>::epsilon(), kLeast = std::numeric_limits<T>::min();
  static constexpr double kRate = 0.25, kTableRate = 0.125;

  struct Result {
    std::vector<T> parts[kParts];
    std::vector<std::int32_t> best, drawn;
    double loss = 0, trained_loss = 0;
  };

  std::size_t inner() const { return classes_ - 1; }

  Result run(bool shifted) const {
    const Exactly<T> hidden(hidden_.size(), shifted, hidden_.data()), weight(weight_.size(), !shifted, weight_.data());
    const Exactly<T> bias(bias_.size(), shifted, bias_.data()), table(hidden_.size(), shifted, hidden_.data());
    const Exactly<T> losses(rows_), of_hidden(hidden_.size(), shifted), of_weight(weight_.size()),
        of_bias(bias_.size());
    const Exactly<T> p(rows_ * classes_, shifted), best(rows_ * k_);
    const Exactly<std::int32_t> best_ids(rows_ * k_), drawn(rows_);
    const TreeLayer<T> layer{tree_.tree, dim_, weight.get(), bias_.empty() ? nullptr : bias.get()};
    const TreeGradients<T> gradients{of_hidden.get(), ids_.data(), inner(), of_weight.get(),
                                     bias_.empty() ? nullptr : of_bias.get()};
    Result result;
    accept(tree_loss(layer, hidden.get(), rows_, targets_.data(), losses.get(), scale_, gradients, &result.loss));
    accept(tree_distribution(layer, hidden.get(), rows_, p.get()));
    accept(tree_top_k(layer, hidden.get(), rows_, k_, best_ids.get(), best.get()));
    accept(tree_sample(layer, hidden.get(), rows_, seed_, drawn.get()));
    const Examples<T> examples{table.get(), dim_, named_.data(), nullptr, rows_, kTableRate};
    accept(train_tree(layer, examples, targets_.data(), kRate, batch_, 1, &result.trained_loss));
    const Exactly<T>* const parts[] = {&losses, &of_hidden, &of_weight, &of_bias, &p, &best, &table, &weight, &bias};
    for (std::size_t i = 0; i < kParts; ++i)
      result.parts[i].assign(parts[i]->get(), parts[i]->get() + parts[i]->size());
    result.best.assign(best_ids.get(), best_ids.get() + best_ids.size());
    result.drawn.assign(drawn.get(), drawn.get() + rows_);
    return result;
  }
  void accept(Outcome outcome) const {
    if (outcome.status != Status::kOk) report("", "refused", 0, 0, 0, 0);
  }

  static Real softplus(Real x) { return std::fmax(x, Real(0)) + std::log1p(std::exp(-std::fabs(x))); }
  static Real sigma(Real x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }

  Bounded score(const T* hidden, std::size_t node) const {
    Bounded a;
    for (std::size_t k = 0; k < dim_; ++k) {
      const Real product = Real(hidden[k]) * Real(weight_[node * dim_ + k]);
      a.value += product;
      a.allowed += std::fabs(product);
    }
    const Real bias = bias_.empty() ? Real(0) : Real(bias_[node]);
    a.allowed = kUlp * (Real(dim_ + 3) * a.allowed + std::fabs(bias) + std::fabs(a.value));
    a.value += bias;
    return a;
  }

  // What a node takes from a hidden row's log-probability on the way to one of its children, and d loss / d score.
  struct Turn {
    Bounded loss, g;
  };
  static Turn turn_of(const Bounded& a, unsigned bit) {
    const Real sign = bit == 0 ? 1 : -1, slope = sigma(-sign * a.value), one = softplus(-sign * a.value);
    return {{one, slope * a.allowed + 4 * kUlp * one + kLeast},
            {-sign * slope, slope * (a.allowed + 4 * kUlp) + kLeast}};
  }

  // -log P(c | row r), and for each node of the path use(node, d loss / d score).
  template <class Use>
  Bounded path(std::size_t r, std::size_t c, const Use& use) const {
    Bounded loss;
    for (std::int32_t i = tree_.offsets[c]; i < tree_.offsets[c + 1]; ++i) {
      const std::size_t at = static_cast<std::size_t>(i), node = static_cast<std::size_t>(tree_.nodes[at]);
      const Turn& turn = turns_[2 * (r * inner() + node) + tree_.bits[at]];
      add(loss, turn.loss, 1);
      use(node, turn.g);
    }
    return loss;
  }

  void check(const Result& found) {
    for (std::size_t i = 0; i < rows_ * inner(); ++i) {
      const Bounded a = score(hidden_.data() + i / inner() * dim_, i % inner());
      for (const unsigned bit : {0u, 1u}) turns_.push_back(turn_of(a, bit));
    }
    std::vector<Bounded> of_hidden(hidden_.size()), of_weight(weight_.size()), of_bias(inner());
    std::vector<Bounded> probability(rows_ * classes_);
    Bounded all;
    for (std::size_t r = 0; r < rows_; ++r) {
      const T* hidden = hidden_.data() + r * dim_;
      const Bounded loss = path(r, static_cast<std::size_t>(targets_[r]), [&](std::size_t node, Bounded g) {
        scale(g, scale_, rows_ + tree_.tree.depth);
        spread(g, hidden, node, of_hidden.data() + r * dim_, of_weight.data() + node * dim_);
        add(of_bias[node], g, 1);
      });
      near(kNames[kLosses], r, found.parts[kLosses][r], loss);
      add(all, loss, 1);
      for (std::size_t c = 0; c < classes_; ++c) {
        const Bounded l = path(r, c, [](std::size_t, Bounded) {});
        const Real p = std::exp(-l.value);
        probability[r * classes_ + c] = {p, p * (l.allowed + 4 * kUlp * Real(tree_.tree.depth)) + kLeast};
      }
      best(r, found, probability.data() + r * classes_);
      const std::int32_t drawn = found.drawn[r];
      if (drawn < 0 || static_cast<std::size_t>(drawn) >= classes_) report("", "draw", r, drawn, 0, 0);
    }
    near("loss of all", 0, found.loss, all);
    each(kHidden, found, of_hidden);
    each(kWeight, found, of_weight);
    if (!bias_.empty()) each(kBias, found, of_bias);
    each(kProbability, found, probability);
    if (batch_ == rows_) train(found);
  }

  // One step on all examples, which see the same parameters and rows of the table.
  void train(const Result& found) const {
    std::vector<Bounded> table(hidden_.size()), weight(weight_.size()), bias(inner());
    for (std::size_t i = 0; i < table.size(); ++i) table[i].value = hidden_[i];
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i].value = weight_[i];
    for (std::size_t i = 0; i < bias.size(); ++i) bias[i].value = bias_.empty() ? Real(0) : Real(bias_[i]);
    Bounded all;
    for (std::size_t r = 0; r < rows_; ++r) {
      const std::size_t named = static_cast<std::size_t>(named_[r]);
      const T* hidden = hidden_.data() + named * dim_;
      add(all,
          path(named, static_cast<std::size_t>(targets_[r]),
               [&](std::size_t node, Bounded g) {
                 Bounded of_table = g;
                 scale(of_table, -kTableRate, rows_ + tree_.tree.depth);
                 scale(g, -kRate, rows_);
                 for (std::size_t k = 0; k < dim_; ++k) {
                   step(table[named * dim_ + k], of_table, weight_[node * dim_ + k]);
                   step(weight[node * dim_ + k], g, hidden[k]);
                 }
                 step(bias[node], g, 1);
               }),
          1);
    }
    near("loss of the training", 0, found.trained_loss, all);
    each(kTrainedTable, found, table);
    each(kTrainedWeight, found, weight);
    if (!bias_.empty()) each(kTrainedBias, found, bias);
  }

  static void scale(Bounded& g, Real by, std::size_t terms) {
    g.allowed = std::fabs(by) * (g.allowed + kUlp * Real(terms + 4) * std::fabs(g.value)) + kLeast;
    g.value *= by;
  }
  static void add(Bounded& to, const Bounded& g, Real by) {
    to.value += g.value * by;
    to.allowed += g.allowed * std::fabs(by);
  }
  // A sum that has an element to begin with rounds with each term.
  static void step(Bounded& to, const Bounded& g, Real by) {
    add(to, g, by);
    to.allowed += kUlp * (std::fabs(to.value) + std::fabs(g.value * by));
  }
  void spread(const Bounded& g, const T* hidden, std::size_t node, Bounded* of_hidden, Bounded* of_weight) const {
    for (std::size_t k = 0; k < dim_; ++k) {
      add(of_hidden[k], g, weight_[node * dim_ + k]);
      add(of_weight[k], g, hidden[k]);
    }
  }

  // The best classes of a row, within what their probabilities may be wrong; none twice.
  void best(std::size_t r, const Result& found, const Bounded* probability) const {
    std::vector<bool> listed(classes_);
    Real last = 2;
    for (std::size_t i = 0; i < k_; ++i) {
      const std::int32_t id = found.best[r * k_ + i];
      if (id < 0 || static_cast<std::size_t>(id) >= classes_) report("", "best class", i, id, 0, 0);
      const Bounded& p = probability[static_cast<std::size_t>(id)];
      if (listed[static_cast<std::size_t>(id)]) report("", "class listed twice", i, id, 0, 0);
      listed[static_cast<std::size_t>(id)] = true;
      const Bounded log{std::log(p.value), p.allowed / p.value + 8 * kUlp * std::fabs(std::log(p.value))};
      near(kNames[kBest], r * k_ + i, found.parts[kBest][r * k_ + i], log);
      if (p.value - p.allowed > last) report("", "order of the best", i, p.value, last, p.allowed);
      last = p.value + p.allowed;
    }
    for (std::size_t c = 0; c < classes_; ++c) {
      const Bounded& p = probability[c];
      if (!listed[c] && p.value - p.allowed > last) report("", "better class than the best", c, p.value, last, 0);
    }
  }

  void each(Part part, const Result& found, const std::vector<Bounded>& wanted) const {
    for (std::size_t i = 0; i < wanted.size(); ++i) near(kNames[part], i, found.parts[part][i], wanted[i]);
  }
  template <class Number>
  void near(const char* what, std::size_t i, Number got, const Bounded& wanted) const {
    const Real allowed = wanted.allowed + kUlp * std::fabs(wanted.value) + kLeast;
    if (!(std::fabs(Real(got) - wanted.value) <= allowed)) report("", what, i, got, wanted.value, allowed);
  }

  [[noreturn]] void report(const char* table, const char* what, std::size_t i, Real got, Real wanted,
                           Real allowed) const {
    wrong(
        "%s tree %s, %zu classes, depth %zu, %zu x %zu, best %zu, scale %g, biased %d, batch %zu, %zu threads: %s %zu "
        "is "
        "%.17Lg, not %.17Lg, allowed %.3Lg",
        table, type_name<T>(), classes_, tree_.tree.depth, rows_, dim_, k_, scale_, !bias_.empty(), batch_, threads_,
        what, i, got, wanted, allowed);
  }

  std::size_t classes_, rows_, dim_;
  const AnyTree tree_;
  std::vector<T> hidden_, weight_, bias_;
  std::vector<Turn> turns_;  // of each row, node and bit
  std::vector<std::int32_t> targets_, named_, ids_;
  std::size_t k_ = 1, batch_ = 1, threads_ = 1;
  double scale_ = 1;
  std::uint64_t seed_ = 0;
  bool shifted_ = false;
};

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    TreeFuzz<float>(input).test();
  } else {
    TreeFuzz<double>(input).test();
  }
}

}  // namespace softmax_native::test
