// Derivatives against exact values over hard rows: the documented bounds of tolerances.hpp, and for what is made from a
// softmax of its own the bound that follows from softmax's.
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

constexpr double kBetas[] = {1, 0.7, -2, 30};
constexpr std::size_t kLengths[] = {1, 2, 3, 7, 8, 10, 33, 64, 65, 100, 1000, 4096, 4097, 20000};

Quad size_of(Quad x) { return x < 0 ? -x : x; }

// The largest error as a part of what is allowed.
struct Share {
  const char* what;
  Worst worst;

  template <class T>
  void see(Quad got, Quad wanted, Quad allowed, const HardRow& row, std::size_t n, double beta) {
    // Underflow costs the least subnormal or two.
    const Quad error = size_of(got - wanted), least = 4 * Quad(std::numeric_limits<T>::denorm_min());
    const double share = static_cast<double>(error / (allowed + least));
    worst.see(share, double(n));
    if (share <= 1) return;
    fail("%s %s, %s, n %zu, beta %g: %.9g, not %.9g: %.3f of what is allowed", what, type_name<T>(), row.name, n, beta,
         double(got), double(wanted), share);
  }
  void print(const char* type) const {
    note("%s %s: %.0f %% of what is allowed (n %.0f)", what, type, 100 * worst.error, worst.at);
  }
};

template <class T>
class ProductAccuracy {
 public:
  static constexpr double kUnit = std::numeric_limits<T>::epsilon() / 2;

  void test(const HardRow& row, std::size_t n, double beta, Random& random) {
    row_ = &row;
    n_ = n;
    beta_ = beta;
    const std::vector<T> z = hard_row<T>(row, n, random);
    // Gradients of ordinary size, and of ranges as wide as the logits of some hard row.
    std::vector<T> g = random.chance(0.5) ? hard_row<T>(kHardRows[random.below(std::size(kHardRows))], n, random)
                                          : hard_row<T>(kHardRows[1], n, random);
    std::vector<T> p(n), l(n), out(n);
    softmax(one_row(z.data(), n, beta, NonFinite::kLimit), p.data());
    log_softmax(one_row(z.data(), n, beta, NonFinite::kLimit), l.data());
    of_softmax(p, g, out);
    of_log_softmax(l, g, out);
  }

  void print() const {
    for (const Share* share : {&vjp_, &log_vjp_, &log_jvp_}) share->print(type_name<T>());
  }

 private:
  void of_softmax(const std::vector<T>& p, const std::vector<T>& g, std::vector<T>& out) {
    Quad center = 0, sizes = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      center += Quad(p[i]) * Quad(g[i]);
      sizes += Quad(p[i]) * size_of(Quad(g[i]));
    }
    softmax_vjp(one_row(p.data(), n_, beta_, NonFinite::kLimit), g.data(), out.data());
    for (std::size_t i = 0; i < n_; ++i) {
      const Quad scale = Quad(std::fabs(beta_)) * Quad(p[i]), t = Quad(g[i]) - center;
      const Quad allowed = tolerance::kSoftmaxVjp * kUnit * scale * (size_of(t) + sizes);
      vjp_.see<T>(Quad(out[i]), Quad(beta_) * Quad(p[i]) * t, allowed + least(t), *row_, n_, beta_);
    }
  }

  void of_log_softmax(const std::vector<T>& l, const std::vector<T>& g, std::vector<T>& out) {
    std::vector<Quad> p(n_);
    Quad sum = 0, sizes = 0, center = 0, center_sizes = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      p[i] = Quad(fast_exp(Quad(l[i])));
      if (p[i] == 0 && l[i] == -std::numeric_limits<T>::infinity()) continue;
      sum += Quad(g[i]);
      sizes += size_of(Quad(g[i]));
      center += p[i] * Quad(g[i]);
      center_sizes += p[i] * size_of(Quad(g[i]));
    }
    const Quad size = Quad(std::fabs(beta_)) * kUnit;
    const Logits<T> point = one_row(l.data(), n_, beta_, NonFinite::kLimit);
    const auto takes_part = [&](std::size_t i) { return l[i] != -std::numeric_limits<T>::infinity(); };
    log_softmax_vjp(point, g.data(), out.data());
    for (std::size_t i = 0; i < n_; ++i) {
      const Quad t = takes_part(i) ? Quad(g[i]) - p[i] * sum : Quad(0);
      const Quad allowed = tolerance::kLogSoftmaxVjp * size * (size_of(t) + p[i] * sizes);
      log_vjp_.see<T>(Quad(out[i]), Quad(beta_) * t, allowed + least(sum), *row_, n_, beta_);
    }
    log_softmax_jvp(point, g.data(), out.data());
    for (std::size_t i = 0; i < n_; ++i) {
      const Quad t = takes_part(i) ? Quad(g[i]) - center : Quad(0);
      const Quad allowed = tolerance::kLogSoftmaxJvp * size * (size_of(t) + center_sizes);
      log_jvp_.see<T>(Quad(out[i]), Quad(beta_) * t, allowed + least(sizes), *row_, n_, beta_);
    }
  }

  // A factor that underflows is off by half the least subnormal, which is then multiplied; so are the terms of a sum.
  Quad least(Quad by) const {
    return Quad(std::numeric_limits<T>::denorm_min()) * (size_of(by) + Quad(n_)) * Quad(1 + std::fabs(beta_));
  }

  const HardRow* row_ = nullptr;
  std::size_t n_ = 0;
  double beta_ = 1;
  Share vjp_{"softmax_vjp", {}}, log_vjp_{"log_softmax_vjp", {}}, log_jvp_{"log_softmax_jvp", {}};
};

