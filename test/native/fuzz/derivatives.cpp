// Products with the derivatives, and the Jacobians, against the formulas in long double, within the published bounds.
#include "../operation_cases.hpp"
#include "../tolerances.hpp"
#include "layouts.hpp"

namespace softmax_native::test {
namespace {

using Real = long double;

template <class T>
class DerivativeCase {
 public:
  explicit DerivativeCase(Input& input)
      : logits_(input, layout_of(input, 1500), input.one_of(kFiniteBeta), true), n_(logits_.layout.n),
        g_(logits_.z.size()) {
    logits_.rule = NonFinite::kLimit;
    // Sizes whose products with one another are normal numbers.
    const Palette kind = input.flip() ? Palette::kThousandths : Palette::kHundreds;
    for (T& g : g_) g = element<T>(input, kind);
    for (T& z : logits_.z) z = std::fmax(T(-1e4), std::fmin(T(1e4), z));
    beta_ = logits_.beta;
  }

  void test() {
    const Exactly<T> z(logits_.z.size(), true, logits_.z.data()), g(g_.size(), false, g_.data());
    const Exactly<std::uint8_t> mask(logits_.mask.size(), true, logits_.mask.data());
    const Logits<T> logits = logits_.at(z.get(), mask.get());
    const Exactly<T> p(z.size()), l(z.size(), true), out(z.size(), true);
    softmax(logits, p.get());
    log_softmax(logits, l.get());
    const auto at = [&](const Exactly<T>& array) { return logits_.at(array.get(), mask.get()); };
    softmax_vjp(at(p), g.get(), out.get());
    each_row([&](std::size_t r) { of_softmax(r, p, out); });
    log_softmax_vjp(at(l), g.get(), out.get());
    each_row([&](std::size_t r) { of_log_softmax(r, l, out, true); });
    log_softmax_jvp(at(l), g.get(), out.get());
    each_row([&](std::size_t r) { of_log_softmax(r, l, out, false); });
    softmax_beta_gradient(logits, out.get());
    each_row([&](std::size_t r) { of_beta(r, out); });
    if (n_ * z.size() <= 20000) jacobians(logits);
  }

 private:
  static constexpr Real kUnit = std::numeric_limits<T>::epsilon() / 2, kLeast = std::numeric_limits<T>::denorm_min();

  template <class Check>
  void each_row(const Check& check) {
    for (std::size_t r = 0; r < logits_.layout.rows(); ++r) check(r);
  }
  Real g(std::size_t r, std::size_t j) const { return g_[logits_.place(r, j)]; }
  // A factor that underflows is off by the least subnormal, which is then multiplied; so are the terms of a sum.
  Real least(Real by) const { return kLeast * (std::fabs(by) + Real(n_)) * Real(1 + std::fabs(beta_)); }

  void of_softmax(std::size_t r, const Exactly<T>& p, const Exactly<T>& out) const {
    Real center = 0, sizes = 0;
    for (std::size_t j = 0; j < n_; ++j) {
      if (!logits_.takes_part(r, j)) continue;
      center += p[logits_.place(r, j)] * g(r, j);
      sizes += p[logits_.place(r, j)] * std::fabs(g(r, j));
    }
    for (std::size_t j = 0; j < n_; ++j) {
      const std::size_t i = logits_.place(r, j);
      const Real mine = logits_.takes_part(r, j) ? p[i] : Real(0), t = g(r, j) - center;
      const Real allowed = tolerance::kSoftmaxVjp * kUnit * std::fabs(beta_) * mine * (std::fabs(t) + sizes);
      check("softmax_vjp", r, j, out[i], beta_ * mine * t, allowed + least(t));
    }
  }

  void of_log_softmax(std::size_t r, const Exactly<T>& l, const Exactly<T>& out, bool transposed) const {
    Real sum = 0, sizes = 0;
    const auto counts = [&](std::size_t j) {
      return logits_.takes_part(r, j) && l[logits_.place(r, j)] != -std::numeric_limits<T>::infinity();
    };
    const auto p = [&](std::size_t j) { return std::exp(Real(l[logits_.place(r, j)])); };
    for (std::size_t j = 0; j < n_; ++j) {
      if (!counts(j)) continue;
      sum += transposed ? g(r, j) : p(j) * g(r, j);
      sizes += transposed ? std::fabs(g(r, j)) : p(j) * std::fabs(g(r, j));
    }
    for (std::size_t j = 0; j < n_; ++j) {
      const Real share = transposed ? p(j) : Real(1), t = counts(j) ? g(r, j) - share * sum : Real(0);
      const double units = transposed ? tolerance::kLogSoftmaxVjp : tolerance::kLogSoftmaxJvp;
      const Real allowed = units * kUnit * std::fabs(beta_) * (std::fabs(t) + share * sizes);
      check(transposed ? "log_softmax_vjp" : "log_softmax_jvp", r, j, out[logits_.place(r, j)], beta_ * t,
            allowed + least(sizes));
    }
  }

