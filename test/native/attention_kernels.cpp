// The kernels of attention, on every table: what they are by plain formulas, the same bits everywhere, and nothing read
// or written outside their arrays, each of which in turn ends or starts at the border of a page that may not be
// touched.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "distributions.hpp"
#include "fault_handler.hpp"
#include "kernel_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

template <class T>
const Case<T>& case_of(const char* name) {
  for (const Case<T>& tested : cases<T>()) {
    if (std::string(tested.name) == name) return tested;
  }
  fail("no kernel named %s", name);
  return cases<T>().front();
}

// What a call leaves.
template <class T>
struct Left {
  std::vector<T> out, lanes;
  double number = 0;
};

// A kernel on arrays that touch guard pages, on one table after the other.
template <class T>
class KernelTest {
 public:
  KernelTest(const char* kernel, Call<T> shape, std::vector<T> x, std::vector<T> weight, std::vector<T> out,
             std::vector<T> lanes)
      : case_(case_of<T>(kernel)), shape_(shape), x_(std::move(x)), weight_(std::move(weight)), out_(std::move(out)),
        lanes_(std::move(lanes)) {}

  Left<T> run(const KernelTable& table, bool at_end) {
    Call<T> c = shape_;
    c.x = fill(x_pages_, x_, at_end);
    c.weight = fill(weight_pages_, weight_, at_end);
    c.out = fill(out_pages_, out_, at_end);
    c.lanes = fill(lane_pages_, lanes_, at_end);
    if (sigsetjmp(before_call, 1) != 0) {
      report(table, "touched a guard page", 0);
      return {};
    }
    case_.run(table.of<T>(), c);
    if (!x_pages_.intact() || !weight_pages_.intact() || !out_pages_.intact() || !lane_pages_.intact()) {
      report(table, "wrote beside its arrays", 0);
    }
    return {{c.out, c.out + out_.size()}, {c.lanes, c.lanes + lanes_.size()}, c.number[0]};
  }

  // All tables beside what is wanted; an element whose wanted one is not there is free.
  void expect(const Left<T>& wanted, const std::vector<bool>& free = {}) {
    for (const KernelTable* table : tables()) {
      for (const bool at_end : {false, true}) {
        const Left<T> left = run(*table, at_end);
        for (std::size_t i = 0; i < left.out.size(); ++i) {
          const bool same = (!free.empty() && free[i]) || same_bits(left.out[i], wanted.out[i]);
          if (!same) report(*table, "element", i);
        }
        const std::size_t lane = first_difference(left.lanes.data(), wanted.lanes.data(), left.lanes.size());
        if (lane != left.lanes.size()) report(*table, "lane", lane);
        if (left.number != wanted.number) report(*table, "returned another number", 0);
      }
    }
  }

 private:
  static constexpr std::size_t kCapacity = 130 * 80;
  const Case<T>& case_;
  Call<T> shape_;
  std::vector<T> x_, weight_, out_, lanes_;
  GuardedPages x_pages_{kCapacity * sizeof(T)}, weight_pages_{kCapacity * sizeof(T)}, out_pages_{kCapacity * sizeof(T)},
      lane_pages_{kCapacity * sizeof(T)};

  static T* fill(GuardedPages& pages, const std::vector<T>& values, bool at_end) {
    T* place = pages.place<T>(values.size(), at_end);
    if (!values.empty()) std::memcpy(place, values.data(), values.size() * sizeof(T));
    return place;
  }

  void report(const KernelTable& table, const char* what, std::size_t i) const {
    fail("%s %s %s, %zu rows, depth %zu, %zu columns, flag %d: %s %zu", table.name, case_.name, type_name<T>(),
         shape_.rows, shape_.depth, shape_.n, shape_.flag, what, i);
  }
};

template <class T>
std::vector<T> values(std::size_t n, Distribution distribution, Random& random) {
  std::vector<T> list(n);
  for (T& x : list) x = draw<T>(distribution, random);
  return list;
}

