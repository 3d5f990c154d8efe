// Diagnoses of finite rows against their definitions in long double; and their error bound against the errors that
// softmax in fact has.
#include "../../../native/operations/diagnose.hpp"
#include "../../../native/operations/softmax.hpp"
#include "../exact.hpp"
#include "../kernel_cases.hpp"
#include "../tolerances.hpp"
#include "layouts.hpp"

namespace softmax_native::test {
namespace {

using Real = long double;

template <class T>
class DiagnosisCase {
 public:
  explicit DiagnosisCase(Input& input)
      : logits_(input, layout_of(input, 1500), input.one_of(kFiniteBeta), true), n_(logits_.layout.n) {
    logits_.rule = NonFinite::kLimit;
    for (T& z : logits_.z) z = std::fmax(T(-1e4), std::fmin(T(1e4), z));
  }

  void test() {
    const std::size_t rows = logits_.layout.rows();
    const Exactly<T> z(logits_.z.size(), true, logits_.z.data()), p(z.size());
    const Exactly<std::uint8_t> mask(logits_.mask.size(), true, logits_.mask.data());
    const Exactly<double> fields(rows * kDiagnosisFields);
    diagnose(logits_.at(z.get(), mask.get()), false, fields.get());
    softmax(logits_.at(z.get(), mask.get()), p.get());
    for (std::size_t r = 0; r < rows; ++r) check(r, fields.get() + r * kDiagnosisFields, p);
  }

 private:
  void check(std::size_t r, const double* field, const Exactly<T>& p) {
    row_ = r;
    const Real beta = logits_.beta;
    std::vector<Real> d;
    std::vector<std::size_t> places;
    Real max = -std::numeric_limits<Real>::infinity();
    for (std::size_t j = 0; j < n_; ++j) {
      if (!logits_.takes_part(r, j)) continue;
      places.push_back(logits_.place(r, j));
      d.push_back((beta < 0 ? -1 : 1) * Real(logits_.z[places.back()]));
      max = std::fmax(max, d.back());
    }
    if (d.empty()) return;
    Real below = 0, ties = 0, gap = std::numeric_limits<Real>::infinity(), spread = 0;
    for (Real& v : d) {
      v = std::fabs(beta) * (max - v);
      ties += v == 0 ? 1 : 0;
      below += v == 0 ? 0 : std::exp(-v);
      spread += v * std::exp(-v);
      if (v > 0) gap = std::fmin(gap, v);
    }
    const Real sum = below + ties, rest = below + (ties - 1);
    Real mixed = 0;
    for (const Real v : d) {
      const Real e = std::exp(-v);
      mixed += e / sum * (v == 0 ? rest / sum : (sum - e) / sum);
    }
    const Real entropy = std::log1p(rest) + spread / sum;
    number("ties", field[kTies], ties, 0);
    if (std::isfinite(gap)) number("gap", field[kGap], gap, 2);
    number("pMax", field[kPMax], 1 / sum, tolerance::kDiagnosis);
    number("oneMinusPMax", field[kOneMinusPMax], rest / sum, tolerance::kDiagnosis);
    number("entropy", field[kEntropy], entropy, tolerance::kDiagnosis);
    number("effectiveClasses", field[kEffectiveClasses], std::exp(entropy), tolerance::kDiagnosis);
    number("jacobianTrace", field[kJacobianTrace], std::fabs(beta) * mixed, tolerance::kDiagnosis);
    // The norm of diag(p) - p p' lies between its greatest diagonal element and twice that, and below its trace.
    const Real most = std::fabs(beta) * mixed * (1 + 1e-12L) + std::numeric_limits<double>::min();
    const bool fits = field[kJacobianNorm] >= 0 && Real(field[kJacobianNorm]) <= most;
    if (!fits) report("jacobianNorm", field[kJacobianNorm], double(most));
    Real worst = 0;
    for (std::size_t i = 0; i < d.size(); ++i) {
      const Real exact = std::exp(-d[i]) / sum;
      if (exact < Real(std::numeric_limits<T>::min())) continue;
      // Long double has errors of its own.
      const Real own = (2 * d[i] + 4) * std::numeric_limits<Real>::epsilon();
      worst = std::fmax(worst, std::fabs((Real(p[places[i]]) - exact) / exact) - own);
    }
    if (!(worst <= Real(field[kRelativeErrorBound]))) {
      report("relativeErrorBound", field[kRelativeErrorBound], double(worst));
    }
  }

  void number(const char* what, double got, Real wanted, double allowed) const {
    const Real least = std::numeric_limits<double>::min();
    const Real error = std::fabs(Real(got) - wanted) / (Real(ulp_of<double>(double(wanted))) + least);
    if (!(error <= Real(allowed))) report(what, got, double(wanted));
  }

  [[noreturn]] void report(const char* what, double got, double wanted) const {
    const Layout& l = logits_.layout;
    wrong("diagnose %s, [%zu, %zu, %zu], beta %g, masked %d, row %zu: %s %.17g, not %.17g", type_name<T>(), l.outer,
          l.n, l.inner, logits_.beta, logits_.masked, row_, what, got, wanted);
  }

  AnyLogits<T> logits_;
  std::size_t n_, row_ = 0;
};

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    DiagnosisCase<float>(input).test();
  } else {
    DiagnosisCase<double>(input).test();
  }
}

}  // namespace softmax_native::test
