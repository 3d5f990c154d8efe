// Cross-entropy of linear layers of any size: the same bits on every table and number of threads, in place or not, for
// rows by themselves; and against logits in long double.
#include "../linear_cases.hpp"
#include "each_table.hpp"
#include "family.hpp"
#include "plain_loss.hpp"

namespace softmax_native::test {
namespace {

template <class T>
LinearResult<T> same_bits_everywhere(const LinearCase<T>& tested, Input& input) {
  const LinearShape& s = tested.shape();
  const std::size_t threads = 1 + input.below(3), offset = input.below(4);
  const bool in_place = input.flip();
  const LinearResult<T> wanted = on_each_table(
      threads, [&] { return tested.run(); },
      [&](const LinearResult<T>& scalar, const char* table) {
        if (scalar.status != Status::kOk) wrong("linear_cross_entropy: status %d", static_cast<int>(scalar.status));
        const char* difference = tested.run(offset, in_place, 0, s.rows).difference(scalar);
        if (difference != nullptr || !tested.intact()) {
          wrong("%s %s, %zu x %zu x %zu, %zu threads, in place %d: %s", table, type_name<T>(), s.rows, s.depth,
                s.classes, threads, in_place, difference == nullptr ? "wrote beside its arrays" : difference);
        }
      });
  const std::size_t r = input.below(s.rows);
  const LinearResult<T> alone = tested.run(0, false, r, 1);
  const bool same = same_bits(alone.losses[0], wanted.losses[r]) &&
                    same_bits(alone.log_sum_exp[0], wanted.log_sum_exp[r]) &&
                    first_difference(alone.hidden.data(), wanted.hidden.data() + r * s.depth, s.depth) == s.depth;
  if (!same) wrong("%s, %zu x %zu x %zu: row %zu by itself differs", type_name<T>(), s.rows, s.depth, s.classes, r);
  return wanted;
}

// Each result in long double, and what the rounding of logits, gradients and sums may make of it.
template <class T>
class PlainLinear {
 public:
  explicit PlainLinear(const LinearCase<T>& tested)
      : case_(tested), s_(tested.shape()), hidden_(s_.rows * s_.depth), weight_(s_.classes * s_.depth),
        bias_(s_.classes) {
    for (std::size_t r = 0; r < s_.rows; ++r) add_row(r);
  }

  void check(const LinearResult<T>& got) const {
    for (std::size_t r = 0; r < s_.rows; ++r) {
      one("loss", r, got.losses[r], losses_[r]);
      one("log-sum-exp", r, got.log_sum_exp[r], log_sum_exp_[r]);
    }
    for (std::size_t i = 0; i < hidden_.size(); ++i) one("hidden gradient", i, got.hidden[i], hidden_[i]);
    for (std::size_t i = 0; i < weight_.size(); ++i) one("weight gradient", i, got.weight[i], weight_[i]);
    for (std::size_t i = 0; i < bias_.size(); ++i) one("bias gradient", i, got.bias[i], bias_[i]);
  }

 private:
  static constexpr Real kUlp = std::numeric_limits<T>::epsilon();

  // Of a sum of so many products, in ulp of the sum of their magnitudes.
  static Real of_sum(std::size_t terms) { return Real(terms < kDepth ? terms : kDepth) + Real(terms / kDepth) + 3; }