// Each sum is made of chains of fma over 16 terms.
template <class T>
void test_products() {
  const FaultHandler handler;
  Random random(seed());
  for (std::size_t rows = 1; rows <= 18; ++rows) {
    for (const std::size_t columns : {1, 3, 8, 15, 16, 17, 32, 40, 63, 64}) {
      if ((rows + columns) % kEveryCase != 0) continue;
      Call<T> c;
      c.rows = rows;
      c.n = columns;
      c.depth = 1 + random.below(70);
      const bool by_columns = random.chance(0.5);
      c.flag = random.chance(0.5);
      c.x_stride = by_columns ? 1 : c.depth + random.below(3);
      c.x_step = by_columns ? rows + random.below(3) : 1;
      c.out_stride = columns;
      const Distribution some = random.chance(0.1) ? Distribution::special : Distribution::uniform;
      const auto x = values<T>((rows - 1) * c.x_stride + (c.depth - 1) * c.x_step + 1, some, random);
      const auto b = values<T>(c.depth * columns, Distribution::uniform, random);
      const auto out = values<T>(rows * columns, Distribution::uniform, random);
      const auto factor = values<T>(columns, Distribution::uniform, random);
      Left<T> wanted{out, factor, 0};
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t l = 0; l < columns; ++l) {
          T sum = 0;
          for (std::size_t start = 0; start < c.depth; start += 16) {
            T chain = 0;
            for (std::size_t k = start; k < c.depth && k < start + 16; ++k) {
              chain = std::fma(x[r * c.x_stride + k * c.x_step], b[k * columns + l], chain);
            }
            sum += chain;
          }
          T& to = wanted.out[r * columns + l];
          to = c.flag ? std::fma(to, factor[l], sum) : sum;
        }
      }
      KernelTest<T>("tile_product", c, x, b, out, factor).expect(wanted);
    }
  }
}
TEST(tile_products_are_chains_of_fma_float32) { test_products<float>(); }
TEST(tile_products_are_chains_of_fma_float64) { test_products<double>(); }

// Whether e is the exponential of d, but for a few units in the last place.
template <class T>
bool is_exponential(T e, long double d) {
  const long double wanted = std::exp(d), least = std::numeric_limits<T>::denorm_min();
  return std::fabs(static_cast<long double>(e) - wanted) <= wanted * std::numeric_limits<T>::epsilon() + least;
}

template <class T>
void test_exponentials() {
  const FaultHandler handler;
  Random random(seed());
  const T infinity = std::numeric_limits<T>::infinity();
  for (const Distribution distribution : kDistributions) {
    for (std::size_t rows = 1; rows <= 70; rows += rows < 10 ? 1 : 7) {
      Call<T> c;
      c.rows = rows;
      c.n = kPanel<T> * (1 + random.below(4));
      c.out_stride = c.n + random.below(2) * 3;
      const auto scores = values<T>((rows - 1) * c.out_stride + c.n, distribution, random);
      auto lanes = values<T>(3 * c.n, Distribution::uniform, random);
      for (std::size_t i = 0; i < c.n; ++i) {
        if (random.chance(0.3)) lanes[i] = -infinity;
      }
      KernelTest<T> test("tile_exp", c, {}, {}, scores, lanes);
      const Left<T> left = test.run(*tables().first[tables().count - 2], true);  // scalar
      std::vector<bool> free(scores.size());
      bool special = false;
      for (std::size_t i = 0; i < c.n; ++i) {
        T max = lanes[i], sum = 0;
        for (std::size_t j = 0; j < rows; ++j) {
          const T x = scores[j * c.out_stride + i];
          if (max == max && (x != x || x > max)) max = x;
        }
        CHECK(same_bits(left.lanes[i], max) || (max == 0 && left.lanes[i] == 0));
        const bool odd = max != max || max == infinity;
        special = special || odd;
        const T base = max == -infinity ? T(0) : max;
        for (std::size_t j = 0; j < rows; ++j) {
          const std::size_t at = j * c.out_stride + i;
          free[at] = odd;
          if (odd) continue;
          sum += left.out[at];
          CHECK(is_exponential(left.out[at], static_cast<long double>(static_cast<T>(scores[at] - base))));
        }
        if (odd) continue;
        CHECK(is_exponential(left.lanes[c.n + i], static_cast<long double>(static_cast<T>(lanes[i] - base))));
        CHECK(std::fabs(left.lanes[2 * c.n + i] - sum) <=
              sum * static_cast<T>(rows) * std::numeric_limits<T>::epsilon());
      }
      CHECK((left.number != 0) == special);
      if (!special) test.expect(left, free);
    }
  }
}
TEST(exponentials_of_a_tile_float32) { test_exponentials<float>(); }
TEST(exponentials_of_a_tile_float64) { test_exponentials<double>(); }

