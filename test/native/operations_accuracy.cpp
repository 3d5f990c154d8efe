// softmax, log-softmax, log-sum-exp and smooth max against exact values, in ulp, over hard rows of 1 to 10^6 elements
// (10^7 in the long form): the documented bounds of tolerances.hpp.
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

struct Record {
  const char* what;
  Worst worst, share;

  void print(const char* type) const {
    note("%s %s: at most %.3f ulp (n %.0f), %.0f %% of what is allowed (n %.0f)", what, type, worst.error, worst.at,
         100 * share.error, share.at);
  }
};

template <class T>
class Accuracy {
 public:
  void test(const HardRow& row, const std::vector<T>& x, double beta) {
    row_ = &row;
    n_ = x.size();
    beta_ = beta;
    const ExactRow<T> exact(x.data(), n_, beta);
    const Logits<T> logits = one_row(x.data(), n_, beta, NonFinite::kLimit);
    out_.resize(n_);
    softmax(logits, out_.data());
    Quad sum = 0;
    for (const T y : out_) sum += Quad(y);
    const double off = std::fabs(static_cast<double>(sum - 1));
    row_sum_.see(off, double(n_));
    if (!(off <= tolerance::kRowSum<T>)) report("sum of the row - 1", off, tolerance::kRowSum<T>);
    // Every element of a row of thousands, a part of them in a longer one.
    const std::size_t step = n_ / 20000 + 1;
    for (std::size_t i = 0; i < n_; i += step) {
      const Quad y = exact.softmax(i);
      see(softmax_, ulp_error(out_[i], y), tolerance::softmax(n_, std::fmin(1e5, -double(exact.log_softmax(i)))));
    }
    log_softmax(logits, out_.data());
    const double most = static_cast<double>(std::numeric_limits<T>::max());
    for (std::size_t i = 0; i < n_; i += step) {
      const Quad y = exact.log_softmax(i);
      // Where the difference or its product with beta is beyond the range, -Infinity.
      const double d = -double(exact.exponent(i));
      const bool infinite = out_[i] == -std::numeric_limits<T>::infinity() && std::fmax(d, d / std::fabs(beta)) >= most;
      see(log_softmax_, infinite ? 0 : ulp_error(out_[i], y), tolerance::log_softmax(n_, double(y)));
    }
    for (const bool over_beta : {false, true}) {
      T value;
      log_sum_exp(logits, over_beta, &value);
      const Quad by = over_beta ? Quad(beta) : Quad(1), y = exact.log_sum_exp() / by;
      const double size = std::fmax(std::fabs(double(y)), std::fabs(double(exact.scaled_max() / by)));
      see(over_beta ? smooth_max_ : log_sum_exp_, ulp_error(value, y, size), tolerance::log_sum_exp(n_));
    }
  }

  void print() const {
    for (const Record* record : {&softmax_, &log_softmax_, &log_sum_exp_, &smooth_max_}) record->print(type_name<T>());
    note("sum of a row %s: off by at most %.3g (n %.0f), %.3g allowed", type_name<T>(), row_sum_.error, row_sum_.at,
         tolerance::kRowSum<T>);
  }

 private:
  void see(Record& record, double error, double allowed) {
    record.worst.see(error, double(n_));
    record.share.see(error / allowed, double(n_));
    if (!(error <= allowed)) report(record.what, error, allowed);
  }
  void report(const char* what, double error, double allowed) const {
    fail("%s %s, %s, n %zu, beta %g: %g, %g allowed", what, type_name<T>(), row_->name, n_, beta_, error, allowed);
  }

  Record softmax_{"softmax", {}, {}}, log_softmax_{"log_softmax", {}, {}}, log_sum_exp_{"log_sum_exp", {}, {}};
  Record smooth_max_{"smooth max", {}, {}};
  Worst row_sum_;
  const HardRow* row_ = nullptr;
  std::size_t n_ = 0;
  double beta_ = 1;
  std::vector<T> out_;
};

