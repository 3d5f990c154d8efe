// The kernels that only compare, choose or move are exact: every table against plain loops.
#include <cmath>
#include <limits>
#include <vector>

#include "distributions.hpp"
#include "kernel_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNan = std::numeric_limits<T>::quiet_NaN();

template <class T>
void report(const KernelTable& table, const char* kernel, Distribution distribution, std::size_t n, double got,
            double wanted) {
  fail("%s %s %s, %s, n %zu: %a, not %a", table.name, kernel, type_name<T>(), name_of(distribution), n, got, wanted);
}

template <class T>
T plain_max(const std::vector<T>& x, bool negate) {
  T greatest = -kInfinity<T>;
  for (const T v : x) {
    if (std::isnan(v)) return v;
    const T key = negate ? -v : v;
    if (key > greatest) greatest = key;
  }
  return greatest == 0 ? T(0) : greatest;
}

template <class T>
std::size_t plain_find(const std::vector<T>& x, T value) {
  std::size_t i = 0;
  while (i < x.size() && !(x[i] == value || (std::isnan(x[i]) && std::isnan(value)))) ++i;
  return i;
}

// Values to look for: one that is there, one that is not, both zeros, infinities, NaN.
template <class T>
std::vector<T> wanted_values(const std::vector<T>& x) {
  std::vector<T> values = {T(0.0), T(-0.0), T(12345), kInfinity<T>, -kInfinity<T>, kNan<T>};
  if (!x.empty()) {
    values.push_back(x.front());
    values.push_back(x.back());
    values.push_back(x[x.size() / 2]);
  }
  return values;
}

template <class T>
void check_row(const KernelTable& table, Distribution distribution, const std::vector<T>& x) {
  const KernelsOf<T>& k = table.of<T>();
  const std::size_t n = x.size();
  for (const bool negate : {false, true}) {
    const T got = k.max(x.data(), n, negate), wanted = plain_max(x, negate);
    if (!same_bits(got, wanted)) report<T>(table, "max", distribution, n, got, wanted);
  }
  std::size_t non_finite = 0;
  while (non_finite < n && std::isfinite(x[non_finite])) ++non_finite;
  const std::size_t found = k.find_non_finite(x.data(), n);
  if (found != non_finite) report<T>(table, "find_non_finite", distribution, n, double(found), double(non_finite));

  std::vector<T> out(n);
  for (const T value : wanted_values(x)) {
    const std::size_t at = k.find_equal(x.data(), n, value), wanted_at = plain_find(x, value);
    if (at != wanted_at) report<T>(table, "find_equal", distribution, n, double(at), double(wanted_at));
    std::vector<std::int32_t> above(n), wanted_above;
    above.resize(k.find_above(x.data(), n, value, above.data()));
    for (std::size_t i = 0; i < n; ++i) {
      if (x[i] > value) wanted_above.push_back(static_cast<std::int32_t>(i));
    }
    if (above != wanted_above)
      report<T>(table, "find_above", distribution, n, double(above.size()), double(wanted_above.size()));
    const std::size_t counted_above = k.count_above(x.data(), n, value);
    if (counted_above != wanted_above.size())
      report<T>(table, "count_above", distribution, n, double(counted_above), double(wanted_above.size()));
    const T high = value + T(0.5);
    std::vector<std::int32_t> between(n), wanted_between;
    between.resize(k.find_between(x.data(), n, value, high, between.data()));
    for (std::size_t i = 0; i < n; ++i) {
      if (x[i] > value && !(x[i] > high)) wanted_between.push_back(static_cast<std::int32_t>(i));
    }
    if (between != wanted_between)
      report<T>(table, "find_between", distribution, n, double(between.size()), double(wanted_between.size()));
    std::size_t count = 0;
    for (const T v : x) count += v == value;
    const std::size_t counted = k.count_equal(x.data(), n, value);
    if (counted != count) report<T>(table, "count_equal", distribution, n, double(counted), double(count));
    k.select_equal(x.data(), out.data(), n, value, T(0.25), T(-3));
    for (std::size_t i = 0; i < n; ++i) {
      const T wanted = x[i] == value ? T(0.25) : T(-3);
      if (out[i] != wanted) report<T>(table, "select_equal", distribution, n, out[i], wanted);
    }
  }
}

