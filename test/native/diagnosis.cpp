// The fields of a diagnosis against exact values over hard rows, and its error bound against the errors that softmax in
// fact has: never below them, and not far above.
#include <cmath>
#include <limits>
#include <vector>

#include "exact.hpp"
#include "hard_rows.hpp"
#include "operation_cases.hpp"
#include "runner.hpp"
#include "tolerances.hpp"

namespace softmax_native::test {
namespace {

constexpr double kBetas[] = {1, 0.7, -2, 30, 1e-10, 1e10};

// ulp of float64 of the exact value; a subnormal one may be off by what its terms are.
double ulps(double got, Quad exact, double more = 0) {
  return std::fabs(double((Quad(got) - exact) / Quad(ulp_of<double>(double(exact)) + more)));
}

// The greatest eigenvalue of diag(e) / S - e e^T / S^2 by bisection of det = 0 as a secular equation, in 113 bits.
template <class T>
Quad exact_norm(const ExactRow<T>& exact) {
  if (exact.maxima() > 1) return 1 / exact.sum();
  std::vector<Quad> e;
  Quad second = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    if (exact.exponent(i) == 0) continue;
    e.push_back(exact_exp(exact.exponent(i)));
    if (e.back() > second) second = e.back();
  }
  if (second == 0) return 0;
  // y = second + t; both sides of 1 / (1 - y) = sum e / (y - e) are positive, and their difference grows with t.
  Quad low = 0, high = 1 - second;
  for (int i = 0; i < 2200; ++i) {
    const Quad t = (low + high) / 2;
    Quad sum = 0;
    for (const Quad& v : e) sum += v / (t + (second - v));
    (1 / (1 - second - t) > sum ? high : low) = t;
    if (high - low < Quad(1e-25) * (low + second)) break;
  }
  return (second + low) / exact.sum();
}

template <class T>
class DiagnosisTest {
 public:
  void test(const HardRow& row, const std::vector<T>& x, double beta) {
    row_ = &row;
    n_ = x.size();
    beta_ = beta;
    const ExactRow<T> exact(x.data(), n_, beta);
    const Logits<T> logits = one_row(x.data(), n_, beta, NonFinite::kLimit);
    // float32 holds these scales.
    CHECK(diagnose(logits, false, field_).status == Status::kOk);
    const Quad sum = exact.sum(), below = exact.below(), ties = exact.maxima();
    Quad mixed = 0, nearest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < n_; ++i) {
      const Quad e = exact.power(i), d = -exact.exponent(i);
      mixed += d == 0 ? (below + (ties - 1)) / sum / sum : e / sum * ((sum - e) / sum);
      if (d > 0 && d < nearest) nearest = d;
    }
    const double most = std::numeric_limits<double>::max();
    see(kTies, field_[kTies] == double(ties) ? 0 : 1, 0);
    see(kGap, double(nearest) > most ? 0 : ulps(field_[kGap], nearest), 2);
    see(kPMax, ulps(field_[kPMax], 1 / sum), tolerance::kDiagnosis);
    const double least = std::numeric_limits<double>::min();
    const Quad rest = below + (ties - 1);
    see(kOneMinusPMax, ulps(field_[kOneMinusPMax], rest / sum, least), tolerance::kDiagnosis);
    const Quad spread = below == 0 ? Quad(0) : Quad(exact.spread(below)) * below / sum;
    const Quad entropy = exact.log_rest() + spread;
    see(kEntropy, ulps(field_[kEntropy], entropy, least), tolerance::kDiagnosis);
    see(kEffectiveClasses, ulps(field_[kEffectiveClasses], exact_exp(entropy)), tolerance::kDiagnosis);
    see(kJacobianTrace, ulps(field_[kJacobianTrace], std::fabs(beta) * mixed, least), tolerance::kDiagnosis);
    if (n_ <= 300) {
      const Quad norm = std::fabs(beta) * exact_norm(exact);
      see(kJacobianNorm, ulps(field_[kJacobianNorm], norm, least * std::fabs(beta)),
          tolerance::kJacobianNorm / 0x1p-53);
    }
    suggest(exact, mixed, nearest);
    bound(exact, logits);
  }

  // The bound against the worst error of all rows of a kind and length.
  void close() {
    if (worst_ > 0) {
      const double ratio = most_bound_ / worst_;
      share_.see(1 / ratio, double(n_));
      // Results that are all the nearest there are leave nothing to be bounded (half an ulp; rows that are computed in
      // float64 and rounded never have more).
      const bool rounded = sizeof(T) == sizeof(float) && n_ <= 8;
      const bool exact = worst_ < (rounded ? 0.2 : 0.5) * double(std::numeric_limits<T>::epsilon());
      if (!exact) ratio_.see(ratio, double(n_));
      if (!exact && !(ratio <= tolerance::kErrorBound)) report("error bound too wide", most_bound_, worst_);
    }
    worst_ = most_bound_ = 0;
  }