  struct Row {
    std::vector<Real> p, d, error;  // the error of p, in ulp
  };
  Row exact(std::size_t r) const {
    Row row{std::vector<Real>(n_), std::vector<Real>(n_), std::vector<Real>(n_)};
    Real max = -std::numeric_limits<Real>::infinity(), sum = 0;
    for (std::size_t j = 0; j < n_; ++j) {
      if (logits_.takes_part(r, j)) max = std::fmax(max, (beta_ < 0 ? -1 : 1) * Real(logits_.z[logits_.place(r, j)]));
    }
    for (std::size_t j = 0; j < n_; ++j) {
      if (!logits_.takes_part(r, j)) continue;
      row.d[j] = Real(logits_.z[logits_.place(r, j)]) - (beta_ < 0 ? -max : max);
      sum += row.p[j] = std::exp(Real(beta_) * row.d[j]);
    }
    for (std::size_t j = 0; j < n_; ++j) {
      row.p[j] /= sum == 0 ? 1 : sum;
      if (row.p[j] != 0) row.error[j] = tolerance::softmax(n_, double(std::log(row.p[j])));
    }
    return row;
  }

  void of_beta(std::size_t r, const Exactly<T>& out) const {
    const Row row = exact(r);
    Real mean = 0, mean_error = 0;
    for (std::size_t j = 0; j < n_; ++j) {
      mean += row.p[j] * row.d[j];
      mean_error += (row.p[j] * (row.error[j] + 3) + kLeast / kUnit) * std::fabs(row.d[j]);
    }
    for (std::size_t j = 0; j < n_; ++j) {
      const Real t = row.d[j] - mean;
      const Real allowed = 2 * kUnit * row.p[j] * ((row.error[j] + 3) * std::fabs(t) + mean_error);
      check("softmax_beta_gradient", r, j, out[logits_.place(r, j)], row.p[j] * t,
            allowed + kLeast * (2 + std::fabs(t)));
    }
  }

  // Elements in ulp: of p_i p_j as those of both; on the diagonal 1 - p_i as the sum of the others.
  void jacobians(const Logits<T>& logits) const {
    const Exactly<T> of_p(n_ * logits_.z.size()), of_log(of_p.size());
    softmax_jacobian(logits, of_p.get());
    log_softmax_jacobian(logits, of_log.get());
    for (std::size_t r = 0; r < logits_.layout.rows(); ++r) {
      const Row row = exact(r);
      for (std::size_t i = 0; i < n_; ++i) {
        Real others = 0, others_error = 0;
        for (std::size_t j = 0; j < n_; ++j) {
          others += j == i ? 0 : row.p[j];
          others_error = j == i ? others_error : std::fmax(others_error, row.p[j] == 0 ? 0 : row.error[j]);
        }
        for (std::size_t j = 0; j < n_; ++j) {
          const std::size_t at = (r * n_ + i) * n_ + j;
          const Real by = i == j ? others : -row.p[j], error = (i == j ? others_error + 3 : row.error[j]) + 4;
          const bool counts = logits_.takes_part(r, i) && logits_.takes_part(r, j);
          const Real wanted = counts ? beta_ * row.p[i] * by : 0;
          const Real of_both = 2 * kUnit * (row.error[i] + error);
          check("softmax_jacobian", r, i * n_ + j, of_p[at], wanted, of_both * std::fabs(wanted) + least(1));
          const Real of_logarithm = counts ? beta_ * by : 0;
          check("log_softmax_jacobian", r, i * n_ + j, of_log[at], of_logarithm,
                2 * kUnit * error * std::fabs(of_logarithm) + least(1));
        }
      }
    }
  }

  void check(const char* what, std::size_t r, std::size_t j, T got, Real wanted, Real allowed) const {
    if (std::fabs(Real(got) - wanted) <= allowed) return;
    const Layout& l = logits_.layout;
    wrong("%s %s, [%zu, %zu, %zu], beta %g, masked %d: row %zu, %zu is %.17g, not %.17g, allowed %.3g", what,
          type_name<T>(), l.outer, l.n, l.inner, beta_, logits_.masked, r, j, double(got), double(wanted),
          double(allowed));
  }

  AnyLogits<T> logits_;
  std::size_t n_;
  double beta_ = 1;
  std::vector<T> g_;
};

}  // namespace

void fuzz(Input& input) {
  if (input.flip()) {
    DerivativeCase<float>(input).test();
  } else {
    DerivativeCase<double>(input).test();
  }
}

}  // namespace softmax_native::test
