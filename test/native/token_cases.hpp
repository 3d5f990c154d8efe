// The arguments of a kernel's call, and how the tests call the kernels of tokens, halves and noise (kernel_cases.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../native/core/table.hpp"

namespace softmax_native::test {

// The arguments of one call, and the numbers that it returns. A kernel uses those that it has.
template <class T>
struct Call {
  std::size_t n = 0;     // elements of a row
  std::size_t rows = 1;  // rows of a tile, rows of a matrix of n columns
  std::size_t x_stride = 0, out_stride = 0;
  std::size_t depth = 0, x_step = 0;  // of a product: x is [rows, depth], weight the packed panel
  const T* x = nullptr;
  const T* weight = nullptr;
  const std::uint8_t* mask = nullptr;
  T* out = nullptr;
  T* lanes = nullptr;  // of a tile of attention: three for each column; x and out are [rows, n], weight [depth, n]
  double* log_sum = nullptr;  // second output of log_sum_exp_short; the sums of add_wide
  T max = 0, value = 0;
  double beta = 1;
  bool flag = false;  // negate, or stream
  double number[2] = {0, 0};
};

template <class T>
struct TokenRuns {
  using K = KernelsOf<T>;
  using C = Call<T>;

  // Weights are numbers that round, one of them 0.
  static void token_weights(const K& k, C& c) {
    double sums[3];
    std::vector<double> x(c.n), w(c.n);
    k.token_weights(c.x, x.data(), w.data(), c.n, static_cast<double>(c.max), 0.7, -30, sums);
    c.number[0] = sums[0] + 0.7 * sums[2] + 1e7 * sums[1];
    for (std::size_t i = 0; i < c.n; ++i) c.number[1] += (1 + 0.1 * double(i)) * w[i] + (w[i] > 0 ? x[i] : 0);
  }
  static void kept_weights(const K& k, C& c) {
    double sums[3];
    std::vector<double> w = weights(c.n);
    k.kept_weights(c.x, c.x, w.data(), c.n, c.value, sums);
    c.number[0] = sums[0] + 1e7 * sums[1] + (sums[2] - sums[2] == 0 ? sums[2] : 0);
    for (std::size_t i = 0; i < c.n; ++i) c.number[1] += (1 + 0.1 * double(i)) * w[i];
  }
  static void weight_above(const K& k, C& c) { c.number[0] = k.weight_above(c.x, weights(c.n).data(), c.n, c.value); }
  static void typical_scores(const K& k, C& c) {
    std::vector<double> scores(c.n);
    k.typical_scores(c.x, weights(c.n).data(), scores.data(), c.n, 1.7, 1.3);
    for (const double score : scores) c.number[score - score == 0] += score - score == 0 ? score : 1;
  }
  static void count_above(const K& k, C& c) { c.number[0] = static_cast<double>(k.count_above(c.x, c.n, c.value)); }
  static void find_between(const K& k, C& c) {
    std::vector<std::int32_t> ids(c.n);
    const std::size_t count = k.find_between(c.x, c.n, c.value, c.value + T(0.5), ids.data());
    for (std::size_t i = 0; i < count; ++i) c.number[1] += double(ids[i]) * double(i + 1);
    c.number[0] = static_cast<double>(count);
  }
  // Patterns of all kinds, but NaN, whose bits are nobody's.
  static void widen_halves(const K& k, C& c) {
    std::vector<std::uint16_t> halves(c.n);
    for (std::size_t i = 0; i < c.n; ++i) halves[i] = static_cast<std::uint16_t>((i * 40503) & 0xfbff);
    k.widen_halves(halves.data(), c.out, c.n, c.flag);
  }
  static void narrow_halves(const K& k, C& c) {
    std::vector<std::uint16_t> halves(c.n);
    k.narrow_halves(c.x, halves.data(), c.n, c.flag);
    for (std::size_t i = 0; i < c.n; ++i) c.number[0] += halves[i] * double(1 + i);
  }
  static void add_gumbel(const K& k, C& c) { k.add_gumbel(c.x, c.out, c.n, 0x123456789abcdef, 6); }

 private:
  static std::vector<double> weights(std::size_t n) {
    std::vector<double> w(n);
    for (std::size_t i = 0; i < n; ++i) w[i] = i == 3 ? 0 : 1 / (2.5 + static_cast<double>(i % 7));
    return w;
  }
};

}  // namespace softmax_native::test
