// The loss of rows against targets and sampled candidates: the same bits on every table and number of threads; and
// against the formulas in long double, within what the rounding of scores and sums may make.
#include "../../../native/operations/candidates.hpp"

#include "../memory.hpp"
#include "each_table.hpp"
#include "family.hpp"
#include "plain_loss.hpp"

namespace softmax_native::test {
namespace {

template <class T>
class CandidateCase {
 public:
  explicit CandidateCase(Input& input)
      : rows_(1 + input.below(input.room(640) / 8)), classes_(1 + input.below(40)), depth_(input.length(200)),
        several_(1 + (input.one_in(3) ? input.below(3) : 0)), n_(input.one_in(12) ? 0 : input.length(300)),
        own_(input.one_in(3)), options_{input.flip(), input.flip(), 1} {
    const std::size_t most = input.room(30000) * 2;
    while (rows_ * (n_ + several_) * depth_ > most && rows_ > 1) rows_ /= 2;
    while (rows_ * (n_ + several_) * depth_ > most && depth_ > 1) depth_ /= 2;
    const double factors[] = {1, 0.1, -2};
    options_.factor = input.one_of(factors);
    // Some classes of twice as many take part.
    for (std::size_t c = 0; c < classes_; ++c) {
      ids_.push_back(static_cast<std::int32_t>(2 * c + input.below(2)));
    }
    const auto position = [&] { return static_cast<std::int32_t>(input.below(classes_)); };
    for (std::size_t i = 0; i < rows_ * several_; ++i) targets_.push_back(position());
    for (std::size_t i = 0; i < (own_ ? rows_ : 1) * n_; ++i) drawn_.push_back(position());
    draw(input, hidden_, rows_ * depth_, 8);
    draw(input, weight_, 2 * classes_ * depth_, 8);
    if (input.flip()) draw(input, bias_, 2 * classes_, 1);
    draw(input, target_correction_, targets_.size(), 1);
    draw(input, drawn_correction_, drawn_.size(), 1);
    if (input.flip()) draw(input, partition_, rows_, 1);
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
          const std::size_t i = first_difference(found.reports.data(), scalar.reports.data(), 4 * rows_);
          if (i != 4 * rows_) report(table, "report", i, found.reports[i], scalar.reports[i], 0);
        });
    check(wanted);
  }

 private:
  static constexpr std::size_t kParts = 4;
  static constexpr const char* kNames[] = {"loss", "hidden gradient", "weight gradient", "bias gradient"};
  static constexpr Real kUlp = std::numeric_limits<T>::epsilon(), kLeast = std::numeric_limits<T>::min();

  struct Result {
    std::vector<T> parts[kParts];
    std::vector<double> reports;
  };

  template <class Number>
  static void draw(Input& input, std::vector<Number>& all, std::size_t n, int divisor) {
    all.resize(n);
    for (Number& x : all) x = element<Number>(input, Palette::kThousandths) / static_cast<Number>(divisor);
  }

  Result run(bool shifted) const {
    const Exactly<T> hidden(hidden_.size(), shifted, hidden_.data()), weight(weight_.size(), !shifted, weight_.data());
    const Exactly<T> bias(bias_.size(), shifted, bias_.data());
    const Exactly<std::int32_t> targets(targets_.size(), shifted, targets_.data());
    const Exactly<std::int32_t> drawn(drawn_.size(), shifted, drawn_.data());
    const Exactly<double> target_correction(targets_.size(), shifted, target_correction_.data());
    const Exactly<double> drawn_correction(drawn_.size(), shifted, drawn_correction_.data());
    const Exactly<T> losses(rows_), of_hidden(hidden_.size(), shifted), of_weight(classes_ * depth_, shifted);
    const Exactly<T> of_bias(bias_.empty() ? 0 : classes_);
    const Exactly<double> reports(4 * rows_, shifted);
    const CandidateLayer<T> layer{hidden.get(), weight.get(), bias_.empty() ? nullptr : bias.get(),
                                  rows_,        2 * classes_, depth_};
    const Candidates candidates{ids_.data(),
                                classes_,
                                targets.get(),
                                several_,
                                drawn.get(),
                                n_,
                                own_,
                                target_correction.get(),
                                drawn_correction.get(),
                                partition_.empty() ? nullptr : partition_.data()};
    const CandidateResult<T> result{losses.get(), of_hidden.get(), of_weight.get(),
                                    bias_.empty() ? nullptr : of_bias.get(), reports.get()};
    if (candidate_loss(layer, candidates, options_, result).status != Status::kOk) report("", "refused", 0, 0, 0, 0);
    const auto all = [](const Exactly<T>& a) { return std::vector<T>(a.get(), a.get() + a.size()); };
    return {{all(losses), all(of_hidden), all(of_weight), all(of_bias)},
            {reports.get(), reports.get() + reports.size()}};
  }

