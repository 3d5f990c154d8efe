// What the derivatives do with zeros, infinities, NaN and masks, by the book in long double; the result in place of
// either input; and the bits of the Jacobians, which the tests of all operations do not cover.
#include <cmath>
#include <limits>
#include <vector>

#include "../../native/parallel/pool.hpp"
#include "distributions.hpp"
#include "memory.hpp"
#include "operation_cases.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kBetas[] = {1, -2, 0, kInfinite, -kInfinite};
constexpr NonFinite kRules[] = {NonFinite::kLimit, NonFinite::kIeee, NonFinite::kThrow};

enum class Product { kSoftmaxVjp, kLogSoftmaxVjp, kLogSoftmaxJvp };
constexpr Product kProducts[] = {Product::kSoftmaxVjp, Product::kLogSoftmaxVjp, Product::kLogSoftmaxJvp};
const char* const kNames[] = {"softmax_vjp", "log_softmax_vjp", "log_softmax_jvp"};

template <class T>
Outcome run(Product product, const Logits<T>& point, const T* g, T* out) {
  switch (product) {
    case Product::kSoftmaxVjp:
      return softmax_vjp(point, g, out);
    case Product::kLogSoftmaxVjp:
      return log_softmax_vjp(point, g, out);
    default:
      return log_softmax_jvp(point, g, out);
  }
}

// One row by the definition, with its rules written out.
template <class T>
class PlainProduct {
 public:
  PlainProduct(Product product, const Logits<T>& point, const T* g) : product_(product), beta_(point.beta) {
    constant_ = beta_ == 0 || std::isinf(beta_);
    const bool skip = point.rule != NonFinite::kIeee || constant_;
    const long double idle = product == Product::kSoftmaxVjp ? 0.0L : -static_cast<long double>(kInfinite);
    for (std::size_t j = 0; j < point.layout.n; ++j) {
      x_.push_back(static_cast<long double>(point.data[j]));
      g_.push_back(static_cast<long double>(g[j]));
      const bool masked = point.mask != nullptr && point.mask[j] == 0;
      counts_.push_back(!masked && !(skip && x_[j] == idle));
      const bool finite = std::isfinite(x_[j]) && std::isfinite(g_[j]);
      if (counts_[j]) {
        any_ = true;
        if (!finite) irregular_ = true;
        sum_ += term(j, skip);
      }
    }
  }

  bool refused() const { return irregular_ || !any_; }

  long double element(std::size_t j) const {
    if (!counts_[j]) return 0;
    if (constant_) return std::isnan(sum_) ? static_cast<long double>(kNaN) : 0;
    const long double beta = static_cast<long double>(beta_);
    switch (product_) {
      case Product::kSoftmaxVjp:
        return beta * x_[j] * (g_[j] - sum_);
      case Product::kLogSoftmaxVjp:
        return beta * (g_[j] - std::exp(x_[j]) * sum_);
      default:
        return beta * (g_[j] - sum_);
    }
  }

 private:
  Product product_;
  double beta_;
  bool constant_ = false, any_ = false, irregular_ = false;
  long double sum_ = 0;
  std::vector<long double> x_, g_;
  std::vector<bool> counts_;

  long double term(std::size_t j, bool skip) const {
    switch (product_) {
      case Product::kSoftmaxVjp:
        return x_[j] * g_[j];
      case Product::kLogSoftmaxVjp:
        return skip ? g_[j] + (x_[j] - x_[j]) : g_[j];
      default:
        return std::exp(x_[j]) * g_[j];
    }
  }
};

