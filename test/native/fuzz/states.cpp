// What a mergeable state learns of a row: the same bits on every table and number of threads; the maximum, its place
// and the best logits exactly; its sums against long double; parts of a row that fit together; and the probabilities
// beside it.
#include <algorithm>
#include <numeric>

#include "../../../native/operations/softmax_state.hpp"
#include "../exact.hpp"
#include "../memory.hpp"
#include "../tolerances.hpp"
#include "each_table.hpp"
#include "layouts.hpp"

namespace softmax_native::test {
namespace {

using Real = long double;

// Wide enough for parts to fit together far below an ulp of float64.
#if defined(__SIZEOF_FLOAT128__)
using Wide = __float128;
constexpr double kFit = 0x1p-80;
#else
using Wide = long double;
constexpr double kFit = 0x1p-58;
#endif

struct State {
  std::vector<double> field = std::vector<double>(kStateFields), best{}, values{};
  std::vector<std::int32_t> ids{};

  bool same(const State& other) const {
    const auto equal = [](const std::vector<double>& a, const std::vector<double>& b) {
      return first_difference(a.data(), b.data(), a.size()) == a.size();
    };
    return equal(field, other.field) && equal(best, other.best) && equal(values, other.values) && ids == other.ids;
  }
};

template <class T>
class StateCase {
 public:
  explicit StateCase(Input& input)
      : n_(input.length(20000)), beta_(input.one_of(kAnyBeta)), rule_(static_cast<NonFinite>(input.below(2))), x_(n_) {
    const Palette kind = palette(input, input.flip());
    for (T& x : x_) {
      x = element<T>(input, kind);
      // Differences that overflow are another matter (README).
      if (std::isfinite(x) && std::fabs(x) > std::numeric_limits<T>::max() / 4) x /= 4;
    }
    k_ = input.one_in(3) ? 0 : 1 + input.below(n_ < 20 ? n_ : 20);
    width_ = input.one_in(3) ? 1 + input.below(5) : 0;
    values_.resize(n_ * width_);
    for (T& value : values_) value = element<T>(input, Palette::kThousandths);
    half_ = input.below(n_);
    threads_ = 1 + input.below(3);
    shifted_ = input.flip();
  }

  void test() {
    std::vector<T> p;
    const State wanted = on_each_table(
        threads_,
        [&] {
          const State state = run(0, n_, false);
          p = probabilities(state, false);
          return state;
        },
        [&](const State& scalar, const char* table) {
          if (!run(0, n_, shifted_).same(scalar)) report(table, "another state", 0, 0);
          if (first_difference(probabilities(scalar, shifted_).data(), p.data(), n_) != n_) {
            report(table, "other probabilities", 0, 0);
          }
        });
    choose(wanted);
    if (std::isfinite(wanted.field[kStateMax]) && beta_ != 0 && std::isfinite(beta_)) {
      weigh(wanted, p);
      if (half_ != 0) join(wanted);
    }
  }

 private:
  Logits<T> logits(const T* x, std::size_t n) const { return {x, {1, n, 1}, beta_, rule_, nullptr, {0, 0, 0}}; }
  Real key(std::size_t i) const { return beta_ < 0 ? -Real(x_[i]) : Real(x_[i]); }
  // Of element i beside a maximum.
  Real exponent(std::size_t i, Real max) const { return std::fabs(Real(beta_)) * (key(i) - max); }

  State run(std::size_t first, std::size_t n, bool shifted) const {
    const Exactly<T> x(n, shifted, x_.data() + first), values(n * width_, !shifted, values_.data() + first * width_);
    const std::size_t k = k_ < n ? k_ : n;
    const Exactly<std::int32_t> ids(k);
    const Exactly<double> best(k), sums(width_, shifted), field(kStateFields);
    const StateWanted<T> wanted{k, ids.get(), best.get(), width_, values.get(), sums.get()};
    const Outcome outcome = softmax_state(logits(x.get(), n), wanted, field.get());
    if (outcome.status != Status::kOk) report("", "refused", 0, 0);
    State state;
    state.field.assign(field.get(), field.get() + kStateFields);
    state.ids.assign(ids.get(), ids.get() + k);
    state.best.assign(best.get(), best.get() + k);
    state.values.assign(sums.get(), sums.get() + width_);
    return state;
  }

  std::vector<T> probabilities(const State& state, bool shifted) const {
    const Exactly<T> x(n_, shifted, x_.data()), out(n_, !shifted);
    const double max = state.field[kStateMax];
    if (!std::isfinite(max) || beta_ == 0 || !std::isfinite(beta_)) return std::vector<T>(n_);
    state_probabilities(logits(x.get(), n_), max, log_total(state), out.get());
    return std::vector<T>(out.get(), out.get() + n_);
  }
  static double log_total(const State& state) {
    return static_cast<double>(std::log1p(rest_of(state) + (Real(state.field[kStateSharers]) - 1)));
  }
  static Real rest_of(const State& state) {
    return (Real(state.field[kStateHigh]) + Real(state.field[kStateLow])) / Real(state.field[kStateMantissa]) *
           0x1p-900L;
  }

