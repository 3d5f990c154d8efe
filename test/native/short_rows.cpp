// The kernels of short rows give a row the same bits in any tile, on every table: those of the row-by-row passes or, up
// to kTiny elements, where the arithmetic is another one, those of the row alone on the scalar table. They stop before
// the first row without finite maximum and leave what follows untouched.
#include <cmath>
#include <vector>

#include "distributions.hpp"
#include "kernel_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

constexpr double kBetas[] = {1, 0.7, -2, 1e10};
constexpr std::size_t kMostRows = 40, kOffsets = 9;
constexpr std::size_t kTiny = 8;  // kernels/short_rows.hpp

const KernelTable& scalar_table() {
  for (const KernelTable* table : tables()) {
    if (table->name[0] == 's') return *table;
  }
  return **tables().begin();
}

// One row by the scalar table: T results, and the sum for log_sum_exp_short.
template <class T>
void one_row(const Case<T>& tested, const T* x, std::size_t n, double beta, T* out, double* log_sum) {
  const KernelsOf<T>& k = scalar_table().of<T>();
  if (n <= kTiny) {
    Call<T> alone;
    alone.n = n;
    alone.x = x;
    alone.out = out;
    alone.log_sum = log_sum;
    alone.beta = beta;
    return tested.run(k, alone);
  }
  const T max = k.max(x, n, beta < 0);
  if (tested.run == &Run<T>::softmax_short) {
    const double sum = k.exp_sum(x, out, n, max, beta);
    k.scale(out, out, n, static_cast<T>(1 / sum), false);
    return;
  }
  double rest = 0, at_max = 0, log_rest = 0;
  k.exp_rest(x, n, max, beta, &rest, &at_max);
  const double above = rest + (at_max - 1);
  scalar_table().f64.log1p(&above, &log_rest, 1);
  if (tested.run == &Run<T>::log_softmax_short) {
    k.log_softmax(x, out, n, max, beta, static_cast<T>(log_rest), false);
  } else if (tested.run == &Run<T>::log_sum_exp_short) {
    *out = max;
    *log_sum = log_rest;
  } else {
    fail("%s: no row passes are known for this tile kernel", tested.name);
  }
}

template <class T>
class TileTest {
 public:
  TileTest(const Case<T>& tested, Distribution distribution, double beta)
      : case_(tested), distribution_(distribution), beta_(beta) {}

  void test(std::size_t n, Random& random) {
    n_ = n;
    width_ = case_.needs.log_sum ? 1 : n;
    x_.resize(kMostRows * n);
    fill(distribution_, random, x_.data(), x_.size());
    wanted_.assign(kMostRows * width_, 0);
    sums_.assign(kMostRows, 0);
    first_bad_ = kMostRows;
    for (std::size_t row = kMostRows; row-- > 0;) {
      const T* at = x_.data() + row * n;
      const T max = scalar_table().of<T>().max(at, n, beta_ < 0);
      if (max - max != 0) {
        first_bad_ = row;
      } else {
        one_row(case_, at, n, beta_, wanted_.data() + row * width_, &sums_[row]);
      }
    }
    for (const KernelTable* table : tables()) {
      for (std::size_t i = 0; i < 6; ++i) {
        const std::size_t rows = i == 0 ? kMostRows : random.below(kMostRows + 1);
        compare(*table, rows, (n + i) % kOffsets, i % 2 == 1 && !case_.needs.log_sum);
      }
    }
  }

 private:
  void compare(const KernelTable& table, std::size_t rows, std::size_t offset, bool in_place) {
    Call<T> c;
    c.n = n_;
    c.rows = rows;
    c.beta = beta_;
    T* x = x_block_.place(offset, x_.data(), rows * n_);
    T* out = in_place ? x : out_block_.place((offset * 5 + 3) % kOffsets, rows * width_);
    if (!in_place) std::memset(static_cast<void*>(out), kCanary, rows * width_ * sizeof(T));
    c.x = x;
    c.out = out;
    c.log_sum = sum_block_.place(offset, rows);
    case_.run(table.of<T>(), c);

    const std::size_t done = rows < first_bad_ ? rows : first_bad_;
    if (c.number[0] != static_cast<double>(done)) {
      return report(table, rows, offset, in_place, "rows done", 0, c.number[0], static_cast<double>(done));
    }
    const std::size_t i = first_difference(out, wanted_.data(), done * width_);
    if (i < done * width_) report(table, rows, offset, in_place, "element", i, out[i], wanted_[i]);
    if (case_.needs.log_sum) {
      const std::size_t k = first_difference(c.log_sum, sums_.data(), done);
      if (k < done) report(table, rows, offset, in_place, "log_sum", k, c.log_sum[k], sums_[k]);
    }
    const std::size_t left = (rows - done) * width_;
    const bool untouched = in_place ? first_difference(out + done * width_, x_.data() + done * n_, left) == left
                                    : is_canary(out + done * width_, left);
    if (!untouched) report(table, rows, offset, in_place, "rows left: written", done, 0, 0);
    if (!x_block_.intact() || !sum_block_.intact() || (!in_place && !out_block_.intact())) {
      report(table, rows, offset, in_place, "canary", 0, 0, 0);
    }
  }