  void add_row(std::size_t r) {
    const std::size_t d = s_.depth, n = s_.classes;
    const T* h = case_.hidden().data() + r * d;
    const Real beta = case_.beta();
    LossRow<T> row;
    Real worst = 0;
    for (std::size_t c = 0; c < n; ++c) {
      Real z = case_.bias()[c], size = std::fabs(z);
      for (std::size_t k = 0; k < d; ++k) {
        const Real term = Real(h[k]) * Real(case_.weight()[c * d + k]);
        z += term;
        size += std::fabs(term);
      }
      // Rounded to T here as it is there, give or take what the sum rounds.
      row.x.push_back(static_cast<T>(z));
      worst = std::fmax(worst, kUlp * of_sum(d) * size);
      row.counts.push_back(case_.mask().empty() || case_.mask()[r * n + c] != 0);
    }
    row.named = case_.index()[r];
    if (!case_.probability().empty()) row.y = case_.probability().data() + r * n;
    const PlainLoss<T> plain(row, case_.options(), beta);
    const Real off = std::fabs(beta) * worst;
    Real mass = 0;
    for (std::size_t c = 0; c < n; ++c)
      mass += row.y == nullptr ? Real(1) / Real(n) : Real(row.y[c]) + Real(0.2) / Real(n);
    const Real pull = 2 * Real(case_.options().z_loss) * std::fabs(plain.log_sum_exp.value);
    if (plain.is_ignored || plain.is_empty) {
      losses_.push_back({});
      log_sum_exp_.push_back(plain.is_empty ? Bounded{-std::numeric_limits<Real>::infinity(), 0} : Bounded{});
      if (plain.is_empty) losses_.back() = {std::numeric_limits<Real>::infinity(), 0};
      return;
    }
    losses_.push_back({plain.loss.value, plain.loss.allowed + (2 * mass + pull + off) * off});
    log_sum_exp_.push_back({plain.log_sum_exp.value, plain.log_sum_exp.allowed + off});
    for (std::size_t c = 0; c < n; ++c) {
      Bounded g = plain.gradient[c];
      // The slope of the cap moves with the logit, too.
      const Real moved = std::fabs(beta) * off * (mass + pull + 1);
      g.allowed += 4 * moved;
      const auto add = [&](Bounded& to, Real by, std::size_t terms) {
        to.value += g.value * by;
        to.allowed += std::fabs(by) * (g.allowed + kUlp * of_sum(terms) * std::fabs(g.value));
      };
      for (std::size_t k = 0; k < d; ++k) {
        add(hidden_[r * d + k], case_.weight()[c * d + k], n);
        add(weight_[c * d + k], h[k], s_.rows);
      }
      add(bias_[c], 1, s_.rows);
    }
  }

  void one(const char* what, std::size_t i, T got, const Bounded& wanted) const {
    if (static_cast<T>(wanted.value) == got) return;
    if (std::fabs(Real(got) - wanted.value) <= wanted.allowed + kUlp * std::fabs(wanted.value)) return;
    wrong("linear_cross_entropy %s, %zu x %zu x %zu: %s %zu is %.17g, not %.17g, allowed %.3g", type_name<T>(), s_.rows,
          s_.depth, s_.classes, what, i, double(got), double(wanted.value), double(wanted.allowed));
  }

  const LinearCase<T>& case_;
  const LinearShape s_;
  std::vector<Bounded> losses_, log_sum_exp_, hidden_, weight_, bias_;
};

template <class T>
void fuzz_linear(Input& input) {
  constexpr std::size_t kMostProducts = 60000, kMostWeights = 20000;
  const std::size_t most = input.room(kMostProducts / 2) * 2;
  LinearShape shape{1 + input.below(input.room(160) / 8), input.length(300), input.length(1100)};
  if (shape.depth * shape.classes > kMostWeights) shape.depth = kMostWeights / shape.classes;
  if (shape.rows * shape.depth * shape.classes > most) shape.rows = 1 + most / (shape.depth * shape.classes + 1);
  if (input.one_in(20)) shape.depth = 0;
  const Extras extras = static_cast<Extras>(input.below(3));
  Random random(std::uint64_t{input.byte()} << 16 | std::uint64_t{input.byte()} << 8 | input.byte());
  const LinearCase<T> tested(shape, extras, random);
  PlainLinear<T>(tested).check(same_bits_everywhere(tested, input));
}

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    fuzz_linear<float>(input);
  } else {
    fuzz_linear<double>(input);
  }
}

}  // namespace softmax_native::test