template <class T>
void check_row(const std::vector<T>& x, const std::vector<T>& g, const std::uint8_t* mask) {
  const std::size_t n = x.size();
  std::vector<T> out(n);
  for (const Product product : kProducts) {
    for (const double beta : kBetas) {
      for (const NonFinite rule : kRules) {
        const Logits<T> point = one_row(x.data(), n, beta, rule, mask);
        const PlainProduct<T> plain(product, point, g.data());
        out.assign(n, T(77));
        const Outcome outcome = run(product, point, g.data(), out.data());
        const bool refused = rule == NonFinite::kThrow && plain.refused();
        const char* name = kNames[static_cast<int>(product)];
        if ((outcome.status == Status::kNonFinite) != refused)
          fail("%s %s refused: %d", name, type_name<T>(), !refused);
        for (std::size_t j = 0; j < n; ++j) {
          const T wanted = refused ? T(77) : static_cast<T>(plain.element(j));
          const bool same = std::isnan(wanted) ? std::isnan(out[j])
                                               : out[j] == wanted || std::fabs(out[j] - wanted) <=
                                                                         T(1e-5) * std::fmax(T(1), std::fabs(wanted));
          const bool signed_zero = wanted == 0 && rule != NonFinite::kIeee && std::signbit(out[j]);
          if (same && !signed_zero) continue;
          fail("%s %s, n %zu, beta %g, rule %d, x %g %g, g %g %g%s: element %zu is %g, not %g", name, type_name<T>(), n,
               beta, static_cast<int>(rule), double(x[0]), double(x[1]), double(g[0]), double(g[1]),
               mask == nullptr ? "" : ", masked", j, double(out[j]), double(wanted));
        }
      }
    }
  }
}

// All pairs of classes over these values, alone and in front of ordinary ones, in rows of every kind of length.
template <class T>
void check_alphabets() {
  const double xs[] = {0, 0.25, 1, kNaN, kInfinite, -kInfinite, -0.5}, gs[] = {0, 1.5, -2, kNaN, kInfinite, -kInfinite};
  for (const std::size_t n : {std::size_t{2}, std::size_t{9}, std::size_t{70}, kChunk + 3}) {
    std::vector<T> x(n, T(-0.125)), g(n, T(0.5));
    std::vector<std::uint8_t> mask(n, 1);
    mask[1] = 0;
    for (const double x0 : xs) {
      for (const double x1 : xs) {
        for (const double g0 : gs) {
          for (const double g1 : gs) {
            if (n > kChunk && (x1 != 0.25 || g1 != 1.5)) continue;
            x[0] = static_cast<T>(x0);
            x[1] = static_cast<T>(x1);
            g[0] = static_cast<T>(g0);
            g[1] = static_cast<T>(g1);
            check_row(x, g, nullptr);
            check_row(x, g, mask.data());
          }
        }
      }
    }
  }
}

TEST(products_of_special_values_float32) { check_alphabets<float>(); }
TEST(products_of_special_values_float64) { check_alphabets<double>(); }

// The result in place of the direction, in every layout: the bits of a result elsewhere.
template <class T>
void check_in_place() {
  Random random(seed());
  const Layout layouts[] = {{7, 5, 1}, {3, 100, 1}, {2, 9000, 1}, {3, 20, 11}, {2, 5000, 3}, {300, 1000, 1}};
  for (const Layout& layout : layouts) {
    std::vector<T> x(layout.size()), g(x.size()), apart(x.size());
    std::vector<std::uint8_t> mask(x.size());
    for (T& v : x) v = random.chance(0.1) ? T(0) : static_cast<T>(-random.uniform());
    for (T& v : g) v = static_cast<T>(random.normal());
    for (std::uint8_t& m : mask) m = random.chance(0.8);
    for (const bool masked : {false, true}) {
      const Logits<T> point{x.data(),          layout, 0.7, NonFinite::kLimit, masked ? mask.data() : nullptr,
                            strides_of(layout)};
      for (const Product product : kProducts) {
        run(product, point, g.data(), apart.data());
        std::vector<T> in_place = g;
        run(product, point, in_place.data(), in_place.data());
        CHECK(first_difference(in_place.data(), apart.data(), apart.size()) == apart.size());
      }
    }
  }
}

