// Each kernel of kernels.def on each table, in ns per element and without JavaScript: one call on data in the caches.
// A kernel without a case here does not compile.
#include "kernels.hpp"

#include <cstdio>
#include <string>
#include <vector>

#include "../../native/core/dispatch.hpp"
#include "logits.hpp"
#include "timing.hpp"
#include "walls.hpp"

namespace bench {
namespace {

using softmax_native::KernelsOf;
using softmax_native::KernelTable;

// What the kernels work on: n logits of deviation 3, their maximum, as many weights, and room for results.
template <class T>
struct Field {
  explicit Field(std::size_t count)
      : n(count), x(logits<T>(count)), out(count), weight(count, T(0.5)), spare(count), mask(count, 1), row_max(count),
        row_sum(count), doubles(2 * count, 0.5), ids(count), halves(count) {
    for (const T value : x) {
      if (value > max) max = value;
    }
  }

  // The same as rows of 10, for the kernels on short rows.
  static constexpr std::size_t kRow = 10;
  std::size_t rows() const { return n / kRow; }

  std::size_t n;
  std::vector<T> x, out, weight, spare;
  std::vector<std::uint8_t> mask;
  std::vector<T> row_max;
  std::vector<double> row_sum, doubles;
  std::vector<std::int32_t> ids;
  std::vector<std::uint16_t> halves;
  T max = -100;
  double sum = 0, at_max = 0, sums[8] = {};
};

// Results must be seen to be used, or the calls could be left out.
volatile double seen;

// One call of each kernel on a field.
template <class T>
struct Cases {
  const KernelsOf<T>& k;
  Field<T>& f;

  void exp() { k.exp(f.x.data(), f.out.data(), f.n); }
  void log() { k.log(f.weight.data(), f.out.data(), f.n); }
  void log1p() { k.log1p(f.weight.data(), f.out.data(), f.n); }
  void max() { seen = k.max(f.x.data(), f.n, false); }
  void find_above() { seen = static_cast<double>(k.find_above(f.x.data(), f.n, T(1000), f.ids.data())); }
  void find_equal() { seen = static_cast<double>(k.find_equal(f.x.data(), f.n, T(1000))); }
  void count_equal() { seen = static_cast<double>(k.count_equal(f.x.data(), f.n, f.max)); }
  void select_equal() { k.select_equal(f.x.data(), f.out.data(), f.n, f.max, T(1), T(0)); }
  void find_non_finite() { seen = static_cast<double>(k.find_non_finite(f.x.data(), f.n)); }
  void exp_sum() { seen = k.exp_sum(f.x.data(), f.out.data(), f.n, f.max, 1); }
  void scale() { k.scale(f.x.data(), f.out.data(), f.n, T(0.5), false); }
  void exp_rest() { k.exp_rest(f.x.data(), f.n, f.max, 1, &f.sum, &f.at_max); }
  void weighted_exp_rest() { k.weighted_exp_rest(f.x.data(), f.weight.data(), f.n, f.max, 1, &f.sum, &f.at_max); }
  void log_softmax() { k.log_softmax(f.x.data(), f.out.data(), f.n, f.max, 1, T(2), false); }
  void softmax_short() { k.softmax_short(f.x.data(), f.out.data(), f.rows(), f.kRow, 1); }
  void log_softmax_short() { k.log_softmax_short(f.x.data(), f.out.data(), f.rows(), f.kRow, 1); }
  void log_sum_exp_short() { k.log_sum_exp_short(f.x.data(), f.rows(), f.kRow, 1, f.row_max.data(), f.row_sum.data()); }
  void exp_rest_kept() { k.exp_rest_kept(f.x.data(), f.out.data(), f.n, f.max, 1, &f.sum, &f.at_max); }
  void target_gaps() {
    k.target_gaps(f.x.data(), f.weight.data(), nullptr, f.n, f.max, false, T(0.9), T(0.1), &f.sum, &f.at_max);
  }
  void loss_gradient() {
    k.loss_gradient(f.x.data(), f.weight.data(), nullptr, f.out.data(), f.n, T(0.3), T(0.9), T(0.1), false);
  }
  void softcap() { k.softcap(f.x.data(), f.out.data(), f.n, 30); }
  void softcap_vjp() { k.softcap_vjp(f.x.data(), f.weight.data(), f.out.data(), f.n, 30); }
  void divergence_sums() { k.divergence_sums(f.x.data(), f.x.data(), f.n, f.max, f.max, 1, f.sums); }
  void divergence_excess() { seen = k.divergence_excess(f.x.data(), f.x.data(), f.n, f.max, f.max, 1, 0); }
  void transpose() { k.transpose(f.x.data(), 64, f.out.data(), f.n / 64, f.n / 64, 64); }
  void keep_masked() { k.keep_masked(f.x.data(), f.mask.data(), f.out.data(), f.n, T(-1)); }
  void gap_sums() { k.gap_sums(f.x.data(), f.out.data(), f.n, f.max, f.max, 1, false, f.sums); }
  void secular_sums() { k.secular_sums(f.weight.data(), f.n, T(0.6), T(0.2), T(1), f.sums); }
  // x as [n / 64, 64] by one panel: for each element of x as many multiply-adds as a panel has columns.
  void multiply() {
    constexpr std::size_t kColumns = softmax_native::kPanel<T>, kDepth = 64;
    const std::size_t rows = f.n / kDepth;
    k.multiply(f.x.data(), kDepth, 1, f.weight.data(), nullptr, 0, f.out.data(), kColumns, rows, kDepth, kColumns);
  }
  // One row by x as [n / 64, 64].
  void multiply_row() {
    constexpr std::size_t kDepth = 64;
    k.multiply_row(f.weight.data(), f.x.data(), kDepth, nullptr, f.out.data(), f.n / kDepth, kDepth);
  }
  void add_wide() { k.add_wide(f.x.data(), f.row_sum.data(), f.n); }

