// linear_cross_entropy: the same bits on every table, with any number of threads, at any alignment, in place or not,
// for rows by themselves or in a batch, with logits that are kept or made again; and right, within the published
// bounds.
#include <algorithm>

#include "../../native/parallel/pool.hpp"
#include "kernel_cases.hpp"
#include "linear_cases.hpp"
#include "runner.hpp"
#include "tolerances.hpp"

namespace softmax_native::test {
namespace {

// Around the borders of tiles of classes, panels, blocks and tiles of rows.
constexpr LinearShape kSmall[] = {{1, 1, 1},     {2, 3, 5},     {6, 8, 16},    {7, 17, 33},
                                  {13, 0, 20},   {5, 40, 512},  {14, 300, 70}, {3, 16, 1025},
                                  {270, 3, 600}, {300, 20, 10}, {65, 300, 64}, {600, 3, 3}};
// Beyond the budget: tiles that are made again, and several groups of rows.
constexpr LinearShape kLarge[] = {{1024, 2, 9000}, {1100, 5, 700}, {520, 2, 20000}, {40000, 9, 10}};

template <class T>
class BitsTest {
 public:
  BitsTest(LinearShape shape, Extras extras, Random& random) : case_(shape, extras, random) {
    select_table("scalar");
    Pool::shared().set_threads(1);
    wanted_ = case_.run();
    CHECK(wanted_.status == Status::kOk);
  }
  ~BitsTest() {
    select_table((*tables().begin())->name);
    Pool::shared().set_threads(0);
  }

  // The table in use on 1 to 4 threads, the others (slow ones, where the layer is not `large`) on two.
  void on_all_tables(bool large) {
    for (const KernelTable* table : tables()) {
      const bool in_use = table == *tables().begin();
      if (large && !in_use) continue;
      select_table(table->name);
      for (std::size_t threads = in_use ? 1 : 2; threads <= (in_use ? 4 : 2); ++threads) {
        Pool::shared().set_threads(threads);
        for (const bool in_place : {false, true}) {
          compare(case_.run(threads, in_place, 0, case_.shape().rows), table->name, threads);
        }
      }
    }
  }

  // Rows by themselves: all but the gradients that are sums over rows.
  void row_by_row() {
    select_table((*tables().begin())->name);
    const std::size_t rows = case_.shape().rows, depth = case_.shape().depth;
    for (std::size_t r = 0; r < rows; r += rows / 5 + 1) {
      const LinearResult<T> one = case_.run(r % 3, false, r, 1);
      const bool same = same_bits(one.losses[0], wanted_.losses[r]) &&
                        same_bits(one.log_sum_exp[0], wanted_.log_sum_exp[r]) &&
                        first_difference(one.hidden.data(), wanted_.hidden.data() + r * depth, depth) == depth;
      if (!same) fail("row %zu by itself differs, of %zu x %zu x %zu", r, rows, depth, case_.shape().classes);
    }
  }

 private:
  void compare(const LinearResult<T>& result, const char* table, std::size_t threads) const {
    const LinearShape& s = case_.shape();
    if (const char* difference = result.difference(wanted_)) {
      fail("%s %s, %zu x %zu x %zu, %zu threads: another %s", table, type_name<T>(), s.rows, s.depth, s.classes,
           threads, difference);
    }
    CHECK(case_.intact());
  }

  LinearCase<T> case_;
  LinearResult<T> wanted_;
};

template <class T>
void test_bits() {
  Random random(seed());
  for (const Extras extras : {Extras::kNone, Extras::kMaskedAndCapped, Extras::kProbabilities}) {
    for (const LinearShape& shape : kSmall) {
      BitsTest<T> bits(shape, extras, random);
      bits.on_all_tables(false);
      bits.row_by_row();
    }
  }
  for (const LinearShape& shape : kLarge) {
    if (kEveryCase > 1) continue;
    BitsTest<T> bits(shape, Extras::kNone, random);
    bits.on_all_tables(true);
    bits.row_by_row();
  }
}

TEST(the_same_bits_float32) { test_bits<float>(); }
TEST(the_same_bits_float64) { test_bits<double>(); }

// Errors against long double, the gradients' relative to the greatest sum of terms' magnitudes, as terms may cancel:
// that of a row (of hidden), or of all.
struct Errors {
  double loss = 0, log_sum_exp = 0, hidden = 0, weight = 0, bias = 0;
};

/** Exact sums, with the sums of their terms' magnitudes. */
class Sums {
 public:
  explicit Sums(std::size_t count) : sums_(count), magnitudes_(count) {}