  // The maximum, where it is, and the best; NaN counts as -Infinity there, but as the maximum where there is one.
  void choose(const State& state) const {
    std::vector<std::size_t> order(n_);
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto rank = [&](std::size_t i) { return std::isnan(x_[i]) ? -kInfinity : key(i); };
    const auto before = [&](std::size_t a, std::size_t b) {
      if (rank(a) != rank(b)) return rank(a) > rank(b);
      return a < b;
    };
    std::sort(order.begin(), order.end(), before);
    for (std::size_t i = 0; i < state.ids.size(); ++i) {
      const std::size_t id = order[i];
      if (state.ids[i] != static_cast<std::int32_t>(id)) report("", "best", state.ids[i], Real(id));
      if (!same_bits(state.best[i], double(x_[id]))) report("", "best logit", state.best[i], x_[id]);
    }
    const auto nan = std::find_if(x_.begin(), x_.end(), [](T x) { return std::isnan(x); });
    const std::size_t first = nan == x_.end() ? order[0] : static_cast<std::size_t>(nan - x_.begin());
    exactly("max", state.field[kStateMax], nan == x_.end() ? key(first) : std::nanl(""));
    exactly("first", state.field[kStateFirst], Real(first));
    if (nan != x_.end()) return;
    Real sharers = 0, infinite = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      const bool all = beta_ == 0 && key(first) < kInfinity;
      sharers += key(i) > -kInfinity && (all || key(i) == key(first)) ? 1 : 0;
      infinite += std::isinf(x_[i]) ? 1 : 0;
    }
    exactly("sharers", state.field[kStateSharers], sharers);
    const bool looks = beta_ == 0 && rule_ == NonFinite::kIeee;
    exactly("infinite", state.field[kStateInfinite], looks && infinite > 0 ? 1 : 0);
  }

  // A published sum: half of what is allowed are the exponentials of the terms and of the maximum. Far from 0 (there is
  // an anchor) differences of the logits round, too.
  void weigh(const State& state, const std::vector<T>& p) const {
    const Real max = state.field[kStateMax], sharers = state.field[kStateSharers];
    const Real unit = 0x1p-53L, own = 0x1p-63L;
    const bool far = state.field[kStateAnchor] != 0;
    Real rest = 0, error = 0, gaps = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      const Real a = exponent(i, max), e = a == 0 || key(i) == -kInfinity ? 0 : std::exp(a);
      if (e == 0) continue;
      rest += e;
      error += e * (6 * unit + std::fabs(a) * (far ? 2 * unit : own));
      gaps -= e * a;
    }
    const Real least = 1e-300L;
    near("rest", rest_of(state), rest, error + least);
    const Real gap = Real(state.field[kStateGap]) / Real(state.field[kStateMantissa]) * 0x1p-900L;
    near("gap", gap, gaps, 1e-12L * gaps + least);
    for (std::size_t c = 0; c < width_; ++c) {
      Real sum = 0, size = 0;
      for (std::size_t i = 0; i < n_; ++i) {
        const Real a = exponent(i, max), term = std::exp(a) * Real(values_[i * width_ + c]);
        if (term == 0) continue;
        sum += term;
        size += std::fabs(term) * (1 + std::fabs(a) * (far ? 1e-3L : 0));
      }
      near("value", Real(state.values[c]) / Real(state.field[kStateMantissa]), sum, 1e-13L * size + least);
    }
    const Real total = std::log1p(rest + (sharers - 1));
    for (std::size_t i = 0; i < n_; ++i) {
      const Real log_y = exponent(i, max) - total, y = std::exp(log_y);
      // Of several chunks each has a maximum of its own, whose difference from the row's rounds twice more.
      const double allowed = tolerance::softmax(n_, double((n_ > kChunk ? 3 : 1) * log_y)) + 1;
      if (y == 0 || y < Real(std::numeric_limits<T>::min())) continue;
      if (!(ulp_error(p[i], Quad(y)) <= allowed)) report("", "probability", p[i], y);
    }
  }

  // The rests of both parts, and what of their maxima is below that of the row, in units of the row's.
  void join(const State& state) const {
    Wide total = 0;
    for (const std::size_t first : {std::size_t{0}, half_}) {
      const State part = run(first, first == 0 ? half_ : n_ - half_, shifted_);
      if (part.field[kStateAnchor] != state.field[kStateAnchor] || state.field[kStateAnchor] != 0) return;
      if (part.field[kStateMax] == -std::numeric_limits<double>::infinity()) continue;
      const double down = std::fmax(part.field[kStateExponent] - state.field[kStateExponent], -4000);
      Wide rest = (Wide(part.field[kStateHigh]) + Wide(part.field[kStateLow])) * Wide(0x1p-900);
      if (part.field[kStateMax] != state.field[kStateMax]) {
        rest += Wide(part.field[kStateSharers]) * Wide(part.field[kStateMantissa]);
      }
      total += Wide(std::ldexp(1.0L, static_cast<int>(down))) * rest;
    }
    const Wide whole = (Wide(state.field[kStateHigh]) + Wide(state.field[kStateLow])) * Wide(0x1p-900);
    if (double(whole) < 1e-300) return;
    const double error = std::fabs(double((total - whole) / whole));
    if (!(error <= kFit)) report("", "parts", double(total), double(whole));
  }

  void exactly(const char* what, double got, Real wanted) const {
    if (!same_bits(got, double(wanted)) && got != double(wanted)) report("", what, got, wanted);
  }
  void near(const char* what, Real got, Real wanted, Real allowed) const {
    if (!(std::fabs(got - wanted) <= allowed)) report("", what, got, wanted);
  }

  [[noreturn]] void report(const char* table, const char* what, Real got, Real wanted) const {
    wrong(
        "%s state of %zu, %s, beta %g, rule %d, best %zu, width %zu, %zu threads, split at %zu: %s %.20Lg, not %.20Lg",
        table, n_, type_name<T>(), beta_, static_cast<int>(rule_), k_, width_, threads_, half_, what, got, wanted);
  }

  static constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
  std::size_t n_;
  double beta_;
  NonFinite rule_;
  std::vector<T> x_, values_;
  std::size_t k_ = 0, width_ = 0, half_ = 0, threads_ = 1;
  bool shifted_ = false;
};

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    StateCase<float>(input).test();
  } else {
    StateCase<double>(input).test();
  }
}

}  // namespace softmax_native::test