  struct Term {
    std::int32_t position;
    Real a, error, g = 0, g_error = 0;
  };

  Term term(std::size_t r, std::int32_t position, Real correction) const {
    const std::size_t id = static_cast<std::size_t>(ids_[static_cast<std::size_t>(position)]);
    const Real bias = bias_.empty() ? Real(0) : Real(bias_[id]), part = partition_.empty() ? Real(0) : partition_[r];
    Real dot = 0, size = 0;
    for (std::size_t k = 0; k < depth_; ++k) {
      const Real product = Real(hidden_[r * depth_ + k]) * Real(weight_[id * depth_ + k]);
      dot += product;
      size += std::fabs(product);
    }
    const Real others = std::fabs(bias) + std::fabs(part) + std::fabs(correction);
    return {position, dot + bias - part - correction, kUlp * (Real(depth_ + 3) * size + 4 * (size + others))};
  }

  // The targets of a row, then its candidates that take part.
  std::vector<Term> terms_of(std::size_t r) const {
    std::vector<Term> terms;
    const std::int32_t* own = targets_.data() + r * several_;
    for (std::size_t t = 0; t < several_; ++t) {
      terms.push_back(term(r, own[t], target_correction_[r * several_ + t]));
    }
    for (std::size_t c = 0; c < n_; ++c) {
      const std::size_t at = own_ ? r * n_ + c : c;
      bool hit = false;
      for (std::size_t t = 0; t < several_; ++t) hit = hit || own[t] == drawn_[at];
      if (!hit || !options_.without_hits) terms.push_back(term(r, drawn_[at], drawn_correction_[at]));
    }
    return terms;
  }

  static Real softplus(Real x) { return std::fmax(x, Real(0)) + std::log1p(std::exp(-std::fabs(x))); }
  static Real sigma(Real x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }

  Bounded cross_entropy(std::vector<Term>& terms) const {
    const Real share = Real(1) / Real(several_), count = Real(terms.size());
    Real max = -std::numeric_limits<Real>::infinity(), sum = 0, worst = 0, mean = 0;
    for (const Term& t : terms) {
      max = std::fmax(max, t.a);
      worst = std::fmax(worst, t.error);
    }
    for (const Term& t : terms) sum += std::exp(t.a - max);
    for (std::size_t i = 0; i < several_; ++i) mean += terms[i].a * share;
    const Real log_sum = std::log(sum);
    for (std::size_t i = 0; i < terms.size(); ++i) {
      Term& t = terms[i];
      const Real p = std::exp(t.a - max - log_sum);
      // Of a single target p - 1 is the sum of the others.
      const bool alone = i == 0 && several_ == 1;
      Real others = 0;
      for (std::size_t j = 1; alone && j < terms.size(); ++j) others += std::exp(terms[j].a - max - log_sum);
      const Real rounded = 2 * worst + kUlp * (2 * std::fabs(t.a - max) + 2 * log_sum + std::log2(count + 1) + 12);
      t.g = alone ? -others : p - (i < several_ ? share : 0);
      t.g_error = (alone ? others : p) * rounded + kUlp * 2 * (i < several_ && !alone ? share : 0) + kLeast;
    }
    const Real size = std::fabs(max) + std::fabs(mean) + log_sum;
    return {max - mean + log_sum, 2 * worst + kUlp * (6 * size + log_sum * (8 + std::log2(count + 1)) + 4 * kLeast)};
  }