  void print() const {
    const char* names[] = {
        "max",           "gap",          "ties",      "pMax",          "oneMinusPMax", "entropy", "effectiveClasses",
        "jacobianTrace", "jacobianNorm", "saturated", "suggestedScale"};
    for (std::size_t f = 0; f < std::size(names); ++f) {
      if (seen_[f].error > 0)
        note("%s %s: at most %.2f (n %.0f)", names[f], type_name<T>(), seen_[f].error, seen_[f].at);
    }
    note("relativeErrorBound %s: errors up to %.0f %% of it (n %.0f), in a group of rows at least 1/%.1f (n %.0f)",
         type_name<T>(), 100 * used_.error, used_.at, ratio_.error, ratio_.at);
  }

 private:
  void see(DiagnosisField field, double error, double allowed) {
    seen_[field].see(error, double(n_));
    if (!(error <= allowed)) report("field", field, error);
  }

  void suggest(const ExactRow<T>& exact, Quad mixed, Quad nearest) {
    const bool some = nearest < Quad(std::numeric_limits<double>::max());
    const bool saturated = some && mixed < 1e-3;
    if (std::fabs(double(mixed) - 1e-3) > 1e-12) see(kSaturated, field_[kSaturated] == (saturated ? 1 : 0) ? 0 : 1, 0);
    const double c = field_[kSuggestedScale];
    if (!saturated) return see(kSuggestedScale, c == 1 ? 0 : 1, 0);
    long double others = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      if (exact.exponent(i) != 0) others += fast_exp(Quad(c) * exact.exponent(i));
    }
    see(kSuggestedScale, double(std::fabs(others * 9 - 1)), 10 * tolerance::kSuggestedScale);
  }

  void bound(const ExactRow<T>& exact, const Logits<T>& logits) {
    out_.resize(n_);
    softmax(logits, out_.data());
    double worst = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      const Quad p = exact.softmax(i);
      if (p < Quad(std::numeric_limits<T>::min())) continue;
      const double error = std::fabs(double((Quad(out_[i]) - p) / p));
      worst = error > worst ? error : worst;
    }
    used_.see(worst / field_[kRelativeErrorBound], double(n_));
    if (!(worst <= field_[kRelativeErrorBound])) report("error bound exceeded", field_[kRelativeErrorBound], worst);
    worst_ = std::fmax(worst, worst_);
    most_bound_ = std::fmax(field_[kRelativeErrorBound], most_bound_);
  }

  void report(const char* what, double got, double wanted) const {
    fail("%s, %s, n %zu, beta %g: %s %.17g, %.17g", row_->name, type_name<T>(), n_, beta_, what, got, wanted);
  }

  const HardRow* row_ = nullptr;
  std::size_t n_ = 0;
  double beta_ = 1, worst_ = 0, most_bound_ = 0;
  double field_[kDiagnosisFields];
  Worst seen_[kDiagnosisFields], used_, share_, ratio_;
  std::vector<T> out_;
};

template <class T>
void test_rows() {
  Random random(seed());
  DiagnosisTest<T> test;
  for (const HardRow& row : kHardRows) {
    for (const std::size_t n : {1, 2, 3, 8, 9, 33, 64, 65, 100, 300, 1000, 4096, 4097, 20000}) {
      for (int draw = 0; draw < (n < 20 ? 20 : n < 1000 ? 3 : 1); ++draw) {
        const std::vector<T> x = hard_row<T>(row, n, random);
        for (const double beta : kBetas) {
          if (n < 300 || beta == 1 || beta == -2) test.test(row, x, beta);
        }
      }
      test.close();
    }
  }
  test.print();
}

TEST(rows_float32) { test_rows<float>(); }
TEST(rows_float64) { test_rows<double>(); }

// A scale that float32 cannot hold: softmax is computed in float64 and rounded.
TEST(a_scale_beyond_float32) {
  Random random(seed());
  for (const double scale : {1e-30, 1e30, -1e-25}) {
    std::vector<float> x(100);
    std::vector<double> wide(x.size()), p(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      wide[i] = x[i] = static_cast<float>(3 * random.normal() / std::fabs(scale));
    double field[kDiagnosisFields];
    diagnose(one_row(x.data(), x.size(), scale, NonFinite::kLimit), true, field);
    softmax(one_row(wide.data(), x.size(), scale, NonFinite::kLimit), p.data());
    const ExactRow<float> exact(x.data(), x.size(), scale);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Quad y = exact.softmax(i);
      if (y < Quad(std::numeric_limits<float>::min())) continue;
      worst = std::fmax(worst, std::fabs(double((Quad(static_cast<float>(p[i])) - y) / y)));
    }
    CHECK(worst <= field[kRelativeErrorBound]);
    CHECK(field[kRelativeErrorBound] <= 2 * worst);
  }
}

}  // namespace
}  // namespace softmax_native::test
