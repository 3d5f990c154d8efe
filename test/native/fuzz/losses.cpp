// Cross-entropy with all its options, negative log-likelihood and divergence against the formulas in long double.
#include "../../../native/operations/kl_divergence.hpp"
#include "../kernel_cases.hpp"
#include "layouts.hpp"
#include "plain_loss.hpp"

namespace softmax_native::test {
namespace {

template <class T>
class LossCase {
 public:
  explicit LossCase(Input& input)
      : logits_(input, layout_of(input, 1500), input.one_of(kFiniteBeta), true), n_(logits_.layout.n) {
    const std::size_t rows = logits_.layout.rows();
    logits_.rule = NonFinite::kLimit;
    for (T& z : logits_.z) z = std::fmax(T(-1e4), std::fmin(T(1e4), z));
    if (input.one_in(4)) {
      for (T& z : logits_.z) z = input.one_in(5) ? minus_infinity() : z;
    }
    if (input.flip()) {
      for (std::size_t r = 0; r < rows; ++r) {
        index_.push_back(input.one_in(6) ? -1 : static_cast<std::int32_t>(input.below(n_)));
      }
    } else {
      y_.resize(logits_.z.size());
      for (T& y : y_) y = input.one_in(3) ? T(0) : std::fabs(element<T>(input, Palette::kEighths));
      ignored_ = input.one_in(3) ? static_cast<std::int32_t>(input.below(n_)) : -1;
    }
    weight_.resize(input.one_in(3) ? n_ : 0);
    for (T& w : weight_) w = input.one_in(5) ? T(0) : std::fabs(element<T>(input, Palette::kThousandths));
    const double smoothing[] = {0, 0, 0.1, 1, 0.5}, z_loss[] = {0, 0, 0.01, 1}, cap[] = {0, 0, 30, 2.5};
    options_.smoothing = input.one_of(smoothing);
    options_.over_others = options_.smoothing != 0 && input.flip();
    options_.z_loss = input.one_of(z_loss);
    options_.softcap = input.one_of(cap);
    options_.reduction = static_cast<Reduction>(input.below(3));
    in_place_ = input.flip();
    wants_gradient_ = input.below(4) != 0;
    wants_target_gradient_ = !y_.empty() && input.flip();
  }

  void cross_entropy_of() {
    const Exactly<T> weight(weight_.size(), true, weight_.data());
    options_.weight = weight_.empty() ? nullptr : weight.get();
    const Arrays a(*this, in_place_);
    const Outcome outcome = cross_entropy(a.logits, a.targets, options_, *a.results);
    if (outcome.status != Status::kOk) wrong("cross_entropy: status %d", static_cast<int>(outcome.status));
    compare("cross_entropy", a, options_, true);
  }

  // The logits serve as log-probabilities.
  void nll_loss_of() {
    const Exactly<T> weight(weight_.size(), true, weight_.data());
    logits_.masked = false;
    logits_.beta = 1;
    const LossOptions<T> options{weight_.empty() ? nullptr : weight.get(), 0, false, 0, 0, options_.reduction};
    wants_target_gradient_ = false;
    const Arrays a(*this, in_place_);
    const Outcome outcome = nll_loss(a.logits, a.targets, options, *a.results);
    if (outcome.status != Status::kOk) wrong("nll_loss: status %d", static_cast<int>(outcome.status));
    compare("nll_loss", a, options, false);
  }

  void divergence_of(Input& input) {
    for (T& z : logits_.z) z = std::isinf(z) ? T(0) : z;
    std::vector<T> others(logits_.z.size());
    const bool near = input.flip();
    for (std::size_t i = 0; i < others.size(); ++i) {
      const T other = element<T>(input, Palette::kThousandths);
      others[i] = near ? logits_.z[i] + other / 1024 : other;
    }
    const Exactly<T> z(logits_.z.size(), true, logits_.z.data()), other(others.size(), false, others.data());
    const Exactly<T> out(logits_.layout.rows());
    const Exactly<std::uint8_t> mask(logits_.mask.size(), true, logits_.mask.data());
    kl_divergence(logits_.at(z.get(), mask.get()), other.get(), out.get());
    for (std::size_t r = 0; r < out.size(); ++r) {
      const std::vector<Real> p = log_softmax_of(r, z), q = log_softmax_of(r, other);
      Real sum = 0, lost = 0, far = 0;
      for (std::size_t j = 0; j < n_; ++j) {
        const Real e = std::exp(p[j]);
        far = std::fmax(far, std::fmax(std::fabs(z[logits_.place(r, j)]), std::fabs(other[logits_.place(r, j)])));
        if (e == 0) continue;
        sum += e * (p[j] - q[j]);
        lost += e * (std::fabs(p[j]) + std::fabs(q[j]) + 1);
      }
      const Real ulp = std::numeric_limits<T>::epsilon(), long_double = std::numeric_limits<Real>::epsilon();
      const Real allowed = tolerance::kDivergence * ulp * std::fabs(sum) +
                           4 * long_double * Real(n_) * lost * 30 * 1e4 + Real(std::numeric_limits<T>::min());
      check("kl_divergence", r, 0, out[r], {sum, allowed});
    }
  }

