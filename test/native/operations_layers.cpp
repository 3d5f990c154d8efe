// The operations of full and adaptive softmax: the same bits on every table and with any number of threads, and of one
// row what it is in a batch. That they are right, the tests in TypeScript say, which know a reference.
#include <algorithm>
#include <limits>

#include "../../native/parallel/pool.hpp"
#include "kernel_cases.hpp"
#include "layer_cases.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

const LayerShape kShapes[] = {
    {1, 1, 1, {2}, {1}},
    {3, 7, 5, {9, 20}, {3, 1}},
    {17, 33, 40, {300, 1100}, {16, 8}},
    {1, 100, 500, {3000, 9000}, {50, 12}},
};

template <class T>
void test_bits() {
  Random random(seed());
  for (const LayerShape& shape : kShapes) {
    const LayerCase<T> tested(shape, random);
    for (std::size_t i = 0; i < std::size(LayerCase<T>::kNames); ++i) {
      select_table("scalar");
      Pool::shared().set_threads(1);
      const LayerResult<T> wanted = tested.run(i);
      CHECK(wanted.status == Status::kOk);
      for (const KernelTable* table : tables()) {
        select_table(table->name);
        for (const std::size_t threads : {1, 2, 3}) {
          Pool::shared().set_threads(threads);
          if (!tested.run(i).same(wanted)) {
            fail("%s %s, %s, %zu rows, %zu threads: other bits", LayerCase<T>::kNames[i], type_name<T>(), table->name,
                 shape.rows, threads);
          }
        }
      }
    }
  }
  select_table((*tables().begin())->name);
  Pool::shared().set_threads(0);
}

TEST(layers_bits_float32) { test_bits<float>(); }
TEST(layers_bits_float64) { test_bits<double>(); }

// A sort of everything, with NaN below all.
template <class T>
void test_best() {
  Random random(seed());
  for (const std::size_t n : {1, 2, 5, 255, 256, 257, 900}) {
    for (int turn = 0; turn < 60; ++turn) {
      std::vector<T> x(n);
      for (T& v : x) v = turn % 3 == 0 ? static_cast<T>(random.below(4)) : draw<T>(Distribution::special, random);
      const std::size_t k = 1 + random.below(n);
      std::vector<std::int32_t> found(k), wanted(n);
      select_best(x.data(), n, k, found.data());
      for (std::size_t i = 0; i < n; ++i) wanted[i] = static_cast<std::int32_t>(i);
      const auto key = [&](std::int32_t id) {
        const T v = x[static_cast<std::size_t>(id)];
        return v == v ? v : -std::numeric_limits<T>::infinity();
      };
      std::stable_sort(wanted.begin(), wanted.end(), [&](std::int32_t a, std::int32_t b) { return key(a) > key(b); });
      wanted.resize(k);
      CHECK(found == wanted);
    }
  }
}

TEST(the_best_float32) { test_best<float>(); }
TEST(the_best_float64) { test_best<double>(); }

TEST(draws) {
  const float p[] = {0, 0.25f, 0, 0.75f, 0};
  CHECK(softmax_native::draw(p, 5, 1e-300) == 1);
  CHECK(softmax_native::draw(p, 5, 0.25) == 1);
  CHECK(softmax_native::draw(p, 5, 0.2500001) == 3);
  CHECK(softmax_native::draw(p, 5, 1 - 0x1p-53) == 3);
  const float none[] = {0, 0}, lost[] = {0.5f, __builtin_nanf("")};
  CHECK(softmax_native::draw(none, 2, 0.5) == -1);
  CHECK(softmax_native::draw(lost, 2, 0.5) == -1);
}

}  // namespace
}  // namespace softmax_native::test
