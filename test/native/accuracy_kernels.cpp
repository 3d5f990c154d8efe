// The kernels that sum and shift, against exact sums: exp_sum, exp_rest, weighted_exp_rest, log_softmax.
#include <cmath>
#include <limits>
#include <vector>

#include "exact.hpp"
#include "hard_rows.hpp"
#include "kernel_cases.hpp"
#include "runner.hpp"
#include "tolerances.hpp"

namespace softmax_native::test {
namespace {

constexpr double kBetas[] = {1, 0.7, -2, 30, 1e-10, 1e10, -1};
constexpr std::size_t kLengths[] = {1, 2, 3, 7, 8, 17, 63, 64, 65, 100, 300, 1000, 4096};

// Errors in ulp, with the bound that goes with each.
struct Record {
  const char* what;
  Worst worst, share;  // in ulp, and as a part of what is allowed

  void see(const KernelTable& table, const char* type, const HardRow& row, std::size_t n, double beta, double error,
           double allowed) {
    worst.see(error, double(n));
    share.see(error / allowed, double(n));
    if (error <= allowed) return;
    fail("%s %s %s, %s, n %zu, beta %g: %.3f ulp, %.3f allowed", table.name, what, type, row.name, n, beta, error,
         allowed);
  }
  void print(const char* type) const {
    note("%s %s: at most %.3f ulp (n %.0f), %.0f %% of what is allowed (n %.0f)", what, type, worst.error, worst.at,
         100 * share.error, share.at);
  }
};

template <class T>
class SumTest {
 public:
  void test(const KernelTable& table, const HardRow& row, const std::vector<T>& x, double beta) {
    const std::size_t n = x.size();
    const KernelsOf<T>& k = table.of<T>();
    const ExactRow<T> exact(x.data(), n, beta);
    const T max = max_key<T>(x.data(), nullptr, n, beta);
    const char* type = type_name<T>();

    std::vector<T> out(n);
    const double sum = k.exp_sum(x.data(), out.data(), n, max, beta);
    sum_.see(table, type, row, n, beta, std::fabs(double((sum - exact.sum()) / Quad(ulp_of<T>(double(exact.sum()))))),
             tolerance::sum(n, exact.spread(exact.sum())));
    for (std::size_t i = 0; i < n; ++i) {
      const double p = std::fabs(double(exact.exponent(i)));
      term_.see(table, type, row, n, beta, ulp_error(out[i], Quad(exact.power(i))), tolerance::kExp + p);
    }

    double below = -1, maxima = -1;
    k.exp_rest(x.data(), n, max, beta, &below, &maxima);
    if (maxima != exact.maxima()) fail("%s exp_rest %s, %s, n %zu: %g maxima", table.name, type, row.name, n, maxima);
    rest_.see(table, type, row, n, beta,
              std::fabs(double((below - exact.below()) / Quad(ulp_of<T>(double(exact.below()))))),
              tolerance::sum(n, exact.spread(exact.below())));

    // What of beta (x - max) or of x - max itself is beyond the range of T is -Infinity.
    const T log_rest = static_cast<T>(exact.log_rest());
    k.log_softmax(x.data(), out.data(), n, max, beta, log_rest, false);
    const double most = static_cast<double>(std::numeric_limits<T>::max());
    for (std::size_t i = 0; i < n; ++i) {
      const Quad y = exact.exponent(i) - Quad(log_rest);
      const bool range = double(-y) < most && double(-exact.exponent(i)) / std::fabs(beta) < most;
      const double error = range ? ulp_error(out[i], y) : out[i] == -std::numeric_limits<T>::infinity() ? 0 : 1e9;
      log_softmax_.see(table, type, row, n, beta, error, tolerance::rounds(n));
    }
  }

  void print() const {
    for (const Record* record : {&sum_, &term_, &rest_, &log_softmax_}) record->print(type_name<T>());
  }