  void add(std::size_t i, long double term) {
    sums_[i] += term;
    magnitudes_[i] += std::fabs(term);
  }

  template <class T>
  double error_of(const T* got) const {
    long double worst = 0;
    for (std::size_t i = 0; i < sums_.size(); ++i) worst = std::max(worst, std::fabs(got[i] - sums_[i]));
    return static_cast<double>(worst / *std::max_element(magnitudes_.begin(), magnitudes_.end()));
  }

 private:
  std::vector<long double> sums_, magnitudes_;
};

template <class T>
Errors errors_of(const LinearCase<T>& tested, const LinearResult<T>& result) {
  const std::size_t rows = tested.shape().rows, d = tested.shape().depth, n = tested.shape().classes;
  std::vector<long double> z(n);
  Sums hidden(d), weight(n * d), bias(n);
  Errors errors;
  long double total = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::int32_t target = tested.index()[r];
    if (target < 0) continue;
    const T* h = tested.hidden().data() + r * d;
    long double max = -INFINITY, sum = 0;
    for (std::size_t c = 0; c < n; ++c) {
      z[c] = tested.bias()[c];
      for (std::size_t k = 0; k < d; ++k) z[c] += static_cast<long double>(h[k]) * tested.weight()[c * d + k];
      max = std::max(max, z[c]);
    }
    for (std::size_t c = 0; c < n; ++c) sum += std::exp(z[c] - max);
    const long double log_sum = max + std::log(sum);
    total += log_sum - z[static_cast<std::size_t>(target)];
    errors.log_sum_exp = std::max(errors.log_sum_exp, std::fabs(static_cast<double>(result.log_sum_exp[r] - log_sum)));
    hidden = Sums(d);
    for (std::size_t c = 0; c < n; ++c) {
      const long double g = std::exp(z[c] - log_sum) - (static_cast<std::size_t>(target) == c ? 1 : 0);
      bias.add(c, g);
      for (std::size_t k = 0; k < d; ++k) {
        hidden.add(k, g * tested.weight()[c * d + k]);
        weight.add(c * d + k, g * h[k]);
      }
    }
    errors.hidden = std::max(errors.hidden, hidden.error_of(result.hidden.data() + r * d));
  }
  errors.weight = weight.error_of(result.weight.data());
  errors.bias = bias.error_of(result.bias.data());
  errors.loss = std::fabs(static_cast<double>((result.loss - total) / total));
  return errors;
}

template <class T>
void test_accuracy() {
  Random random(seed());
  constexpr double kUnit = std::numeric_limits<T>::epsilon() / 2;
  for (const LinearShape shape :
       {LinearShape{20, 64, 3000}, {8, 512, 2000}, {300, 100, 600}, {4, 16, 30000}, {200, 64, 10}, {2000, 784, 10}}) {
    const LinearCase<T> tested(shape, Extras::kNone, random);
    const Errors e = errors_of(tested, tested.run());
    note("%s, %zu x %zu x %zu, in units of 2^-%d: loss %.2f, log-sum-exp %.1f, hidden %.1f, weight %.1f, bias %.1f",
         type_name<T>(), shape.rows, shape.depth, shape.classes, sizeof(T) == 4 ? 24 : 53, e.loss / kUnit,
         e.log_sum_exp / kUnit, e.hidden / kUnit, e.weight / kUnit, e.bias / kUnit);
    using tolerance::kLinear;
    CHECK(e.loss <= kLinear.loss * kUnit);
    CHECK(e.log_sum_exp <= kLinear.log_sum_exp * kUnit);
    CHECK(e.hidden <= kLinear.gradient * kUnit);
    CHECK(e.weight <= kLinear.gradient * kUnit);
    CHECK(e.bias <= kLinear.gradient * kUnit);
  }
}

TEST(accuracy_float32) { test_accuracy<float>(); }
TEST(accuracy_float64) { test_accuracy<double>(); }

}  // namespace
}  // namespace softmax_native::test
