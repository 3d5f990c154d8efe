// Rows on which softmax implementations lose accuracy, and the exact sums of a row.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "distributions.hpp"
#include "exact.hpp"

namespace softmax_native::test {

struct HardRow {
  const char* name;
  // Element i of n.
  double (*element)(std::size_t i, std::size_t n, Random& random);
};

inline constexpr HardRow kHardRows[] = {
    {"uniform in [-20, 20]", [](std::size_t, std::size_t, Random& r) { return r.uniform(-20, 20); }},
    {"normal", [](std::size_t, std::size_t, Random& r) { return 3 * r.normal(); }},
    {"log-normal", [](std::size_t, std::size_t, Random& r) { return draw<double>(Distribution::log_normal, r); }},
    {"Cauchy", [](std::size_t, std::size_t, Random& r) { return draw<double>(Distribution::cauchy, r); }},
    {"all equal", [](std::size_t, std::size_t, Random&) { return 3.1; }},
    {"all equal but the last", [](std::size_t i, std::size_t n, Random&) { return i + 1 == n ? 0.7 : 0.1; }},
    {"ramp to -100", [](std::size_t i, std::size_t n, Random&) { return -100.0 * double(i) / double(n); }},
    {"ramp from -800", [](std::size_t i, std::size_t n, Random&) { return -800.0 * double(n - i) / double(n); }},
    {"one dominates", [](std::size_t i, std::size_t n, Random& r) { return i == n / 3 ? 0.0 : -40 + r.normal(); }},
    {"two at the top",
     [](std::size_t i, std::size_t n, Random& r) { return i % (n / 2 + 1) == 0 ? 7.0 : -9 * r.uniform(); }},
    {"long tail that adds up",
     [](std::size_t i, std::size_t n, Random&) { return i == 0 ? 0.0 : -std::log(double(n)) - 0.3; }},
    {"offset of 1000", [](std::size_t, std::size_t, Random& r) { return 1000 + r.normal(); }},
    {"offset of -1e6", [](std::size_t, std::size_t, Random& r) { return -1e6 + 5 * r.normal(); }},
    {"huge range",
     [](std::size_t, std::size_t, Random& r) { return std::pow(10, r.uniform(-30, 30)) * (r.chance(0.5) ? 1 : -1); }},
    {"subnormal", [](std::size_t, std::size_t, Random& r) { return double(draw<float>(Distribution::subnormal, r)); }},
    {"few values", [](std::size_t, std::size_t, Random& r) { return double(r.below(3)); }},
    {"cancelling maximum",
     [](std::size_t i, std::size_t n, Random& r) { return i == n / 2 ? 1e-3 : 1e-3 - 1e-9 * r.uniform(); }},
};

template <class T>
std::vector<T> hard_row(const HardRow& hard, std::size_t n, Random& random) {
  std::vector<T> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>(hard.element(i, n, random));
  return x;
}

// p_i = |beta| (key_i - max key), and the sums of e^p, for finite beta and keys below +Infinity with a finite maximum.
template <class T>
class ExactRow {
 public:
  ExactRow(const T* x, std::size_t n, double beta) : x_(x), n_(n), sign_(beta < 0 ? -1 : 1), beta_(std::fabs(beta)) {
    std::size_t first = n;
    for (std::size_t i = 0; i < n; ++i) {
      if (first == n || key(i) > key(first)) first = i;
    }
    max_ = n == 0 ? Quad(0) : key(first);
    for (std::size_t i = 0; i < n; ++i) {
      if (i == first) continue;
      const long double e = power(i);
      rest_ += e;
      if (key(i) == max_) {
        ++ties_;
      } else {
        below_ += e;
      }
      if (e != 0) spread_ -= e * static_cast<long double>(exponent(i));
    }
  }

  std::size_t size() const { return n_; }
  Quad exponent(std::size_t i) const { return Quad(beta_) * (key(i) - max_); }
  long double power(std::size_t i) const { return fast_exp(exponent(i)); }
  Quad sum() const { return 1 + rest_; }
  // The sum of the terms below the maximum, and the number of maxima.
  Quad below() const { return below_; }
  double maxima() const { return 1 + ties_; }
  // Mean distance of what is summed from the maximum.
  double spread(Quad of) const { return of == 0 ? 0 : static_cast<double>(spread_ / of); }

  Quad softmax(std::size_t i) const { return power(i) / sum(); }
  Quad log_rest() const { return exact_log1p(rest_); }
  Quad log_softmax(std::size_t i) const { return exponent(i) - log_rest(); }
  Quad log_sum_exp() const { return Quad(beta_) * max_ + log_rest(); }
  Quad scaled_max() const { return Quad(beta_) * max_; }

 private:
  Quad key(std::size_t i) const { return Quad(x_[i]) * sign_; }

  const T* x_;
  std::size_t n_;
  int sign_;
  double beta_, ties_ = 0;
  Quad max_, rest_ = 0, below_ = 0, spread_ = 0;
};

}  // namespace softmax_native::test