 private:
  Record sum_{"exp_sum's sum", {}, {}}, term_{"exp_sum's terms", {}, {}}, rest_{"exp_rest's sum", {}, {}};
  Record log_softmax_{"log_softmax", {}, {}};
};

template <class T>
void test_sums() {
  Random random(seed());
  SumTest<T> sums;
  for (const HardRow& row : kHardRows) {
    for (const std::size_t n : kLengths) {
      const std::vector<T> x = hard_row<T>(row, n, random);
      for (const double beta : kBetas) {
        for (const KernelTable* table : tables()) {
          if (n <= 300 || table == *tables().begin()) sums.test(*table, row, x, beta);
        }
      }
    }
  }
  sums.print();
}

TEST(sums_of_a_chunk_float32) { test_sums<float>(); }
TEST(sums_of_a_chunk_float64) { test_sums<double>(); }

// The exponential inside the kernels, which have more than one: of one element beside a maximum of 0, so that the
// difference is exact, and so far below it that the sum is 1. beta times the difference must not cost an ulp of the
// product.
template <class T>
void test_exponentials() {
  const double first = sizeof(T) == sizeof(float) ? -25 : -45, last = sizeof(T) == sizeof(float) ? -104 : -746;
  const std::size_t samples = thorough() ? 2'000'000 : 20'000 / kEveryCase;
  for (const std::size_t n : {2, 8, 9, 64, 65, 200}) {
    Worst all;
    for (const double beta : {1.0, 0.7, -0.999999, 30.0, 1e-6}) {
      Worst worst;
      Random random(seed());
      std::vector<T> x(n, static_cast<T>(1e9 * last / beta)), out(n);
      x[0] = 0;
      for (std::size_t i = 0; i < samples; ++i) {
        x[1] = static_cast<T>(random.uniform(last, first) / beta);
        const Quad exact = exact_exp(Quad(beta) * Quad(x[1]));
        for (const KernelTable* table : tables()) {
          if (i % 16 != 0 && table != *tables().begin()) continue;
          const KernelsOf<T>& k = table->of<T>();
          if (n > kShort) {
            k.exp_sum(x.data(), out.data(), n, T(0), beta);
          } else {
            k.softmax_short(x.data(), out.data(), 1, n, beta);
          }
          worst.see(ulp_error(out[1], exact), double(x[1]));
        }
      }
      if (!(worst.error <= tolerance::exp_in_row(beta))) {
        fail("exp %s in rows of %zu, beta %g: %.4f ulp at %a", type_name<T>(), n, beta, worst.error, worst.at);
      }
      all.see(worst.error, beta);
    }
    note("exp %s in rows of %zu: at most %.4f ulp (beta %g)", type_name<T>(), n, all.error, all.at);
  }
}

TEST(exponentials_of_a_row_float32) { test_exponentials<float>(); }
TEST(exponentials_of_a_row_float64) { test_exponentials<double>(); }

// What is beyond the range of T is -Infinity, whatever beta's part that does not fit T.
template <class T>
void test_overflow() {
  for (const KernelTable* table : tables()) {
    for (double beta = 1; beta < 0x1p60; beta *= 1.37) {
      for (const T z : {T(1e20), T(1e30), T(1e38), std::numeric_limits<T>::max()}) {
        const T x[] = {T(0), -z};
        T out[2];
        table->of<T>().log_softmax(x, out, 2, T(0), beta, T(0), false);
        const T wanted = static_cast<T>(-beta * double(z));
        if (!(ulp_error(out[1], Quad(-beta) * Quad(z)) <= 1) && !(std::isinf(wanted) && out[1] == wanted)) {
          fail("%s log_softmax %s, x %a, beta %a: %a", table->name, type_name<T>(), double(x[1]), beta, double(out[1]));
        }
      }
    }
  }
}

TEST(log_softmax_beyond_the_range_float32) { test_overflow<float>(); }
TEST(log_softmax_beyond_the_range_float64) { test_overflow<double>(); }

// Weights of both signs: the error against the sum of the terms' sizes, in units of 2^-53, for float32 data too.
template <class T>
void test_weighted() {
  Random random(seed());
  Worst worst;
  for (const HardRow& row : kHardRows) {
    for (const std::size_t n : kLengths) {
      const std::vector<T> x = hard_row<T>(row, n, random);
      std::vector<T> w(n);
      for (T& v : w) v = static_cast<T>(random.chance(0.2) ? 0 : 10 * random.normal());
      for (const double beta : kBetas) {
        std::vector<T> part, weight;
        for (std::size_t i = 0; i < n; ++i) {
          if (w[i] == 0) continue;
          part.push_back(x[i]);
          weight.push_back(w[i]);
        }
        const ExactRow<T> exact(part.data(), part.size(), beta);
        Quad below = 0, at_max = 0, size = 0, size_at_max = 0;
        for (std::size_t i = 0; i < part.size(); ++i) {
          const Quad p = exact.exponent(i), term = Quad(weight[i]) * Quad(exact.power(i));
          (p == 0 ? at_max : below) += term;
          // An ulp of the term for each unit of p, the least subnormal at least.
          const Quad of_term = (term < 0 ? -term : term) * (1 + (p < -10000 ? Quad(10000) : -p));
          (p == 0 ? size_at_max : size) += of_term + Quad(std::fabs(weight[i])) * Quad(0x1p-1020);
        }
        for (const KernelTable* table : tables()) {
          double got_below = -1, got_at_max = -1;
          const T max = max_key<T>(x.data(), w.data(), n, beta);
          table->of<T>().weighted_exp_rest(x.data(), w.data(), n, max, beta, &got_below, &got_at_max);
          const auto units = [](Quad difference, Quad against) {
            return against == 0 ? (difference == 0 ? 0 : 1e9) : std::fabs(double(difference / against)) * 0x1p53;
          };
          const double error = std::fmax(units(got_below - below, size), units(got_at_max - at_max, size_at_max));
          worst.see(error, double(n));
          if (!(error <= tolerance::rounds(n))) {
            fail("%s weighted_exp_rest %s, %s, n %zu, beta %g: %.3f", table->name, type_name<T>(), row.name, n, beta,
                 error);
          }
        }
      }
    }
  }
  note("weighted_exp_rest %s: at most %.3f * 2^-53 of the terms' sizes (n %.0f)", type_name<T>(), worst.error,
       worst.at);
}

TEST(weighted_sums_of_a_chunk_float32) { test_weighted<float>(); }
TEST(weighted_sums_of_a_chunk_float64) { test_weighted<double>(); }

}  // namespace
}  // namespace softmax_native::test