TEST(in_place_of_the_direction_float32) { check_in_place<float>(); }
TEST(in_place_of_the_direction_float64) { check_in_place<double>(); }

// Large results, which are written past the caches, beside the same rows one by one.
template <class T>
void check_streamed() {
  Random random(seed());
  const std::size_t rows = 2050, n = sizeof(T) == sizeof(float) ? 2100 : 1100;
  std::vector<T> x(rows * n), g(x.size()), out(x.size()), row(n);
  for (T& v : x) v = static_cast<T>(-random.uniform());
  for (T& v : g) v = static_cast<T>(random.normal());
  for (const Product product : kProducts) {
    run(product, {x.data(), {rows, n, 1}, 1, NonFinite::kLimit, nullptr, {}}, g.data(), out.data());
    for (std::size_t r = 0; r < rows; r += 97) {
      run(product, one_row(x.data() + r * n, n, 1, NonFinite::kLimit), g.data() + r * n, row.data());
      CHECK(first_difference(row.data(), out.data() + r * n, n) == n);
    }
  }
}

TEST(streamed_products) {
  check_streamed<float>();
  check_streamed<double>();
}

// A class whose log-probability is -Infinity is allowed under 'throw', and its g with it.
TEST(no_probability_is_not_refused) {
  const double l[] = {0, -kInfinite, -1, -kInfinite, -kInfinite, -kInfinite}, g[] = {1, kNaN, 1, kInfinite, kNaN, 1};
  double out[6];
  const Logits<double> point{l, {3, 2, 1}, 1, NonFinite::kThrow, nullptr, {}};
  const Outcome outcome = log_softmax_vjp(point, g, out);
  CHECK(outcome.status == Status::kNonFinite && outcome.row == 2);
  const Logits<double> first{l, {2, 2, 1}, 1, NonFinite::kThrow, nullptr, {}};
  CHECK(log_softmax_jvp(first, g, out).status == Status::kOk);
  CHECK(out[1] == 0 && out[3] == 0);
}

template <class T>
using Matrices = Outcome (*)(const Logits<T>&, T*);

// The bits of a Jacobian on the scalar table, alone, on every table, with threads, in batches, as columns, masked by
// ones; and what is masked, or is -Infinity, is 0.
template <class T>
void check_matrices(Matrices<T> jacobian, bool of_log) {
  Random random(seed());
  for (const std::size_t n : {1, 2, 3, 7, 8, 9, 31, 64, 65, 100, 333}) {
    const std::size_t rows = n < 65 ? 12 : 4, size = n * n;
    std::vector<T> z(rows * n), wanted(rows * size), out(wanted.size() + 1), columns(z.size());
    for (std::size_t r = 0; r < rows; ++r) {
      fill(r % 5 == 4 ? Distribution::special : kDistributions[r % 5], random, z.data() + r * n, n);
    }
    const std::vector<std::uint8_t> ones(z.size(), 1);
    for (const double beta : {1.0, -0.7, 0.0, kInfinite}) {
      select_table("scalar");
      Pool::shared().set_threads(1);
      for (std::size_t r = 0; r < rows; ++r) {
        jacobian(one_row(z.data() + r * n, n, beta, NonFinite::kLimit), wanted.data() + r * size);
      }
      const auto compare = [&](const Logits<T>& logits, const char* way) {
        out.assign(out.size(), T(77));
        jacobian(logits, out.data());
        const std::size_t i = first_difference(out.data(), wanted.data(), wanted.size());
        if (i < wanted.size()) {
          fail("%s %s, n %zu, beta %g: %s, element %zu is %a, not %a", of_log ? "log_softmax_jacobian" : "jacobian",
               type_name<T>(), n, beta, way, i, double(out[i]), double(wanted[i]));
        }
        CHECK(out.back() == T(77));
      };
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t j = 0; j < n; ++j) columns[(r / 2 * n + j) * 2 + r % 2] = z[r * n + j];
      }
      for (const KernelTable* table : tables()) {
        select_table(table->name);
        for (const std::size_t threads : {1, 3}) {
          Pool::shared().set_threads(threads);
          const Layout layout{rows, n, 1}, pairs{rows / 2, n, 2};
          compare({z.data(), layout, beta, NonFinite::kLimit, nullptr, {}}, table->name);
          compare({z.data(), layout, beta, NonFinite::kLimit, ones.data(), strides_of(layout)}, "masked by ones");
          compare({columns.data(), pairs, beta, NonFinite::kLimit, nullptr, {}}, "columns");
        }
      }
    }
  }
  select_table((*tables().begin())->name);
  Pool::shared().set_threads(0);
}