 private:
  T minus_infinity() const { return logits_.beta < 0 ? T(kInfiniteBeta) : -T(kInfiniteBeta); }

  // One call's arrays, each of its size exactly.
  struct Arrays {
    Exactly<T> z, y, losses, log_sum_exp, gradient, target_gradient;
    Exactly<std::uint8_t> mask;
    Exactly<std::int32_t> index;
    Logits<T> logits;
    LossTargets<T> targets;
    LossResults<T>* results;
    LossResults<T> kept;

    Arrays(const LossCase& c, bool in_place)
        : z(c.logits_.z.size(), true, c.logits_.z.data()), y(c.y_.size(), false, c.y_.data()),
          losses(c.logits_.layout.rows()), log_sum_exp(losses.size(), true),
          gradient(in_place || !c.wants_gradient_ ? 0 : z.size(), true),
          target_gradient(c.wants_target_gradient_ ? z.size() : 0),
          mask(c.logits_.mask.size(), true, c.logits_.mask.data()), index(c.index_.size(), true, c.index_.data()),
          logits(c.logits_.at(z.get(), mask.get())),
          targets{c.y_.empty() ? index.get() : nullptr, c.y_.empty() ? nullptr : y.get(), c.ignored_, nullptr},
          results(&kept), kept{losses.get(), log_sum_exp.get(),
                               !c.wants_gradient_ ? nullptr
                               : in_place         ? z.get()
                                                  : gradient.get(),
                               c.wants_target_gradient_ ? target_gradient.get() : nullptr} {}
  };

  LossRow<T> row(std::size_t r, std::vector<T>& y) const {
    LossRow<T> one;
    one.x = logits_.row(logits_.z, r);
    for (std::size_t j = 0; j < n_; ++j) one.counts.push_back(logits_.takes_part(r, j));
    if (!y_.empty()) {
      y = logits_.row(y_, r);
      one.y = y.data();
    } else {
      one.named = index_[r];
    }
    one.ignored = ignored_;
    one.weight = weight_.empty() ? nullptr : weight_.data();
    return one;
  }

  void compare(const char* what, const Arrays& a, const LossOptions<T>& options, bool normalizes) const {
    const std::size_t rows = logits_.layout.rows();
    std::vector<Bounded> losses;
    Real total = 0;
    std::vector<std::vector<T>> y(rows);
    std::vector<LossRow<T>> given;
    for (std::size_t r = 0; r < rows; ++r) {
      given.push_back(row(r, y[r]));
      total += PlainLoss<T>(given[r], options, logits_.beta).row_weight;
    }
    const bool means = options.reduction == Reduction::kMean;
    const Real scale = !means ? 1 : total > 0 ? 1 / total : 0;
    Real sum = 0, allowed = 0;
    bool known = true;
    for (std::size_t r = 0; r < rows; ++r) {
      PlainLoss<T> plain(given[r], options, logits_.beta);
      if (!normalizes) as_given(given[r], plain);
      known = known && !plain.is_empty;
      if (plain.is_empty) continue;
      check(what, r, 0, a.losses[r], plain.loss);
      if (normalizes) check("log_sum_exp of the loss", r, 0, a.log_sum_exp[r], plain.log_sum_exp);
      sum += plain.loss.value;
      allowed += plain.loss.allowed + 1e-15L * std::fabs(plain.loss.value);
      for (std::size_t j = 0; j < n_; ++j) {
        const std::size_t i = logits_.place(r, j);
        if (a.results->gradient != nullptr) check("gradient", r, j, a.results->gradient[i], plain.gradient[j], scale);
        if (wants_target_gradient_)
          check("target gradient", r, j, a.target_gradient[i], plain.target_gradient[j], scale);
      }
    }
    // A mean over nothing is no number.
    if (!known || (means && !(total > 0))) return;
    check("loss of all", 0, 0, a.results->loss, {sum * scale, allowed * scale});
    check("total weight", 0, 0, a.results->total_weight, {total, 1e-15L * total});
  }