  void dot() { seen = k.dot(f.weight.data(), f.x.data(), f.n, T(0), false); }
  void part_sum() { seen = k.part_sum(f.x.data(), f.weight.data(), f.n, false); }
  void exp_dot() { seen = k.exp_dot(f.x.data(), f.weight.data(), f.n, false); }
  void softmax_vjp() {
    k.softmax_vjp(f.weight.data(), f.x.data(), f.out.data(), f.n, T(0), T(0.1), T(1), false, false);
  }
  void softmax_vjp_short() {
    k.softmax_vjp_short(f.weight.data(), f.x.data(), f.out.data(), f.rows(), f.kRow, T(1), T(1e30));
  }
  void log_softmax_vjp() {
    k.log_softmax_vjp(f.x.data(), f.weight.data(), f.out.data(), f.n, T(0.1), T(1), false, false);
  }
  void log_softmax_jvp() {
    k.log_softmax_jvp(f.x.data(), f.weight.data(), f.out.data(), f.n, T(0.1), T(1), false, false);
  }
  // Rows of 100, ten at a time against one.
  static constexpr std::size_t kDim = 100, kTen = 10;
  template <class Step>
  void each_ten(const Step& step) {
    T ten[kTen];
    for (T& number : ten) number = T(0.5);
    for (std::size_t i = 0; f.n - i >= kTen * kDim; i += kTen * kDim) {
      T* rows[kTen];
      for (std::size_t r = 0; r < kTen; ++r) rows[r] = f.out.data() + i + r * kDim;
      step(rows, ten);
    }
  }
  void row_dots() {
    each_ten([&](T* const* rows, T* out) { k.row_dots(f.x.data(), rows, kTen, kDim, out); });
  }
  void logistic() { seen = k.logistic(f.x.data(), f.mask.data(), f.out.data(), f.n); }
  void logistic_kept() {
    double sums[9] = {};
    k.logistic_kept(f.x.data(), f.mask.data(), f.out.data(), f.n, sums);
  }
  void row_updates() {
    T gradient[kDim] = {};
    each_ten([&](T* const* rows, T* g) { k.row_updates(f.x.data(), rows, g, kTen, kDim, T(1e-6), gradient); });
  }
  void anchored_rest() { k.anchored_rest(f.x.data(), nullptr, f.n, f.max, 0, 1, f.sums); }
  double* doubles(std::size_t i) { return f.doubles.data() + i * f.n; }
  void token_weights() { k.token_weights(f.x.data(), doubles(0), doubles(1), f.n, f.max, 1, -1000, f.sums); }
  void kept_weights() { k.kept_weights(f.x.data(), f.x.data(), doubles(1), f.n, T(-1), f.sums); }
  void weight_above() { seen = k.weight_above(f.x.data(), doubles(1), f.n, T(0)); }
  void typical_scores() { k.typical_scores(f.x.data(), doubles(1), doubles(0), f.n, 2, 1); }
  void count_above() { seen = static_cast<double>(k.count_above(f.x.data(), f.n, T(1))); }
  void find_between() { seen = static_cast<double>(k.find_between(f.x.data(), f.n, T(9), T(10), f.ids.data())); }
  void widen_halves() { k.widen_halves(f.halves.data(), f.out.data(), f.n, false); }
  void narrow_halves() { k.narrow_halves(f.x.data(), f.halves.data(), f.n, false); }
  void add_gumbel() { k.add_gumbel(f.x.data(), f.out.data(), f.n, 1, 0); }
  // Rows of 64, of one weight.
  void add_weighted_rows() {
    constexpr std::size_t kColumns = 64;
    const std::size_t rows = f.n / kColumns;
    for (std::size_t i = 0; i < rows; ++i) f.row_sum[i] = 0.5;
    double sums[kColumns] = {};
    k.add_weighted_rows(f.x.data(), f.row_sum.data(), rows, kColumns, sums);
    seen = sums[0];
  }
  // Rows of a matrix of 100 columns.
  void outer() {
    const T *left = f.x.data(), *diagonal = f.weight.data();
    for (std::size_t i = 0; i < f.n; i += 10000) {
      const std::size_t rows = f.n - i < 10000 ? (f.n - i) / 100 : 100;
      k.outer(left, left, diagonal, 0, f.out.data() + i, rows, 100, T(1), false);
    }
  }

