// exp, log and log1p against exact values, in ulp, on every table: random arguments, and those on which such functions
// go wrong. (exhaustive.cpp goes through all floats.)
#include <cmath>
#include <vector>

#include "distributions.hpp"
#include "exact.hpp"
#include "hard_arguments.hpp"
#include "kernel_cases.hpp"
#include "runner.hpp"
#include "tolerances.hpp"

namespace softmax_native::test {
namespace {

// A function of one argument: the kernel, the truth, the bound.
template <class T>
struct Function {
  const char* name;
  void (*KernelsOf<T>::*kernel)(const T*, T*, std::size_t);
  Quad (*exact)(Quad);
  double tolerance;
};

template <class T>
void measure(const Function<T>& function, const char* arguments, const std::vector<T>& x) {
  std::vector<Quad> exact(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) exact[i] = function.exact(static_cast<Quad>(x[i]));
  std::vector<T> out(x.size());
  for (const KernelTable* table : tables()) {
    (table->of<T>().*function.kernel)(x.data(), out.data(), x.size());
    Worst worst;
    for (std::size_t i = 0; i < x.size(); ++i) worst.see(ulp_error(out[i], exact[i]), static_cast<double>(x[i]));
    if (!(worst.error <= function.tolerance)) {
      fail("%s %s %s, %s: %.4f ulp at %a", table->name, function.name, type_name<T>(), arguments, worst.error,
           worst.at);
    }
    if (table == *tables().begin()) {
      note("%s %s, %zu %s: %.4f ulp at %a", function.name, type_name<T>(), x.size(), arguments, worst.error, worst.at);
    }
  }
}

std::size_t samples() { return thorough() ? 10'000'000 : 200'000; }

// Random arguments in blocks, so that the long form needs no gigabytes.
template <class T, class Draw>
void measure_random(const Function<T>& function, const char* arguments, const Draw& one) {
  Random random(seed());
  std::vector<T> x(samples());
  for (T& v : x) v = one(random);
  measure(function, arguments, x);
}

template <class T>
void measure_midpoints(const Function<T>& function, const std::vector<T>& starts) {
  std::vector<T> x;
  for (const T start : starts) x.push_back(near_midpoint(start, function.exact));
  measure(function, "arguments nearly half way", x);
}

template <class T>
void test_exp() {
  const T least = sizeof(T) == sizeof(float) ? T(-104) : T(-746);
  const Function<T> exp{"exp", &KernelsOf<T>::exp, exact_exp, tolerance::kExp};
  measure(exp, "hard arguments", hard_exp_arguments(least));
  measure_random(exp, "uniform in its range", [&](Random& random) { return static_cast<T>(least * random.uniform()); });
  measure_random(exp, "uniform in [-2, 0]", [&](Random& random) { return static_cast<T>(-2 * random.uniform()); });
  measure_random(exp, "of any size",
                 [&](Random& random) { return -std::ldexp(T(1) + T(random.uniform()), -int(random.below(60)) + 8); });
}

template <class T, class Exact>
void test_log(const char* name, void (*KernelsOf<T>::*kernel)(const T*, T*, std::size_t), Exact exact,
              double tolerance) {
  using Limits = std::numeric_limits<T>;
  const Function<T> log{name, kernel, exact, tolerance};
  measure(log, "hard arguments", hard_log_arguments<T>());
  const double most = sizeof(T) == sizeof(float) ? 0x1p24 : 0x1p53;
  measure_random(log, "in [1, 2^digits], by size",
                 [&](Random& random) { return static_cast<T>(std::exp(random.uniform() * std::log(most))); });
  measure_random(log, "in [0.5, 2]", [](Random& random) { return static_cast<T>(random.uniform(0.5, 2)); });
  measure_random(log, "of any size", [](Random& random) {
    const int exponents = Limits::max_exponent - Limits::min_exponent + Limits::digits - 1;
    const int exponent = Limits::min_exponent - Limits::digits + int(random.below(std::size_t(exponents)));
    return std::ldexp(T(1) + T(random.uniform()) / 2, exponent);
  });
}

TEST(exp_float32) { test_exp<float>(); }
TEST(exp_float64) { test_exp<double>(); }
TEST(log_float32) { test_log<float>("log", &KernelsOf<float>::log, exact_log, tolerance::kLog); }
TEST(log_float64) { test_log<double>("log", &KernelsOf<double>::log, exact_log, tolerance::kLog); }
TEST(log1p_float32) { test_log<float>("log1p", &KernelsOf<float>::log1p, exact_log1p, tolerance::kLog1p); }
TEST(log1p_float64) { test_log<double>("log1p", &KernelsOf<double>::log1p, exact_log1p, tolerance::kLog1p); }

TEST(results_nearly_half_way_between_two_floats) {
  Random random(seed());
  const int searches = thorough() ? 2000 : 100;
  std::vector<double> below_zero, above_one;
  for (int i = 0; i < searches; ++i) {
    below_zero.push_back(-std::exp(random.uniform(-3, 6.55)));
    above_one.push_back(std::exp(random.uniform(0.01, 36)));
  }
  measure_midpoints<double>({"exp", &KernelsOf<double>::exp, exact_exp, tolerance::kExp}, below_zero);
  measure_midpoints<double>({"log", &KernelsOf<double>::log, exact_log, tolerance::kLog}, above_one);
  measure_midpoints<double>({"log1p", &KernelsOf<double>::log1p, exact_log1p, tolerance::kLog1p}, above_one);
}

template <class T>
void test_special_arguments() {
  const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T least = std::numeric_limits<T>::denorm_min();
  const auto of = [](const KernelTable& table, void (*KernelsOf<T>::*kernel)(const T*, T*, std::size_t), T x) {
    T out;
    (table.of<T>().*kernel)(&x, &out, 1);
    return out;
  };
  for (const KernelTable* table : tables()) {
    CHECK(of(*table, &KernelsOf<T>::exp, -infinity) == 0);
    CHECK(of(*table, &KernelsOf<T>::exp, -std::numeric_limits<T>::max()) == 0);
    CHECK(of(*table, &KernelsOf<T>::exp, T(0)) == 1);
    CHECK(of(*table, &KernelsOf<T>::exp, T(-0.0)) == 1);
    CHECK(of(*table, &KernelsOf<T>::exp, -least) == 1);
    CHECK(std::isnan(of(*table, &KernelsOf<T>::exp, nan)));
    CHECK(of(*table, &KernelsOf<T>::log, T(0)) == -infinity);
    CHECK(of(*table, &KernelsOf<T>::log, T(-0.0)) == -infinity);
    CHECK(of(*table, &KernelsOf<T>::log, T(1)) == 0);
    CHECK(of(*table, &KernelsOf<T>::log, infinity) == infinity);
    CHECK(std::isnan(of(*table, &KernelsOf<T>::log, T(-1))));
    CHECK(std::isnan(of(*table, &KernelsOf<T>::log, -infinity)));
    CHECK(std::isnan(of(*table, &KernelsOf<T>::log, nan)));
    CHECK(of(*table, &KernelsOf<T>::log1p, T(0)) == 0);
    CHECK(of(*table, &KernelsOf<T>::log1p, least) == least);
    CHECK(of(*table, &KernelsOf<T>::log1p, infinity) == infinity);
    CHECK(std::isnan(of(*table, &KernelsOf<T>::log1p, nan)));
  }
}

TEST(special_arguments_float32) { test_special_arguments<float>(); }
TEST(special_arguments_float64) { test_special_arguments<double>(); }

}  // namespace
}  // namespace softmax_native::test