TEST(jacobians_have_the_same_bits_everywhere) {
  check_matrices<float>(softmax_jacobian<float>, false);
  check_matrices<double>(softmax_jacobian<double>, false);
  check_matrices<float>(log_softmax_jacobian<float>, true);
  check_matrices<double>(log_softmax_jacobian<double>, true);
}

// Matrices that go to the pool, and one that is written past the caches.
TEST(large_jacobians) {
  Random random(seed());
  for (const std::size_t n : {700, 2101}) {
    std::vector<float> z(n), wanted(n * n), out(n * n);
    fill(Distribution::uniform, random, z.data(), n);
    select_table("scalar");
    Pool::shared().set_threads(1);
    softmax_jacobian(one_row(z.data(), n, 1, NonFinite::kLimit), wanted.data());
    for (std::size_t i = 0; i < n; i += 13) {
      for (std::size_t j = 0; j < n; j += 7) CHECK(same_bits(wanted[i * n + j], wanted[j * n + i]));
    }
    for (const KernelTable* table : tables()) {
      select_table(table->name);
      Pool::shared().set_threads(2);
      softmax_jacobian(one_row(z.data(), n, 1, NonFinite::kLimit), out.data());
      CHECK(first_difference(out.data(), wanted.data(), out.size()) == out.size());
    }
  }
  select_table((*tables().begin())->name);
  Pool::shared().set_threads(0);
}

// Rows and columns of what is masked are 0 even in a matrix of NaN; of what is -Infinity, in all others.
TEST(jacobians_of_special_rows) {
  const double z[] = {1, kNaN, -kInfinite, 2}, finite[] = {1, 5, -kInfinite, 2};
  const std::uint8_t some[] = {1, 1, 1, 0}, ordinary[] = {1, 0, 1, 1};
  for (const NonFinite rule : {NonFinite::kLimit, NonFinite::kIeee}) {
    for (const Matrices<double> jacobian : {softmax_jacobian<double>, log_softmax_jacobian<double>}) {
      double out[16];
      jacobian(one_row(z, 4, 1, rule, some), out);
      for (std::size_t k = 0; k < 16; ++k) CHECK(k / 4 == 3 || k % 4 == 3 ? out[k] == 0 : std::isnan(out[k]));
      const bool of_log = jacobian == log_softmax_jacobian<double>;
      for (const bool masked : {true, false}) {
        jacobian(one_row(masked ? z : finite, 4, 1, rule, masked ? ordinary : nullptr), out);
        for (std::size_t k = 0; k < 16; ++k) {
          const std::size_t i = k / 4, j = k % 4;
          const bool without =
              (masked && (i == 1 || j == 1)) || (i == 2 && !(of_log && rule == NonFinite::kIeee)) || (j == 2 && i != 2);
          CHECK(std::isfinite(out[k]) && (out[k] == 0) == without && !(without && std::signbit(out[k])));
        }
      }
    }
  }
  double out[4];
  const double two[] = {kInfinite, 3};
  CHECK(softmax_jacobian(one_row(two, 2, 1, NonFinite::kThrow), out).status == Status::kNonFinite);
}

}  // namespace
}  // namespace softmax_native::test