  // All as a tile of 64 columns; the product has as many as a line.
  static constexpr std::size_t kWide = 64;
  std::size_t tall() const { return f.n / kWide; }
  void tile_product() {
    constexpr std::size_t kColumns = softmax_native::kPanel<T>;
    k.tile_product(f.x.data(), kWide, 1, f.weight.data(), kColumns, nullptr, 0, nullptr, f.out.data(), kColumns, tall(),
                   kWide, kColumns);
  }
  void tile_exp() {
    T* max = f.row_max.data();
    k.tile_exp(f.spare.data(), kWide, tall(), kWide, max, max + kWide, max + 2 * kWide);
  }
  void tile_vjp() {
    T *max = f.row_max.data(), *half = f.weight.data();
    k.tile_vjp(f.spare.data(), f.out.data(), kWide, tall(), kWide, max, half, half);
  }
  void key_dots() { k.key_dots(f.weight.data(), f.x.data(), kWide, tall(), kWide, f.out.data()); }
  void add_values() { k.add_values(f.weight.data(), f.x.data(), kWide, tall(), kWide, f.spare.data()); }
};

template <class T>
std::vector<Work> works_of(const KernelsOf<T>& kernels, Field<T>& field, const char* element) {
  std::vector<Work> works;
#define KERNEL(name, result, arguments) \
  works.push_back({std::string(#name "_") + element, [&kernels, &field] { Cases<T>{kernels, field}.name(); }});
#include "../../native/core/kernels.def"
#undef KERNEL
  return works;
}

void print(const std::string& name, const std::vector<Times>& times, const std::vector<std::size_t>& sizes) {
  std::printf("  %-24s", name.c_str());
  for (std::size_t i = 0; i < times.size(); ++i) {
    const double n = static_cast<double>(sizes[i]);
    std::printf("  %7.3f (%.3f..%.3f)", times[i].median / n, times[i].p25 / n, times[i].p75 / n);
  }
  std::printf("\n");
}

void print_heading(const char* title, const std::vector<std::size_t>& sizes) {
  std::printf("\n%s: ns per element, median (p25..p75), at n =\n  %-24s", title, "");
  for (const std::size_t n : sizes) std::printf("  %22zu", n);
  std::printf("\n");
}

template <class T>
void time_table(const KernelTable& table, const std::vector<std::size_t>& sizes, const char* element) {
  print_heading(table.name, sizes);
  std::vector<std::vector<Times>> columns;
  std::vector<std::string> names;
  for (const std::size_t n : sizes) {
    Field<T> field(n);
    const std::vector<Work> works = works_of<T>(table.of<T>(), field, element);
    columns.push_back(measure(works));
    names.clear();
    for (const Work& work : works) names.push_back(work.name);
  }
  for (std::size_t k = 0; k < names.size(); ++k) {
    std::vector<Times> row;
    for (const std::vector<Times>& column : columns) row.push_back(column[k]);
    print(names[k], row, sizes);
  }
}

}  // namespace

void time_walls() {
  if (!has_walls()) return;
  const std::vector<std::size_t> sizes = {4096, 131072, 16777216};
  print_heading("walls, float32", sizes);
  std::vector<std::vector<Times>> columns;
  for (const std::size_t n : sizes) {
    Field<float> f(n);
    std::vector<float> below(f.x);
    for (float& value : below) value -= f.max;
    columns.push_back(measure({{"read", [&] { seen = read(f.x.data(), n); }},
                               {"exp pass", [&] { seen = exp_pass(below.data(), n); }},
                               {"copy", [&] { copy(f.x.data(), f.out.data(), n); }},
                               {"copy, streaming", [&] { copy_streaming(f.x.data(), f.out.data(), n); }}}));
  }
  const char* names[] = {"read", "exp pass", "copy", "copy, streaming"};
  for (std::size_t k = 0; k < 4; ++k) {
    std::vector<Times> row;
    for (const std::vector<Times>& column : columns) row.push_back(column[k]);
    print(names[k], row, sizes);
  }
}

void time_kernels(const std::string& only) {
  const std::vector<std::size_t> sizes = {160, 1000, 4096, 65536};
  std::size_t count = 0;
  const KernelTable* const* tables = softmax_native::runnable_tables(&count);
  for (std::size_t i = 0; i < count; ++i) {
    if (only.empty() ? i != 0 : only != tables[i]->name && only != "all") continue;
    time_table<float>(*tables[i], sizes, "f32");
    time_table<double>(*tables[i], sizes, "f64");
  }
}

}  // namespace bench