  // What differs where nothing is normalised.
  void as_given(const LossRow<T>& row, PlainLoss<T>& plain) const {
    plain.is_empty = false;
    plain.loss = {};
    for (std::size_t c = 0; c < n_; ++c) {
      const bool drops = row.y != nullptr && row.ignored >= 0 && static_cast<std::size_t>(row.ignored) == c;
      const Real y = row.y == nullptr ? (row.named == static_cast<std::int32_t>(c) ? 1 : 0)
                     : drops          ? 0
                                      : Real(row.y[c]);
      const Real u = plain.is_ignored ? 0 : y * (row.weight == nullptr ? 1 : Real(row.weight[c]));
      plain.gradient[c] = {-u, 4 * plain.kUlp * u + plain.kLeast};
      if (u == 0) continue;
      plain.loss.value -= u * Real(row.x[c]);
      plain.loss.allowed += 8 * plain.kUlp * std::fabs(u * Real(row.x[c])) + plain.kLeast;
    }
  }

  std::vector<Real> log_softmax_of(std::size_t r, const Exactly<T>& z) const {
    const Real infinity = std::numeric_limits<Real>::infinity(), beta = logits_.beta;
    std::vector<Real> a(n_, -infinity);
    Real max = -infinity, sum = 0;
    for (std::size_t j = 0; j < n_; ++j) {
      if (!logits_.takes_part(r, j)) continue;
      a[j] = beta * Real(z[logits_.place(r, j)]);
      max = std::fmax(max, a[j]);
    }
    for (Real& v : a) sum += std::exp(v -= max == -infinity ? 0 : max);
    for (Real& v : a) v -= max == -infinity ? 0 : std::log(sum);
    return a;
  }

  template <class Number>
  void check(const char* what, std::size_t r, std::size_t j, Number got, Bounded wanted, Real scale = 1) const {
    wanted.value *= scale;
    wanted.allowed = wanted.allowed * scale + 2 * std::numeric_limits<Number>::epsilon() * std::fabs(wanted.value) +
                     std::numeric_limits<Number>::denorm_min();
    // The targets here add up to more than 1, of which smoothing over others makes negative masses: of infinities of
    // both signs nothing is known.
    const bool is_open = std::isnan(wanted.value) || std::isinf(wanted.allowed);
    const bool same = static_cast<Number>(wanted.value) == got || is_open;
    if (same || std::fabs(Real(got) - wanted.value) <= wanted.allowed) return;
    const Layout& l = logits_.layout;
    wrong(
        "%s %s, [%zu, %zu, %zu], beta %g, masked %d, %s, ignored %d, weighted %d, smoothing %g %d, z %g, cap %g, "
        "reduction %d, in place %d: row %zu, %zu is %.17g, not %.17g, allowed %.3g",
        what, type_name<T>(), l.outer, l.n, l.inner, logits_.beta, logits_.masked, y_.empty() ? "index" : "likely",
        ignored_, !weight_.empty(), options_.smoothing, options_.over_others, options_.z_loss, options_.softcap,
        static_cast<int>(options_.reduction), in_place_, r, j, double(got), double(wanted.value),
        double(wanted.allowed));
  }

  AnyLogits<T> logits_;
  std::size_t n_;
  std::vector<std::int32_t> index_;
  std::vector<T> y_, weight_;
  std::int32_t ignored_ = -1;
  LossOptions<T> options_{};
  bool in_place_ = false, wants_gradient_ = false, wants_target_gradient_ = false;
};

template <class T>
void fuzz_loss(Input& input) {
  const std::size_t kind = input.below(5);
  LossCase<T> loss(input);
  if (kind == 0) return loss.nll_loss_of();
  if (kind == 1) return loss.divergence_of(input);
  loss.cross_entropy_of();
}

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    fuzz_loss<float>(input);
  } else {
    fuzz_loss<double>(input);
  }
}

}  // namespace softmax_native::test
