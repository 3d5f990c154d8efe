// Cross-entropy, its gradient and the divergence against exact values, in ulp, over hard rows; softcap likewise.
#include <cmath>
#include <limits>
#include <vector>

#include "hard_rows.hpp"
#include "loss_cases.hpp"
#include "runner.hpp"
#include "tolerances.hpp"

namespace softmax_native::test {
namespace {

constexpr double kBetas[] = {1, 0.7, -2, 30};
constexpr std::size_t kLengths[] = {1, 2, 3, 10, 33, 64, 65, 100, 1000, 4096, 4097, 20000};

struct Record {
  const char* what;
  Worst worst, share;

  void see(const char* type, const HardRow& row, std::size_t n, double beta, double error, double allowed) {
    worst.see(error, double(n));
    share.see(error / allowed, double(n));
    if (error <= allowed) return;
    fail("%s %s, %s, n %zu, beta %g: %.3f, %.3f allowed", what, type, row.name, n, beta, error, allowed);
  }
  void print(const char* type) const {
    note("%s %s: at most %.3f ulp (n %.0f), %.0f %% of what is allowed (n %.0f)", what, type, worst.error, worst.at,
         100 * share.error, share.at);
  }
};

template <class T>
class LossAccuracy {
 public:
  void test(const HardRow& row, const std::vector<T>& x, double beta) {
    const std::size_t n = x.size();
    const ExactRow<T> exact(x.data(), n, beta);
    const Logits<T> logits = one_row(x.data(), n, beta, NonFinite::kLimit);
    std::vector<T> out(n);
    T log_sum_exp;
    for (std::size_t turn = 0; turn < 3; ++turn) {
      const std::size_t named = turn == 0 ? n / 3 : turn == 1 ? n - 1 : 0;
      const std::int32_t index = static_cast<std::int32_t>(named);
      LossResults<T> results{nullptr, &log_sum_exp, out.data(), nullptr};
      cross_entropy<T>(logits, {&index, nullptr, -1, nullptr}, {nullptr, 0, false, 0, 0, Reduction::kSum}, results);
      // The loss is - log p of the class, kept in float64; it is not better than its sum of exponentials in T.
      const Quad loss = -exact.log_softmax(named);
      const double most = static_cast<double>(std::numeric_limits<T>::max());
      if (double(loss) < most) {
        loss_.see(type_name<T>(), row, n, beta, ulp_error(static_cast<T>(results.loss), loss),
                  tolerance::log_softmax(n, -double(loss)));
      }
      const std::size_t step = n / 3000 + 1;
      for (std::size_t i = 0; i < n; i += step) {
        if (i != named) check(gradient_, row, n, beta, out[i], exact.softmax(i), exact.log_softmax(i));
      }
      // 1 - p of the named class: the mass of the others, exact also where it is next to 0.
      const Quad others = exact.below() + (exact.maxima() - 1);
      const Quad rest = exact.exponent(named) == 0 ? others / exact.sum() : 1 - exact.softmax(named);
      const double log_rest = rest > 0 ? double(exact_log(rest)) : 0;
      check(named_, row, n, beta, out[named], -rest, Quad(log_rest));
    }
  }

  void print() const {
    for (const Record* record : {&loss_, &gradient_, &named_}) record->print(type_name<T>());
  }

 private:
  // The gradient is beta p; log_p bounds what the differences round.
  void check(Record& record, const HardRow& row, std::size_t n, double beta, T got, Quad p, Quad log_p) {
    const Quad wanted = Quad(beta) * p;
    record.see(type_name<T>(), row, n, beta, ulp_error(got, wanted),
               tolerance::loss_gradient(n, std::fmax(-1e5, double(log_p))));
  }