  Bounded logistic(std::vector<Term>& terms) const {
    const Real share = Real(1) / Real(several_);
    Bounded loss;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      Term& t = terms[i];
      const bool alone = several_ == 1 && i == 0;
      const Real label = i < several_ ? share : 0, s = alone ? -sigma(-t.a) : sigma(t.a);
      t.g = alone ? s : s - label;
      t.g_error = std::fabs(s) * (t.error + 6 * kUlp * (1 + std::fabs(t.a) * kUlp)) + 2 * kUlp * label + kLeast;
      const Real one = alone ? softplus(-t.a) : softplus(t.a);
      loss.value += alone ? one : one - label * t.a;
      loss.allowed += std::fabs(s) * t.error + label * t.error + 4 * kUlp * (one + label * std::fabs(t.a)) + kLeast;
    }
    return loss;
  }

  Bounded log_of(const std::vector<Real>& a, Real worst) const {
    Real max = -std::numeric_limits<Real>::infinity(), sum = 0;
    for (const Real x : a) max = std::fmax(max, x);
    if (std::isinf(max)) return {max, 0};
    for (const Real x : a) sum += std::exp(x - max);
    const Real value = max + std::log(sum), count = std::log(Real(a.size()));
    return {value, worst + kUlp * (8 + 2 * count + std::fabs(max) + std::fabs(value))};
  }

  void check(const Result& found) const {
    std::vector<Bounded> wanted[kParts];
    for (std::size_t part = 0; part < kParts; ++part) wanted[part].resize(found.parts[part].size());
    for (std::size_t r = 0; r < rows_; ++r) {
      std::vector<Term> terms = terms_of(r);
      wanted[0][r] = options_.logistic ? logistic(terms) : cross_entropy(terms);
      spread(r, terms, wanted);
      report_of(r, terms, found);
    }
    for (std::size_t part = 0; part < kParts; ++part) {
      for (std::size_t i = 0; i < wanted[part].size(); ++i)
        near(kNames[part], i, found.parts[part][i], wanted[part][i]);
    }
  }

  void spread(std::size_t r, const std::vector<Term>& terms, std::vector<Bounded>* wanted) const {
    // Sums over a row's terms, and over the rows.
    const Real sums = kUlp * Real(terms.size() + rows_ * (n_ + several_) + 8);
    for (const Term& t : terms) {
      const std::size_t position = static_cast<std::size_t>(t.position), id = static_cast<std::size_t>(ids_[position]);
      const Real g = Real(options_.factor) * t.g;
      const Real error = std::fabs(Real(options_.factor)) * (t.g_error + sums * std::fabs(t.g)) + kLeast;
      const auto add = [&](Bounded& to, Real by) {
        to.value += g * by;
        to.allowed += error * std::fabs(by) + kLeast;
      };
      for (std::size_t k = 0; k < depth_; ++k) {
        add(wanted[1][r * depth_ + k], weight_[id * depth_ + k]);
        add(wanted[2][position * depth_ + k], hidden_[r * depth_ + k]);
      }
      if (!bias_.empty()) add(wanted[3][position], 1);
    }
  }

  void report_of(std::size_t r, const std::vector<Term>& terms, const Result& found) const {
    std::vector<Real> once, twice, own;
    Real worst = 0;
    Bounded sum;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const Term& t = terms[i];
      worst = std::fmax(worst, t.error);
      sum.value += t.g;
      sum.allowed += t.g_error + 2 * kUlp * std::fabs(t.g);
      if (i < several_) own.push_back(t.a + target_correction_[r * several_ + i]);
      if (i >= several_) once.push_back(t.a);
      if (i >= several_) twice.push_back(2 * t.a);
    }
    const double* got = found.reports.data() + 4 * r;
    near("log sum e^a", r, got[0], log_of(once, worst));
    near("log sum e^2a", r, got[1], log_of(twice, 2 * worst));
    near("sum of the gradient", r, got[2], sum);
    near("log sum of the targets", r, got[3], log_of(own, worst));
  }

  template <class Number>
  void near(const char* what, std::size_t i, Number got, const Bounded& wanted) const {
    if (Real(got) == wanted.value) return;
    const Real allowed = wanted.allowed + kUlp * std::fabs(wanted.value) + kLeast;
    if (!(std::fabs(Real(got) - wanted.value) <= allowed)) report("", what, i, got, wanted.value, allowed);
  }

  [[noreturn]] void report(const char* table, const char* what, std::size_t i, Real got, Real wanted,
                           Real allowed) const {
    wrong(
        "%s candidate_loss %s, %zu x %zu, %zu classes, %zu targets, %zu candidates, own %d, logistic %d, without hits "
        "%d, "
        "factor %g, biased %d, partition %d, %zu threads: %s %zu is %.17Lg, not %.17Lg, allowed %.3Lg",
        table, type_name<T>(), rows_, depth_, classes_, several_, n_, own_, options_.logistic, options_.without_hits,
        options_.factor, !bias_.empty(), !partition_.empty(), threads_, what, i, got, wanted, allowed);
  }

  std::size_t rows_, classes_, depth_, several_, n_;
  bool own_;
  CandidateOptions options_;
  std::vector<std::int32_t> ids_, targets_, drawn_;
  std::vector<T> hidden_, weight_, bias_;
  std::vector<double> target_correction_, drawn_correction_, partition_;
  std::size_t threads_ = 1;
  bool shifted_ = false;
};

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    CandidateCase<float>(input).test();
  } else {
    CandidateCase<double>(input).test();
  }
}

}  // namespace softmax_native::test