template <class T>
void test_derivatives() {
  const FaultHandler handler;
  Random random(seed());
  const T infinity = std::numeric_limits<T>::infinity();
  constexpr long double kUnit = std::numeric_limits<T>::epsilon();
  for (std::size_t rows = 1; rows <= 70; rows += rows < 10 ? 1 : 7) {
    for (const bool far : {false, true}) {
      Call<T> c;
      c.rows = rows;
      c.n = c.out_stride = kPanel<T> * (1 + random.below(4));
      const std::size_t size = rows * c.n;
      auto arrays = values<T>(2 * size, Distribution::uniform, random);
      auto lanes = values<T>(3 * c.n, Distribution::uniform, random);
      for (std::size_t i = 0; i < size; ++i) {
        if (far && random.chance(0.2)) arrays[i] = -infinity;
        if (far && arrays[i] == -infinity) arrays[size + i] = std::numeric_limits<T>::quiet_NaN();
      }
      for (std::size_t i = 0; i < c.n; ++i) lanes[i] = far && random.chance(0.1) ? -infinity : T(10);
      for (std::size_t i = 0; far && i < size; ++i) {
        if (lanes[i % c.n] == -infinity) arrays[i] = -infinity, arrays[size + i] = 1;
      }
      KernelTest<T> test("tile_vjp", c, {}, {}, arrays, lanes);
      const Left<T> left = test.run(*tables().first[tables().count - 2], false);
      for (std::size_t i = 0; i < size; ++i) {
        const std::size_t lane = i % c.n;
        const long double base = lanes[lane] == -infinity ? 0 : lanes[lane], by = lanes[c.n + lane];
        const T below = std::min(static_cast<T>(arrays[i] - static_cast<T>(base)), T(0));
        const long double p = std::exp(static_cast<long double>(below)) * by, g = arrays[size + i],
                          dot = lanes[2 * c.n + lane];
        CHECK(std::fabs(left.out[i] - p) <= 16 * kUnit * std::fabs(p));
        const long double slope = p == 0 ? 0 : p * (g - dot);
        CHECK(p == 0 ? left.out[size + i] == 0
                     : std::fabs(left.out[size + i] - slope) <=
                           20 * kUnit * std::fabs(p) * (std::fabs(g) + std::fabs(dot)));
      }
      test.expect(left);
    }
  }
}
TEST(derivatives_of_a_tile_float32) { test_derivatives<float>(); }
TEST(derivatives_of_a_tile_float64) { test_derivatives<double>(); }

template <class T>
void test_keys_and_values() {
  const FaultHandler handler;
  Random random(seed());
  constexpr std::size_t kLanes = kPanel<T>;
  for (std::size_t rows = 0; rows <= 40; ++rows) {
    for (const std::size_t depth : {0, 1, 3, 7, 8, 15, 16, 17, 31, 32, 40, 64, 100}) {
      if ((rows + depth) % kEveryCase != 0) continue;
      Call<T> c;
      c.rows = rows;
      c.depth = c.n = depth;
      c.x_stride = depth + random.below(3);
      const std::size_t size = rows == 0 ? 0 : (rows - 1) * c.x_stride + depth;
      const auto x = values<T>(size, Distribution::uniform, random),
                 q = values<T>(depth, Distribution::uniform, random);
      // The lanes of a line, folded by halves.
      Left<T> dots{std::vector<T>(rows), {}, 0};
      for (std::size_t j = 0; j < rows; ++j) {
        T lane[kLanes] = {};
        for (std::size_t k = 0; k < depth; ++k)
          lane[k % kLanes] = std::fma(q[k], x[j * c.x_stride + k], lane[k % kLanes]);
        for (std::size_t half = kLanes / 2; half != 0; half /= 2) {
          for (std::size_t l = 0; l < half; ++l) lane[l] += lane[l + half];
        }
        dots.out[j] = lane[0];
      }
      KernelTest<T>("key_dots", c, x, q, std::vector<T>(rows), {}).expect(dots);

      const auto weight = values<T>(rows, Distribution::uniform, random);
      const auto before = values<T>(depth, Distribution::uniform, random);
      Left<T> sums{before, {}, 0};
      for (std::size_t j = 0; j < rows; ++j) {
        for (std::size_t k = 0; k < depth; ++k) sums.out[k] = std::fma(weight[j], x[j * c.x_stride + k], sums.out[k]);
      }
      KernelTest<T>("add_values", c, x, weight, before, {}).expect(sums);
    }
  }
}
TEST(keys_and_values_float32) { test_keys_and_values<float>(); }
TEST(keys_and_values_float64) { test_keys_and_values<double>(); }

}  // namespace
}  // namespace softmax_native::test