template <class T>
void test_rows() {
  Random random(seed());
  Accuracy<T> accuracy;
  for (const HardRow& row : kHardRows) {
    for (const std::size_t n : {1, 2, 3, 10, 33, 64, 65, 100, 1000, 4096, 4097, 20000}) {
      const std::vector<T> x = hard_row<T>(row, n, random);
      for (const double beta : kBetas) {
        if (n < 4000 || beta == 1 || beta == -2) accuracy.test(row, x, beta);
      }
    }
  }
  accuracy.print();
}

template <class T>
void test_long_rows() {
  Random random(seed());
  Accuracy<T> accuracy;
  for (const HardRow& row : kHardRows) {
    const std::size_t n = thorough() ? 10'000'000 : 200'000;
    accuracy.test(row, hard_row<T>(row, n, random), 1);
  }
  accuracy.test(kHardRows[0], hard_row<T>(kHardRows[0], 1'000'000, random), 0.7);
  accuracy.print();
}

TEST(rows_float32) { test_rows<float>(); }
TEST(rows_float64) { test_rows<double>(); }
TEST(long_rows_float32) { test_long_rows<float>(); }
TEST(long_rows_float64) { test_long_rows<double>(); }

// What is lost by log(sum) and kept by log1p(rest): results far below an ulp of the maximum.
TEST(a_dominant_logit_leaves_the_others_their_mass) {
  const double z[] = {0, -40};
  double y[2], value;
  log_softmax(one_row(z, 2, 1, NonFinite::kLimit), y);
  log_sum_exp(one_row(z, 2, 1, NonFinite::kLimit), false, &value);
  const Quad wanted = exact_log1p(exact_exp(Quad(-40)));
  CHECK(ulp_error(value, wanted) <= 1);
  CHECK(ulp_error(y[0], -wanted) <= 1);
  CHECK(ulp_error(y[1], Quad(-40) - wanted) <= 1);
}

// Next to the greatest term every addition of the sum rounds alike: its probability is nearest to the bound.
TEST(a_dominant_logit_is_right_itself) {
  for (const std::size_t n : {16, 40, 64, 81, 300}) {
    Random random(seed());
    Worst worst;
    std::vector<double> z(n), y(n);
    for (int row = 0; row < 20000; ++row) {
      for (double& x : z) x = std::log(0.1 / static_cast<double>(n)) + random.uniform(-1, 1);
      const std::size_t greatest = random.below(n);
      z[greatest] = 0;
      long double sum = 0;
      for (const double x : z) sum += std::exp(static_cast<long double>(x));
      softmax(one_row(z.data(), n, 1, NonFinite::kLimit), y.data());
      const double log_y = -static_cast<double>(std::log(sum));
      worst.see(ulp_error(y[greatest], Quad(1 / sum)) / tolerance::softmax(n, log_y), static_cast<double>(n));
    }
    note("n %zu: at most %.0f %% of what is allowed", n, 100 * worst.error);
    CHECK(worst.error <= 1);
  }
}

// Bases 2 and 10 give rational results: exactly 1/11, 2/11, 8/11, and 10, 100, 10000 over 10110.
template <class T>
void test_rational() {
  const T z[] = {T(1), T(2), T(4)};
  const struct {
    double base;
    double power[3], sum;
  } goldens[] = {{2, {2, 4, 16}, 22}, {10, {10, 100, 10000}, 10110}};
  for (const auto& golden : goldens) {
    T y[3];
    softmax(one_row(z, 3, std::log(golden.base), NonFinite::kLimit), y);
    for (int i = 0; i < 3; ++i) {
      CHECK(ulp_error(y[i], Quad(golden.power[i]) / Quad(golden.sum)) <=
            tolerance::softmax(3, std::log(golden.power[i] / golden.sum)));
    }
  }
}

TEST(rational_bases) {
  test_rational<float>();
  test_rational<double>();
}

}  // namespace
}  // namespace softmax_native::test