  void report(const KernelTable& table, std::size_t rows, std::size_t offset, bool in_place, const char* what,
              std::size_t index, double got, double wanted) const {
    fail("%s %s %s, %s, beta %g, rows %zu of n %zu, offset %zu%s: %s %zu is %a, not %a", table.name, case_.name,
         type_name<T>(), name_of(distribution_), beta_, rows, n_, offset, in_place ? ", in place" : "", what, index,
         got, wanted);
  }

  const Case<T>& case_;
  Distribution distribution_;
  double beta_;
  std::size_t n_ = 0, width_ = 0, first_bad_ = 0;
  std::vector<T> x_, wanted_;
  std::vector<double> sums_;
  Block<T> x_block_{kMostRows * kShort}, out_block_{kMostRows * kShort};
  Block<double> sum_block_{kMostRows};
};

template <class T>
void test_tiles() {
  Random random(seed());
  std::size_t turn = 0;
  for (const Case<T>& tested : cases<T>()) {
    if (tested.needs.kind != Kind::tile || tested.needs.weight) continue;
    for (const Distribution distribution : kDistributions) {
      for (const double beta : kBetas) {
        TileTest<T> tile(tested, distribution, beta);
        ++turn;
        for (std::size_t n = 1; n <= kShort; ++n) {
          if ((n + turn) % kEveryCase == 0) tile.test(n, random);
        }
      }
    }
  }
}

// The same of products, which stop before a sum that is beyond the limit.
template <class T>
void test_products(std::size_t n, std::size_t rows, std::size_t bad, Random& random) {
  constexpr T kFactor = T(0.7), kLimit = T(1e6);
  std::vector<T> p(rows * n), g(rows * n), wanted(rows * n);
  for (T& x : p) x = random.chance(0.2) ? T(0) : static_cast<T>(std::fabs(random.normal()));
  for (T& x : g) x = static_cast<T>(3 * random.normal());
  if (bad < rows) {
    p[bad * n + n / 2] = 1;
    g[bad * n + n / 2] = random.chance(0.5) ? T(2e6) : static_cast<T>(NAN);
  }
  const KernelsOf<T>& scalar = scalar_table().of<T>();
  for (std::size_t r = 0; r < rows; ++r) {
    const T *x = p.data() + r * n, *y = g.data() + r * n;
    const T sum = static_cast<T>(scalar.dot(x, y, n, T(0), true));
    scalar.softmax_vjp(x, y, wanted.data() + r * n, n, T(0), sum, kFactor, true, false);
  }
  const std::size_t done = bad < rows ? bad : rows;
  for (const KernelTable* table : tables()) {
    for (int place = 0; place < 3; ++place) {
      std::vector<T> x = p, y = g, apart(rows * n, T(7));
      T* out = place == 0 ? apart.data() : place == 1 ? x.data() : y.data();
      const std::vector<T> before(out, out + rows * n);
      const std::size_t found = table->of<T>().softmax_vjp_short(x.data(), y.data(), out, rows, n, kFactor, kLimit);
      const std::size_t i = first_difference(out, wanted.data(), done * n), left = (rows - done) * n;
      if (found == done && i == done * n && first_difference(out + i, before.data() + i, left) == left) continue;
      fail("%s softmax_vjp_short %s, %zu rows of %zu, bad %zu, place %d: %zu rows done, element %zu", table->name,
           type_name<T>(), rows, n, bad, place, found, i);
    }
  }
}

template <class T>
void test_products() {
  Random random(seed());
  for (std::size_t n = 1; n <= kShort; ++n) {
    if (n % kEveryCase != 0) continue;
    for (int i = 0; i < 8; ++i) test_products<T>(n, random.below(kMostRows + 1), random.below(2 * kMostRows), random);
  }
}

TEST(products_of_short_rows_have_the_bits_of_single_rows) {
  test_products<float>();
  test_products<double>();
}

TEST(tiles_have_the_bits_of_single_rows_float32) { test_tiles<float>(); }
TEST(tiles_have_the_bits_of_single_rows_float64) { test_tiles<double>(); }

}  // namespace
}  // namespace softmax_native::test
