// The sums of a mergeable state: against exact ones over hard rows; the same bits on every table and with any number of
// threads; and parts of a row that fit together to the last bit, which is what they are for.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

#include "../../native/operations/softmax_state.hpp"
#include "../../native/parallel/pool.hpp"
#include "exact.hpp"
#include "hard_rows.hpp"
#include "kernel_cases.hpp"
#include "operation_cases.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

constexpr double kBetas[] = {1, 0.7, -2, 30, 1e-10, 1e10, 0};
constexpr std::size_t kTop = 5, kWidth = 3;

struct Sums {
  double field[kStateFields] = {};
  std::vector<std::int32_t> ids;
  std::vector<double> best, values;

  bool operator==(const Sums& other) const {
    return std::memcmp(field, other.field, sizeof(field)) == 0 && ids == other.ids && best == other.best &&
           std::memcmp(values.data(), other.values.data(), values.size() * sizeof(double)) == 0;
  }
};

template <class T>
Sums sums_of(const T* x, std::size_t n, double beta, const T* values) {
  Sums sums;
  const std::size_t k = n < kTop ? n : kTop;
  sums.ids.resize(k);
  sums.best.resize(k);
  sums.values.resize(kWidth);
  const StateWanted<T> wanted{k, sums.ids.data(), sums.best.data(), kWidth, values, sums.values.data()};
  CHECK(softmax_state(one_row(x, n, beta, NonFinite::kLimit), wanted, sums.field).status == Status::kOk);
  return sums;
}

// (high + low) / mantissa, in units of the maximum.
Quad rest_of(const Sums& sums) {
  const Quad total = Quad(sums.field[kStateHigh]) + Quad(sums.field[kStateLow]);
  return total / Quad(sums.field[kStateMantissa]) * Quad(0x1p-900);
}

template <class T>
class StateTest {
 public:
  void test(const HardRow& row, std::size_t n, double beta, Random& random) {
    const std::vector<T> x = hard_row<T>(row, n, random);
    std::vector<T> values(n * kWidth);
    for (T& value : values) value = static_cast<T>(random.normal());
    const Sums sums = sums_of(x.data(), n, beta, values.data());
    compare(row, x, beta, sums, values);
    split(row, x, beta, sums, values);
    for (const KernelTable* table : tables()) {
      select_table(table->name);
      for (const unsigned threads : {1u, 3u}) {
        Pool::shared().set_threads(threads);
        if (!(sums_of(x.data(), n, beta, values.data()) == sums)) {
          fail("%s, %s, n %zu, beta %g: other bits on %s with %u threads", row.name, type_name<T>(), n, beta,
               table->name, threads);
        }
      }
    }
    select_table((*tables().begin())->name);
    Pool::shared().set_threads(0);
  }

  void print() const { note("%s: the rest is within %.2f ulp (n %.0f)", type_name<T>(), worst_.error, worst_.at); }

 private:
  Worst worst_;

  void compare(const HardRow& row, const std::vector<T>& x, double beta, const Sums& sums,
               const std::vector<T>& values) {
    const std::size_t n = x.size();
    std::vector<std::int32_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    const auto key = [&](std::int32_t i) { return beta < 0 ? -x[std::size_t(i)] : x[std::size_t(i)]; };
    std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) { return key(a) > key(b); });
    order.resize(sums.ids.size());
    if (order != sums.ids) fail("%s, %s, n %zu, beta %g: other best", row.name, type_name<T>(), n, beta);
    CHECK(sums.field[kStateFirst] == double(order[0]));
    CHECK(sums.field[kStateMax] == double(key(order[0])));
    if (beta == 0) {
      CHECK(sums.field[kStateSharers] == double(n));
      return;
    }
    const ExactRow<T> exact(x.data(), n, beta);
    CHECK(sums.field[kStateSharers] == exact.maxima());
    // Elsewhere the differences of the logits round.
    if (sums.field[kStateAnchor] != 0) return;
    // Half of it are the two exponentials, of the sum and of the maximum; ldexp of what is left of subnormals.
    const double error =
        exact.below() < Quad(1e-300) ? 0 : std::fabs(double((rest_of(sums) - exact.below()) / exact.below())) * 0x1p53;
    worst_.see(error / 2, double(n));
    if (!(error <= 6))
      fail("%s, %s, n %zu, beta %g: rest off by %.2f ulp", row.name, type_name<T>(), n, beta, error / 2);
    const Quad gap = Quad(sums.field[kStateGap]) / Quad(sums.field[kStateMantissa]) * Quad(0x1p-900);
    const double spread = exact.spread(Quad(1));
    CHECK(std::fabs(double(gap) - spread) <= 1e-12 * spread);
    for (std::size_t c = 0; c < kWidth; ++c) {
      Quad sum = 0, size = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const Quad term = Quad(exact.power(i)) * Quad(values[i * kWidth + c]);
        sum += term;
        size += term < 0 ? -term : term;
      }
      const Quad got = Quad(sums.values[c]) / Quad(sums.field[kStateMantissa]);
      CHECK(std::fabs(double(got - sum)) <= 1e-13 * double(size) + 1e-300);
    }
  }

  // The rest of each part, and what of its maxima is below that of the row, in units of the row's: their sum is the
  // row's to far less than an ulp.
  void split(const HardRow& row, const std::vector<T>& x, double beta, const Sums& sums, const std::vector<T>& values) {
    const std::size_t n = x.size(), half = n / 3 + 1;
    if (n < 2 || beta == 0 || sums.field[kStateAnchor] != 0) return;
    Quad total = 0;
    for (const std::size_t first : {std::size_t{0}, half}) {
      const std::size_t length = first == 0 ? half : n - half;
      if (length == 0) continue;
      const Sums part = sums_of(x.data() + first, length, beta, values.data() + first * kWidth);
      if (part.field[kStateAnchor] != 0) return;
      const int down = static_cast<int>(std::fmax(part.field[kStateExponent] - sums.field[kStateExponent], -4000));
      Quad rest = (Quad(part.field[kStateHigh]) + Quad(part.field[kStateLow])) * Quad(0x1p-900);
      if (part.field[kStateMax] != sums.field[kStateMax])
        rest += Quad(part.field[kStateSharers]) * Quad(part.field[kStateMantissa]);
      total += Quad(std::ldexp(1.0L, down)) * rest;
    }
    const Quad whole = (Quad(sums.field[kStateHigh]) + Quad(sums.field[kStateLow])) * Quad(0x1p-900);
    if (whole < Quad(1e-300)) return;
    const double error = std::fabs(double((total - whole) / whole));
    if (!(error <= 0x1p-80)) fail("%s, %s, n %zu, beta %g: parts off by %g", row.name, type_name<T>(), n, beta, error);
  }
};

template <class T>
void test_rows() {
  Pool::shared().retain();
  Random random(seed());
  StateTest<T> test;
  for (const HardRow& row : kHardRows) {
    for (const std::size_t n : {1, 2, 3, 9, 63, 64, 65, 300, 5000}) {
      for (const double beta : kBetas) test.test(row, n, beta, random);
    }
  }
  for (const double beta : {1.0, -2.0}) test.test(kHardRows[0], 70000, beta, random);
  test.print();
  Pool::shared().release();
}

TEST(rows_float32) { test_rows<float>(); }
TEST(rows_float64) { test_rows<double>(); }

}  // namespace
}  // namespace softmax_native::test