  Record loss_{"loss", {}, {}}, gradient_{"gradient", {}, {}}, named_{"gradient of the target", {}, {}};
};

template <class T>
void test_losses() {
  Random random(seed());
  LossAccuracy<T> accuracy;
  for (const HardRow& row : kHardRows) {
    for (const std::size_t n : kLengths) {
      const std::vector<T> x = hard_row<T>(row, n, random);
      for (const double beta : kBetas) {
        if (n < 4000 || beta == 1) accuracy.test(row, x, beta);
      }
    }
  }
  accuracy.print();
}

TEST(cross_entropy_float32) { test_losses<float>(); }
TEST(cross_entropy_float64) { test_losses<double>(); }

// Log-probabilities in 113 bits throughout.
template <class T>
std::vector<Quad> exact_log_softmax(const std::vector<T>& x, double beta) {
  const Quad max = Quad(beta) * Quad(max_key<T>(x.data(), nullptr, x.size(), beta)) * (beta < 0 ? -1 : 1);
  std::vector<Quad> log(x.size());
  Quad sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += exact_exp(log[i] = Quad(beta) * Quad(x[i]) - max);
  for (Quad& value : log) value -= exact_log(sum);
  return log;
}

// Below it the difference of logarithms has lost its digits, in 113 bits or in long double.
constexpr double kLeastExact = sizeof(Quad) == 16 && Quad(1) + Quad(0x1p-100) != Quad(1) ? 1e-15 : 0.01;

// The divergence of rows far from each other and near, down to differences of a few ulp: relative error.
template <class T>
void test_divergence() {
  Random random(seed());
  Worst worst;
  for (const double distance : {1e-6, 1e-3, 0.1, 1.0, 5.0, 30.0}) {
    for (const std::size_t n : {2, 3, 10, 64, 100, 1000, 5000}) {
      for (const double beta : {1.0, -0.7}) {
        std::vector<T> x(n), y(n);
        for (std::size_t i = 0; i < n; ++i) {
          x[i] = static_cast<T>(3 * random.normal());
          y[i] = static_cast<T>(double(x[i]) + distance * random.normal());
        }
        const std::vector<Quad> p = exact_log_softmax(x, beta), q = exact_log_softmax(y, beta);
        Quad wanted = 0;
        for (std::size_t i = 0; i < n; ++i) wanted += exact_exp(p[i]) * (p[i] - q[i]);
        T got;
        kl_divergence(one_row(x.data(), n, beta, NonFinite::kLimit), y.data(), &got);
        if (wanted < Quad(kLeastExact)) continue;
        const double error = ulp_error(got, wanted);
        worst.see(error, distance);
        if (!(error <= tolerance::kDivergence)) {
          fail("divergence %s, distance %g, n %zu: %g, not %g: %.2f ulp", type_name<T>(), distance, n, double(got),
               double(wanted), error);
        }
      }
    }
  }
  note("divergence %s: at most %.3f ulp (distance %g)", type_name<T>(), worst.error, worst.at);
}

TEST(divergence_float32) { test_divergence<float>(); }
TEST(divergence_float64) { test_divergence<double>(); }

// tanh in 113 bits.
Quad exact_tanh(Quad x) {
  const Quad size = x < 0 ? -x : x;
  const Quad e = exact_exp(-2 * size);
  // 1 - e loses digits for small x, of which 113 bits have enough down to 1e-8; below, the series.
  const Quad tanh = size < Quad(1e-6) ? size - size * size * size / 3 : (1 - e) / (1 + e);
  return x < 0 ? -tanh : tanh;
}

template <class T>
void test_softcap() {
  Random random(seed());
  Worst worst, worst_slope;
  for (const double cap : {1.0, 30.0, 7.3}) {
    for (std::size_t i = 0; i < 20000 / kEveryCase; ++i) {
      const double exponent = random.uniform(-8, 1.5);
      const T x = static_cast<T>(cap * std::pow(10, exponent) * (random.chance(0.5) ? 1 : -1)), one = 1;
      T y, slope;
      kernels().of<T>().softcap(&x, &y, 1, cap);
      kernels().of<T>().softcap_vjp(&x, &one, &slope, 1, cap);
      const Quad t = exact_tanh(Quad(x) / Quad(cap)), e = exact_exp(-2 * (x < 0 ? -Quad(x) : Quad(x)) / Quad(cap));
      worst.see(ulp_error(y, Quad(cap) * t), double(x));
      worst_slope.see(ulp_error(slope, 4 * e / ((1 + e) * (1 + e))) / (1 + 2 * std::fabs(double(x)) / cap), double(x));
    }
  }
  if (!(worst.error <= tolerance::kSoftcap<T>)) fail("softcap %s: %g ulp at %a", type_name<T>(), worst.error, worst.at);
  if (!(worst_slope.error <= tolerance::kSoftcapSlope<T>)) {
    fail("slope of softcap %s: %g ulp at %a", type_name<T>(), worst_slope.error, worst_slope.at);
  }
  note("softcap %s: at most %.3f ulp, its slope %.3f ulp and as much for each unit of 2 x / cap", type_name<T>(),
       worst.error, worst_slope.error);
}

TEST(softcap_float32) { test_softcap<float>(); }
TEST(softcap_float64) { test_softcap<double>(); }

}  // namespace
}  // namespace softmax_native::test
