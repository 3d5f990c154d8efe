// How the tests call each kernel of kernels.def: what it needs, and one function that runs it. A kernel without an
// entry here fails to compile, in every program that walks the list.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "../../native/core/dispatch.hpp"
#include "token_cases.hpp"

namespace softmax_native::test {

// What x may hold.
enum class Domain {
  anything,
  not_positive,
  not_negative,
  keys,  // no NaN, sign(beta) x below +Infinity, max finite
};

// Tiles of attention are called in attention_kernels.cpp.
enum class Kind { row, tile, matrix, product, outer, attention };

struct Needs {
  Kind kind = Kind::row;
  Domain domain = Domain::anything;
  bool out = false, beta = false, flag = false, value = false, weight = false, mask = false, log_sum = false;
};

namespace needs {
inline constexpr Needs exp{.domain = Domain::not_positive, .out = true};
inline constexpr Needs log{.out = true};
inline constexpr Needs log1p{.domain = Domain::not_negative, .out = true};
inline constexpr Needs max{.flag = true};
inline constexpr Needs find_equal{.value = true};
inline constexpr Needs count_equal{.value = true};
inline constexpr Needs find_above{.value = true};
inline constexpr Needs select_equal{.out = true, .value = true};
inline constexpr Needs find_non_finite{};
inline constexpr Needs exp_sum{.domain = Domain::keys, .out = true, .beta = true};
inline constexpr Needs scale{.out = true, .flag = true};
inline constexpr Needs exp_rest{.domain = Domain::keys, .beta = true};
inline constexpr Needs weighted_exp_rest{.domain = Domain::keys, .beta = true, .weight = true};
inline constexpr Needs log_softmax{.domain = Domain::keys, .out = true, .beta = true, .flag = true};
inline constexpr Needs softmax_short{.kind = Kind::tile, .out = true, .beta = true};
inline constexpr Needs log_softmax_short{.kind = Kind::tile, .out = true, .beta = true};
inline constexpr Needs log_sum_exp_short{.kind = Kind::tile, .out = true, .beta = true, .log_sum = true};
inline constexpr Needs exp_rest_kept{.domain = Domain::keys, .out = true, .beta = true};
inline constexpr Needs target_gaps{.domain = Domain::keys, .beta = true, .flag = true, .weight = true};
inline constexpr Needs loss_gradient{.out = true, .flag = true, .weight = true};
inline constexpr Needs softcap{.out = true};
inline constexpr Needs softcap_vjp{.out = true, .weight = true};
inline constexpr Needs divergence_sums{.domain = Domain::keys, .beta = true};
inline constexpr Needs divergence_excess{.domain = Domain::keys, .beta = true};
inline constexpr Needs transpose{.kind = Kind::matrix, .out = true};
inline constexpr Needs keep_masked{.out = true, .mask = true};
inline constexpr Needs gap_sums{.domain = Domain::keys, .out = true, .beta = true, .flag = true};
inline constexpr Needs secular_sums{.domain = Domain::not_negative};
inline constexpr Needs multiply{.kind = Kind::product, .out = true, .flag = true, .weight = true};
inline constexpr Needs multiply_row{.kind = Kind::matrix, .out = true};
inline constexpr Needs add_wide{.log_sum = true};

inline constexpr Needs dot{.flag = true, .weight = true};
inline constexpr Needs part_sum{.flag = true, .weight = true};
inline constexpr Needs exp_dot{.flag = true, .weight = true};
inline constexpr Needs softmax_vjp{.out = true, .flag = true, .weight = true};
inline constexpr Needs softmax_vjp_short{.kind = Kind::tile, .out = true, .weight = true};
inline constexpr Needs log_softmax_vjp{.out = true, .flag = true, .weight = true};
inline constexpr Needs log_softmax_jvp{.out = true, .flag = true, .weight = true};
inline constexpr Needs outer{.kind = Kind::outer, .out = true, .flag = true, .weight = true};

inline constexpr Needs anchored_rest{.domain = Domain::keys, .beta = true, .flag = true};
inline constexpr Needs add_weighted_rows{.log_sum = true};

inline constexpr Needs token_weights{.domain = Domain::keys};
inline constexpr Needs kept_weights{.domain = Domain::keys, .value = true};
inline constexpr Needs weight_above{.domain = Domain::keys, .value = true};
inline constexpr Needs typical_scores{.domain = Domain::keys};
inline constexpr Needs count_above{.value = true};
inline constexpr Needs find_between{.value = true};
inline constexpr Needs widen_halves{.out = true, .flag = true};
inline constexpr Needs narrow_halves{.flag = true};
inline constexpr Needs add_gumbel{.out = true};

inline constexpr Needs tile_product{.kind = Kind::attention};
inline constexpr Needs tile_exp{.kind = Kind::attention};
inline constexpr Needs tile_vjp{.kind = Kind::attention};
inline constexpr Needs key_dots{.kind = Kind::attention};
inline constexpr Needs add_values{.kind = Kind::attention};
inline constexpr Needs row_dots{.weight = true};
inline constexpr Needs logistic{.out = true, .mask = true};
inline constexpr Needs logistic_kept{.out = true, .mask = true};
inline constexpr Needs row_updates{.out = true, .flag = true, .weight = true};
}  // namespace needs

// Factors and constants are plain numbers that round: nothing may hide behind a power of two.
template <class T>
struct Run : TokenRuns<T> {
  using K = KernelsOf<T>;
  using C = Call<T>;