template <class T>
void check_scale_and_mask(const KernelTable& table, Distribution distribution, const std::vector<T>& x,
                          const std::vector<std::uint8_t>& mask) {
  const std::size_t n = x.size();
  std::vector<T> out(n);
  for (const T factor : {T(0.3), T(1e-3), T(0), kNan<T>}) {
    table.of<T>().scale(x.data(), out.data(), n, factor, n % 2 != 0);
    for (std::size_t i = 0; i < n; ++i) {
      const T wanted = std::fma(x[i], factor, T(0));
      if (!same_bits(out[i], wanted)) report<T>(table, "scale", distribution, n, out[i], wanted);
    }
  }
  for (const T excluded : {kInfinity<T>, -kInfinity<T>, T(0)}) {
    table.of<T>().keep_masked(x.data(), mask.data(), out.data(), n, excluded);
    for (std::size_t i = 0; i < n; ++i) {
      const T wanted = mask[i] != 0 ? x[i] : excluded;
      if (!same_bits(out[i], wanted)) report<T>(table, "keep_masked", distribution, n, out[i], wanted);
    }
  }
}

template <class T>
void check_rows() {
  Random random(seed());
  for (const Distribution distribution : kDistributions) {
    for (std::size_t n = 0; n <= 300; ++n) {
      std::vector<T> x(n);
      fill(distribution, random, x.data(), n);
      // Any byte but zero takes part, one bit of it is enough.
      std::vector<std::uint8_t> mask(n);
      for (std::uint8_t& m : mask) m = static_cast<std::uint8_t>(random.chance(0.5) ? 0 : 1u << random.below(8));
      for (const KernelTable* table : tables()) {
        check_row(*table, distribution, x);
        check_scale_and_mask(*table, distribution, x, mask);
      }
    }
  }
}

TEST(comparisons_are_exact_float32) { check_rows<float>(); }
TEST(comparisons_are_exact_float64) { check_rows<double>(); }

// One remarkable element at each place of a row: no position is missed.
template <class T>
void check_positions() {
  for (std::size_t n = 1; n <= 200; ++n) {
    for (std::size_t at = 0; at < n; ++at) {
      std::vector<T> x(n, T(-2));
      x[at] = T(7);
      for (const KernelTable* table : tables()) {
        const KernelsOf<T>& k = table->of<T>();
        CHECK(k.max(x.data(), n, false) == 7);
        CHECK(k.find_equal(x.data(), n, T(7)) == at);
        CHECK(k.count_equal(x.data(), n, T(7)) == 1);
        x[at] = kNan<T>;
        CHECK(std::isnan(k.max(x.data(), n, false)) && std::isnan(k.max(x.data(), n, true)));
        CHECK(k.find_equal(x.data(), n, kNan<T>) == at);
        CHECK(k.find_non_finite(x.data(), n) == at);
        x[at] = -kInfinity<T>;
        CHECK(k.max(x.data(), n, true) == kInfinity<T>);
        CHECK(k.find_non_finite(x.data(), n) == at);
        x[at] = T(7);
      }
    }
  }
}

TEST(no_position_is_missed_float32) { check_positions<float>(); }
TEST(no_position_is_missed_float64) { check_positions<double>(); }

template <class T>
void check_transpose() {
  for (std::size_t rows = 0; rows <= 40; ++rows) {
    for (std::size_t columns = 0; columns <= 40; ++columns) {
      for (const std::size_t gap : {0, 5}) {
        const std::size_t x_stride = columns + gap, out_stride = rows + gap;
        std::vector<T> x(rows * x_stride), out(columns * out_stride), wanted(out.size());
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i + 1);
        for (std::size_t r = 0; r < rows; ++r) {
          for (std::size_t c = 0; c < columns; ++c) wanted[c * out_stride + r] = x[r * x_stride + c];
        }
        for (const KernelTable* table : tables()) {
          out.assign(out.size(), 0);
          table->of<T>().transpose(x.data(), x_stride, out.data(), out_stride, rows, columns);
          if (out != wanted)
            fail("%s transpose %s, %zu x %zu, gap %zu", table->name, type_name<T>(), rows, columns, gap);
        }
      }
    }
  }
}

TEST(transposes_are_exact_float32) { check_transpose<float>(); }
TEST(transposes_are_exact_float64) { check_transpose<double>(); }

}  // namespace
}  // namespace softmax_native::test
