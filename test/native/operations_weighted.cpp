// Weighted log-sum-exp against its definition, signs and special values included, and what nonFinite: 'throw' refuses
// in a batch of any layout.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "distributions.hpp"
#include "exact.hpp"
#include "hard_rows.hpp"
#include "memory.hpp"
#include "operation_cases.hpp"
#include "plain_rows.hpp"
#include "runner.hpp"
#include "tolerances.hpp"

namespace softmax_native::test {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

struct SignedLog {
  long double value, sign;
};

long double sign_of(long double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

// log |sum w e^(beta z)| by the definition; z takes part where w is not 0. `known` is false where the limit hangs on
// terms that cancel (weights that sum to 0 under an infinite beta).
template <class T>
SignedLog plain_weighted(const std::vector<T>& z, const std::vector<T>& w, double beta, bool* known) {
  long double max = -kInf, at_max = 0, all = 0;
  const int sign = beta < 0 ? -1 : 1;
  for (std::size_t j = 0; j < z.size(); ++j) {
    if (w[j] == 0) continue;
    if (std::isnan(z[j])) return {kNotANumber, kNotANumber};
    max = std::fmax(max, sign * static_cast<long double>(z[j]));
  }
  *known = true;
  if (max == -kInf) return {-kInf, 0};
  for (std::size_t j = 0; j < z.size(); ++j) {
    if (w[j] == 0) continue;
    const long double key = sign * static_cast<long double>(z[j]);
    const bool shared = std::isinf(max) || std::isinf(beta);
    const long double p = key == -kInf ? -kInf : beta == 0 ? 0 : std::fabs((long double)beta) * (key - max);
    if (key == max) at_max += static_cast<long double>(w[j]);
    all += static_cast<long double>(w[j]) * (shared ? (key == max ? 1.0L : 0.0L) : std::exp(p));
  }
  if (max == kInf) return at_max == 0 ? SignedLog{kNotANumber, kNotANumber} : SignedLog{kInf, sign_of(at_max)};
  if (std::isinf(beta)) {
    *known = at_max != 0;
    return {max == 0 ? std::log(std::fabs(at_max)) : max > 0 ? kInf : -kInf, sign_of(at_max)};
  }
  if (all == 0) return {-kInf, 0};
  const long double shift = beta == 0 ? 0 : std::fabs((long double)beta) * max;
  return {shift + std::log(std::fabs(all)), sign_of(all)};
}

template <class T>
void check(const std::vector<T>& z, const std::vector<T>& w, double beta) {
  const std::size_t n = z.size();
  bool known = true;
  const SignedLog wanted = plain_weighted(z, w, beta, &known);
  if (!known) return;
  T value = 77, sign = 77, alone = 77;
  const Logits<T> logits = one_row(z.data(), n, beta, NonFinite::kLimit);
  weighted_log_sum_exp<T>(logits, {w.data(), {n, 1, 1}}, false, &value, &sign);
  weighted_log_sum_exp<T>(logits, {w.data(), {n, 1, 1}}, false, &alone, nullptr);
  const double size =
      std::isfinite(double(wanted.value)) ? std::fmax(1.0, std::fabs(double(wanted.value))) : double(wanted.value);
  const bool right = ulp_error(value, Quad(wanted.value), size) <= tolerance::log_sum_exp(n) + 1;
  const bool sign_right = std::isnan(wanted.sign) ? std::isnan(sign) : sign == T(wanted.sign);
  // Without a sign a negative sum has no logarithm.
  const bool alone_right = wanted.sign < 0 ? std::isnan(alone) : same_bits(alone, value);
  if (right && sign_right && alone_right) return;
  fail("weighted log_sum_exp %s, beta %g, n %zu, z %g %g, w %g %g: %.9g sign %g, alone %.9g, not %.9g sign %g",
       type_name<T>(), beta, n, double(z[0]), double(z[n - 1]), double(w[0]), double(w[n - 1]), double(value),
       double(sign), double(alone), double(wanted.value), double(wanted.sign));
}

// Every row of three over the alphabets of logits and weights.
template <class T>
void check_alphabets() {
  const T logits[] = {T(0),
                      T(1.5),
                      T(-3),
                      std::numeric_limits<T>::infinity(),
                      -std::numeric_limits<T>::infinity(),
                      std::numeric_limits<T>::quiet_NaN()};
  const T weights[] = {T(0), T(-0.0), T(1), T(-2), T(0.75)};
  constexpr std::size_t kPairs = std::size(logits) * std::size(weights);
  std::size_t words = kPairs;
  for (std::size_t n = 1; n <= 3; ++n, words *= kPairs) {
    for (std::size_t word = 0; word < words; ++word) {
      std::vector<T> z, w;
      for (std::size_t rest = word, j = 0; j < n; ++j, rest /= kPairs) {
        z.push_back(logits[rest % std::size(logits)]);
        w.push_back(weights[rest % kPairs / std::size(logits)]);
      }
      for (const double beta : {1.0, -0.5, 0.0, kInfinite, -kInfinite}) check(z, w, beta);
    }
  }
}

TEST(weighted_rows_of_special_values_float32) { check_alphabets<float>(); }
TEST(weighted_rows_of_special_values_float64) { check_alphabets<double>(); }

// Positive weights do not cancel: the accuracy of log-sum-exp itself, a weight of 1 at the maximum giving log1p.
template <class T>
void check_positive_weights() {
  Random random(seed());
  Worst worst;
  for (const HardRow& row : kHardRows) {
    for (const std::size_t n : {1, 2, 17, 100, 4096, 5000}) {
      const std::vector<T> z = hard_row<T>(row, n, random);
      std::vector<T> w(n), out(1);
      for (T& v : w) v = random.chance(0.5) ? T(1) : static_cast<T>(random.uniform(0.1, 3));
      for (const double beta : {1.0, -0.7}) {
        const ExactRow<T> exact(z.data(), n, beta);
        // Taken relative to the maximum's weight of 1, where it has that: log1p of the rest.
        Quad rest = -1;
        for (std::size_t i = 0; i < n; ++i) rest += Quad(w[i]) * Quad(exact.power(i));
        const Quad wanted = exact.scaled_max() + exact_log1p(rest);
        weighted_log_sum_exp<T>(one_row(z.data(), n, beta, NonFinite::kLimit), {w.data(), {n, 1, 1}}, false, out.data(),
                                nullptr);
        const double log_size = std::fabs(double(exact_log1p(rest)));
        const double size =
            std::fmax(std::fmax(std::fabs(double(wanted)), std::fabs(double(exact.scaled_max()))), log_size);
        const double error = ulp_error(out[0], wanted, size);
        worst.see(error, double(n));
        if (!(error <= tolerance::log_sum_exp(n))) {
          fail("weighted log_sum_exp %s, %s, n %zu, beta %g: %.3f ulp", type_name<T>(), row.name, n, beta, error);
        }
      }
    }
  }
  note("weighted log_sum_exp %s: at most %.3f ulp (n %.0f)", type_name<T>(), worst.error, worst.at);
}

TEST(positive_weights_float32) { check_positive_weights<float>(); }
TEST(positive_weights_float64) { check_positive_weights<double>(); }

// 'throw' names the first row in the order of the result, whatever the order in memory, and writes nothing.
template <class T>
void check_refusals() {
  Random random(seed());
  const T bad[] = {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
                   std::numeric_limits<T>::quiet_NaN()};
  for (int i = 0; i < 3000; ++i) {
    const Layout layout{1 + random.below(5), 1 + random.below(20), 1 + random.below(6)};
    std::vector<T> z(layout.size()), w(z.size(), T(1));
    std::vector<std::uint8_t> mask(z.size());
    for (T& v : z) v = static_cast<T>(random.normal());
    for (std::size_t k = random.below(4); k > 0; --k) z[random.below(z.size())] = bad[random.below(3)];
    for (std::uint8_t& m : mask) m = random.chance(0.8);
    const bool masked = random.chance(0.5);
    const Logits<T> logits{z.data(), layout, 1, NonFinite::kThrow, masked ? mask.data() : nullptr, strides_of(layout)};
    std::size_t first = layout.rows();
    for (std::size_t row = layout.rows(); row-- > 0;) {
      std::vector<T> x;
      std::vector<std::uint8_t> m;
      for (std::size_t j = 0; j < layout.n; ++j) {
        const std::size_t at = (row / layout.inner * layout.n + j) * layout.inner + row % layout.inner;
        x.push_back(z[at]);
        m.push_back(mask[at]);
      }
      if (PlainRow(x.data(), masked ? m.data() : nullptr, layout.n, 1, NonFinite::kThrow).refused()) first = row;
    }
    for (const Operation<T>& operation : operations<T>()) {
      // At a log-probability of -Infinity a class takes no part: operations_derivatives.cpp.
      if (std::string(operation.name).find("log_softmax_") == 0) continue;
      std::vector<T> out(z.size(), T(77));
      const Outcome outcome = operation.run(logits, {w.data(), strides_of(layout)}, out.data());
      const bool refused = outcome.status == Status::kNonFinite;
      if (refused != (first < layout.rows()) || (refused && outcome.row != first)) {
        fail("%s %s [%zu, %zu, %zu]%s: row %zu, not %zu", operation.name, type_name<T>(), layout.outer, layout.n,
             layout.inner, masked ? ", masked" : "", refused ? outcome.row : layout.rows(), first);
      }
      for (const T v : out) {
        if (refused && v != T(77) && std::string(operation.name) != "argmax") {
          fail("%s wrote, though it refused", operation.name);
          break;
        }
      }
    }
  }
}

TEST(refusals_name_the_first_row_float32) { check_refusals<float>(); }
TEST(refusals_name_the_first_row_float64) { check_refusals<double>(); }

}  // namespace
}  // namespace softmax_native::test