  static void exp(const K& k, C& c) { k.exp(c.x, c.out, c.n); }
  static void log(const K& k, C& c) { k.log(c.x, c.out, c.n); }
  static void log1p(const K& k, C& c) { k.log1p(c.x, c.out, c.n); }
  static void max(const K& k, C& c) { c.number[0] = k.max(c.x, c.n, c.flag); }
  static void find_above(const K& k, C& c) {
    std::vector<std::int32_t> ids(c.n);
    const std::size_t count = k.find_above(c.x, c.n, c.value, ids.data());
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(ids[i]) * static_cast<double>(i + 1);
    c.number[0] = index(count);
    c.number[1] = sum;
  }
  static void find_equal(const K& k, C& c) { c.number[0] = index(k.find_equal(c.x, c.n, c.value)); }
  static void count_equal(const K& k, C& c) { c.number[0] = index(k.count_equal(c.x, c.n, c.value)); }
  static void select_equal(const K& k, C& c) { k.select_equal(c.x, c.out, c.n, c.value, kSome, T(0)); }
  static void find_non_finite(const K& k, C& c) { c.number[0] = index(k.find_non_finite(c.x, c.n)); }
  static void exp_sum(const K& k, C& c) { c.number[0] = k.exp_sum(c.x, c.out, c.n, c.max, c.beta); }
  static void scale(const K& k, C& c) { k.scale(c.x, c.out, c.n, kSome, c.flag); }
  static void exp_rest(const K& k, C& c) { k.exp_rest(c.x, c.n, c.max, c.beta, &c.number[0], &c.number[1]); }
  static void weighted_exp_rest(const K& k, C& c) {
    k.weighted_exp_rest(c.x, c.weight, c.n, c.max, c.beta, &c.number[0], &c.number[1]);
  }
  static void log_softmax(const K& k, C& c) { k.log_softmax(c.x, c.out, c.n, c.max, c.beta, kSome, c.flag); }
  static void softmax_short(const K& k, C& c) { c.number[0] = index(k.softmax_short(c.x, c.out, c.rows, c.n, c.beta)); }
  static void log_softmax_short(const K& k, C& c) {
    c.number[0] = index(k.log_softmax_short(c.x, c.out, c.rows, c.n, c.beta));
  }
  static void log_sum_exp_short(const K& k, C& c) {
    c.number[0] = index(k.log_sum_exp_short(c.x, c.rows, c.n, c.beta, c.out, c.log_sum));
  }
  static void exp_rest_kept(const K& k, C& c) {
    k.exp_rest_kept(c.x, c.out, c.n, c.max, c.beta, &c.number[0], &c.number[1]);
  }
  // One array is the target and the weights; without mass nothing else is looked at.
  static void target_gaps(const K& k, C& c) {
    k.target_gaps(c.x, c.flag ? nullptr : c.weight, c.weight, c.n, c.max, c.beta < 0, kSome, kSome, &c.number[0],
                  &c.number[1]);
  }
  static void loss_gradient(const K& k, C& c) {
    k.loss_gradient(c.x, c.weight, c.weight, c.out, c.n, kSome, kSome, kSome, c.flag);
  }
  static void softcap(const K& k, C& c) { k.softcap(c.x, c.out, c.n, 30.1); }
  static void softcap_vjp(const K& k, C& c) { k.softcap_vjp(c.x, c.weight, c.out, c.n, 30.1); }
  // The row beside itself, half of it beside the other half.
  static void divergence_sums(const K& k, C& c) {
    double sums[5];
    k.divergence_sums(c.x, c.x + c.n / 2, c.n - c.n / 2, c.max, c.max, c.beta, sums);
    c.number[0] = sums[0] + 0.7 * sums[1] + 0.6 * sums[2] + 0.1 * sums[3];
    c.number[1] = sums[4];
  }
  static void divergence_excess(const K& k, C& c) {
    c.number[0] = k.divergence_excess(c.x, c.x + c.n / 2, c.n - c.n / 2, c.max, c.max, c.beta, 0.3);
  }
  static void transpose(const K& k, C& c) { k.transpose(c.x, c.x_stride, c.out, c.out_stride, c.rows, c.n); }
  static void keep_masked(const K& k, C& c) {
    k.keep_masked(c.x, c.mask, c.out, c.n, -std::numeric_limits<T>::infinity());
  }
  // The flag adds to what is in out.
  static void multiply(const K& k, C& c) {
    k.multiply(c.x, c.x_stride, c.x_step, c.weight, c.flag ? c.out : nullptr, c.out_stride, c.out, c.out_stride, c.rows,
               c.depth, c.n);
  }
  // By its own first row; to the line of the result that a transpose would begin with.
  static void multiply_row(const K& k, C& c) {
    if (c.rows * c.n == 0) return;
    k.multiply_row(c.x, c.x, c.x_stride, nullptr, c.out, c.rows, c.n);
    k.multiply_row(c.x, c.x, c.x_stride, c.out, c.out, c.rows, c.n);
  }
  static void add_wide(const K& k, C& c) { k.add_wide(c.x, c.log_sum, c.n); }