// What is made from logits: allowed is what softmax's own errors make of it.
template <class T>
class DerivativeAccuracy {
 public:
  static constexpr double kUlp = std::numeric_limits<T>::epsilon();
  const Quad kLeast = Quad(std::numeric_limits<T>::denorm_min());

  void test(const HardRow& row, std::size_t n, double beta, Random& random) {
    const std::vector<T> z = hard_row<T>(row, n, random);
    const ExactRow<T> exact(z.data(), n, beta);
    const Logits<T> logits = one_row(z.data(), n, beta, NonFinite::kLimit);
    std::vector<Quad> p(n), error(n);
    for (std::size_t i = 0; i < n; ++i) {
      p[i] = exact.softmax(i);
      // Relative, in ulp.
      error[i] = p[i] == 0 ? Quad(0) : Quad(tolerance::softmax(n, double(exact.log_softmax(i))));
    }
    std::vector<T> out(n);
    const T g = static_cast<T>(random.normal());
    log_sum_exp_vjp(logits, &g, out.data());
    for (std::size_t i = 0; i < n; ++i) {
      const Quad wanted = Quad(beta) * p[i] * Quad(g);
      const Quad underflow = kLeast * size_of(Quad(beta) * Quad(g));
      lse_.see<T>(Quad(out[i]), wanted, (error[i] + 1) * kUlp * size_of(wanted) + underflow, row, n, beta);
    }
    // d, the difference from the maximum, is rounded, and so are its products.
    Quad mean = 0, mean_error = 0;
    const auto difference = [&](std::size_t i) { return exact.exponent(i) / Quad(beta); };
    for (std::size_t i = 0; i < n; ++i) {
      mean += p[i] * difference(i);
      mean_error += (p[i] * (error[i] + 3) + kLeast / kUlp) * size_of(difference(i));
    }
    softmax_beta_gradient(logits, out.data());
    for (std::size_t i = 0; i < n; ++i) {
      const Quad t = difference(i) - mean;
      const Quad underflow = kLeast * size_of(t);
      const Quad allowed = kUlp * p[i] * ((error[i] + 3) * size_of(t) + mean_error) + underflow;
      beta_.see<T>(Quad(out[i]), p[i] * t, allowed, row, n, beta);
    }
    if (n <= 100) jacobians(row, logits, p, error);
  }

  void print() const {
    for (const Share* share : {&lse_, &beta_, &jacobian_, &log_jacobian_}) share->print(type_name<T>());
  }

 private:
  void jacobians(const HardRow& row, const Logits<T>& logits, const std::vector<Quad>& p,
                 const std::vector<Quad>& error) {
    const std::size_t n = p.size();
    std::vector<T> of(n * n), of_log(n * n);
    softmax_jacobian(logits, of.data());
    log_softmax_jacobian(logits, of_log.data());
    for (std::size_t i = 0; i < n; ++i) {
      Quad others = 0, others_error = 0;
      for (std::size_t j = 0; j < n; ++j) {
        if (j == i) continue;
        others += p[j];
        others_error += p[j] * (error[j] + 3);
      }
      // By subtraction where p is small.
      if (p[i] < Quad(0.75)) others_error += p[i] * error[i] + others;
      for (std::size_t j = 0; j < n; ++j) {
        const Quad factor = i == j ? others : -p[j], beta = Quad(logits.beta);
        const Quad factor_error = i == j ? others_error : p[j] * error[j];
        const Quad rounding = 2 * size_of(factor);
        const Quad allowed = kUlp * size_of(beta) * (factor_error + rounding);
        const Quad underflow = 4 * kLeast * (1 + size_of(beta));
        jacobian_.see<T>(Quad(of[i * n + j]), beta * p[i] * factor,
                         allowed * p[i] + kUlp * error[i] * size_of(beta * p[i] * factor) + underflow, row, n,
                         logits.beta);
        log_jacobian_.see<T>(Quad(of_log[i * n + j]), beta * factor, allowed + underflow, row, n, logits.beta);
      }
    }
  }

  Share lse_{"log_sum_exp_vjp", {}}, beta_{"softmax_beta_gradient", {}}, jacobian_{"softmax_jacobian", {}};
  Share log_jacobian_{"log_softmax_jacobian", {}};
};

template <class Accuracy>
void test_rows() {
  Random random(seed());
  Accuracy accuracy;
  for (const HardRow& row : kHardRows) {
    for (const std::size_t n : kLengths) {
      for (const double beta : kBetas) {
        if (n < 4000 || beta == 1) accuracy.test(row, n, beta, random);
      }
    }
  }
  accuracy.print();
}

TEST(products_float32) { test_rows<ProductAccuracy<float>>(); }
TEST(products_float64) { test_rows<ProductAccuracy<double>>(); }
TEST(derivatives_at_logits_float32) { test_rows<DerivativeAccuracy<float>>(); }
TEST(derivatives_at_logits_float64) { test_rows<DerivativeAccuracy<double>>(); }

// Saturation: the trace for z = 64 [1, 2, 3], of which 1 - p by subtraction leaves nothing. To 60 digits, the golden
// value is 3.207621781097275706e-28.
template <class T>
void test_saturation() {
  const T z[] = {T(64), T(128), T(192)};
  T matrix[9];
  softmax_jacobian(one_row(z, 3, 1, NonFinite::kLimit), matrix);
  const double trace = double(matrix[0]) + double(matrix[4]) + double(matrix[8]);
  CHECK(std::fabs(trace / 3.207621781097275706e-28 - 1) <= 70 * std::numeric_limits<T>::epsilon());
}

TEST(saturated_softmax_keeps_its_jacobian) {
  test_saturation<float>();
  test_saturation<double>();
}

}  // namespace
}  // namespace softmax_native::test