  // The chunk is that of the maximum, or of one somewhat below it.
  static void gap_sums(const K& k, C& c) {
    double sums[6];
    const T chunk_max = c.n % 2 == 0 ? c.max : c.max - T(0.7);
    k.gap_sums(c.x, c.out, c.n, chunk_max, c.max, c.beta, c.flag, sums);
    c.number[0] = sums[0] + 0.7 * sums[1] + 0.6 * sums[2] + 1e7 * sums[3];
    c.number[1] = 1e7 * sums[4] + (sums[5] < 1e30 ? sums[5] : 0);
  }
  static void secular_sums(const K& k, C& c) { k.secular_sums(c.x, c.n, c.max, kSome, T(2), c.number); }

  // Plain and past the caches, in all four combinations over the lengths.
  static void dot(const K& k, C& c) { c.number[0] = k.dot(c.x, c.weight, c.n, kSome, c.flag); }
  static void part_sum(const K& k, C& c) { c.number[0] = k.part_sum(c.x, c.weight, c.n, c.flag); }
  static void exp_dot(const K& k, C& c) { c.number[0] = k.exp_dot(c.x, c.weight, c.n, c.flag); }
  static void softmax_vjp(const K& k, C& c) {
    k.softmax_vjp(c.x, c.weight, c.out, c.n, kSome, T(0.7), kSome, plain(c), c.flag);
  }
  static void softmax_vjp_short(const K& k, C& c) {
    c.number[0] = index(k.softmax_vjp_short(c.x, c.weight, c.out, c.rows, c.n, kSome, T(100)));
  }
  static void log_softmax_vjp(const K& k, C& c) {
    k.log_softmax_vjp(c.x, c.weight, c.out, c.n, T(0.7), kSome, plain(c), c.flag);
  }
  static void log_softmax_jvp(const K& k, C& c) {
    k.log_softmax_jvp(c.x, c.weight, c.out, c.n, T(0.7), kSome, plain(c), c.flag);
  }
  // The rows up to the last, of a matrix of n: x is both factors, weight the diagonal.
  static void outer(const K& k, C& c) { k.outer(c.x, c.x, c.weight, c.n - c.rows, c.out, c.rows, c.n, kSome, c.flag); }

  // With a flag the product is added to what is there, times the first lanes.
  static void tile_product(const K& k, C& c) {
    k.tile_product(c.x, c.x_stride, c.x_step, c.weight, c.n, c.flag ? c.out : nullptr, c.out_stride,
                   c.flag ? c.lanes : nullptr, c.out, c.out_stride, c.rows, c.depth, c.n);
  }
  static void tile_exp(const K& k, C& c) {
    c.number[0] = k.tile_exp(c.out, c.out_stride, c.rows, c.n, c.lanes, c.lanes + c.n, c.lanes + 2 * c.n);
  }
  // The directions stand behind the scores.
  static void tile_vjp(const K& k, C& c) {
    k.tile_vjp(c.out, c.out + c.rows * c.out_stride, c.out_stride, c.rows, c.n, c.lanes, c.lanes + c.n,
               c.lanes + 2 * c.n);
  }
  static void key_dots(const K& k, C& c) { k.key_dots(c.weight, c.x, c.x_stride, c.rows, c.depth, c.out); }
  static void add_values(const K& k, C& c) { k.add_values(c.weight, c.x, c.x_stride, c.rows, c.n, c.out); }
  // As many rows as make up more than a register, all of them parts of the weights, the last at their end.
  static void row_dots(const K& k, C& c) {
    constexpr std::size_t kRows = 19;
    const std::size_t apart = c.n < kRows ? 0 : 1, dim = c.n - apart * (kRows - 1);
    const T* rows[kRows];
    T dots[kRows];
    for (std::size_t r = 0; r < kRows; ++r) rows[r] = c.weight + r * apart;
    const std::size_t count = 1 + c.n % kRows;
    k.row_dots(c.x, rows + kRows - count, count, dim, dots);
    for (std::size_t r = 0; r < count; ++r) c.number[r % 2] += (1 + 0.1 * static_cast<double>(r)) * double(dots[r]);
  }
  static void logistic(const K& k, C& c) { c.number[0] = k.logistic(c.x, c.mask, c.out, c.n); }
  // Twice, as if the losses were those of two steps.
  static void logistic_kept(const K& k, C& c) {
    double sums[9] = {};
    k.logistic_kept(c.x, c.mask, c.out, c.n / 2, sums);
    k.logistic_kept(c.x + c.n / 2, c.mask + c.n / 2, c.out + c.n / 2, c.n - c.n / 2, sums);
    for (std::size_t i = 0; i < 9; ++i) c.number[i % 2] += (1 + 0.1 * static_cast<double>(i)) * sums[i];
  }
  // The result starts as x: two halves of it, one of them named twice, are rows and (with the flag) gradient.
  static void row_updates(const K& k, C& c) {
    for (std::size_t i = 0; i < c.n; ++i) c.out[i] = c.x[i];
    const std::size_t dim = c.flag ? c.n / 3 : c.n / 2;
    T* const rows[] = {c.out, c.out + dim, c.out};
    const T g[] = {kSome, T(-0.7), T(0.1)};
    k.row_updates(c.weight, rows, g, 3, dim, kSome, c.flag ? c.out + (c.n - dim) : nullptr);
    if (c.flag) k.row_updates(nullptr, rows, g, 2, dim, kSome, c.out + (c.n - dim));
  }

  // The flag keeps the exponentials, of which a weighted sum is looked at.
  static void anchored_rest(const K& k, C& c) {
    double sums[6];
    std::vector<double> e(c.flag ? c.n : 0);
    const double key = static_cast<double>(c.max), shift = key * c.beta;
    const double anchor = shift > 0x1p40 || shift < -0x1p40 ? key : 0;
    k.anchored_rest(c.x, c.flag ? e.data() : nullptr, c.n, c.max, anchor, c.beta, sums);
    c.number[0] = (sums[0] + 0.7 * sums[2] + 1e15 * sums[1]) * 0x1p-900 + sums[3];
    c.number[1] = sums[4] + 0.1 * sums[5];
    for (std::size_t i = 0; i < e.size(); ++i) c.number[1] += (1 + 0.1 * static_cast<double>(i)) * e[i];
  }
  // Rows of a third, then one of all.
  static void add_weighted_rows(const K& k, C& c) {
    const double weights[] = {0.3, 0, -0.7};
    k.add_weighted_rows(c.x, weights, 3, c.n / 3, c.log_sum);
    k.add_weighted_rows(c.x, weights, 1, c.n, c.log_sum);
  }

  static constexpr T kSome = T(0.3);

 private:
  static double index(std::size_t i) { return static_cast<double>(i); }
  static bool plain(const C& c) { return c.flag != (c.n % 2 == 0); }
};

template <class T>
struct Case {
  const char* name;
  Needs needs;
  void (*run)(const KernelsOf<T>&, Call<T>&);
};

template <class T>
const std::vector<Case<T>>& cases() {
  static const std::vector<Case<T>> list = {
#define KERNEL(name, result, arguments) Case<T>{#name, needs::name, &Run<T>::name},
#include "../../native/core/kernels.def"
#undef KERNEL
  };
  return list;
}

struct Tables {
  const KernelTable* const* first;
  std::size_t count;
  const KernelTable* const* begin() const { return first; }
  const KernelTable* const* end() const { return first + count; }
};

inline Tables tables() {
  Tables list{nullptr, 0};
  list.first = runnable_tables(&list.count);
  return list;
}

template <class T>
constexpr const char* type_name() {
  return sizeof(T) == sizeof(float) ? "float32" : "float64";
}

// Makes x fit the domain, in place.
template <class T>
void restrict_to(Domain domain, double beta, T* x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    switch (domain) {
      case Domain::anything:
        break;
      case Domain::not_positive:
        x[i] = -std::fabs(x[i]);
        break;
      case Domain::not_negative:
        x[i] = std::fabs(x[i]);
        break;
      case Domain::keys:
        if (std::isnan(x[i])) x[i] = T(0.5);
        if (std::isinf(x[i])) x[i] = std::copysign(x[i], T(beta < 0 ? 1 : -1));
        break;
    }
  }
}

// The greatest finite sign(beta) x[i] with a weight, 0 where there is none.
template <class T>
T max_key(const T* x, const T* weight, std::size_t n, double beta) {
  T greatest = -std::numeric_limits<T>::infinity();
  for (std::size_t i = 0; i < n; ++i) {
    const T key = beta < 0 ? -x[i] : x[i];
    if ((weight == nullptr || weight[i] != 0) && key > greatest) greatest = key;
  }
  return std::isinf(greatest) ? T(0) : greatest;
}

}  // namespace softmax_native::test
