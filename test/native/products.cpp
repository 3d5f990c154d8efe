// The kernels of matrix products, on every table: each sum is one chain of std::fma over the depth, whatever the shape,
// the strides and the alignment; nothing but the columns asked for is written.
#include <cmath>
#include <limits>
#include <vector>

#include "distributions.hpp"
#include "kernel_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

struct Shape {
  std::size_t rows, depth, columns;
};

// What is added to the sums: nothing, what stands in the result, or one line for all rows.
enum class Added { kNothing, kResult, kLine };

template <class T>
class ProductTest {
 public:
  ProductTest(Shape shape, bool by_columns, Added added, Random& random)
      : shape_(shape), row_(by_columns ? 1 : shape.depth + 3), step_(by_columns ? shape.rows + 2 : 1), added_(added),
        a_(shape.rows * row_ + shape.depth * step_ + 1), panel_(shape.depth * kPanel<T>), before_(shape.rows * kStride),
        wanted_(before_.size()), line_(kPanel<T>) {
    for (std::vector<T>* all : {&a_, &panel_, &before_, &line_}) {
      for (T& value : *all) value = draw<T>(Distribution::uniform, random);
    }
    if (random.chance(0.1) && !panel_.empty()) panel_[random.below(panel_.size())] = std::numeric_limits<T>::infinity();
    if (random.chance(0.1)) a_[random.below(a_.size())] = std::numeric_limits<T>::quiet_NaN();
    wanted_ = before_;
    for (std::size_t i = 0; i < shape.rows; ++i) {
      for (std::size_t l = 0; l < shape.columns; ++l) {
        T sum = 0;
        for (std::size_t k = 0; k < shape.depth; ++k) {
          sum = std::fma(a_[i * row_ + k * step_], panel_[k * kPanel<T> + l], sum);
        }
        T& result = wanted_[i * kStride + l];
        result = added == Added::kNothing ? sum : (added == Added::kLine ? line_[l] : result) + sum;
      }
    }
  }

  void test(const KernelTable& table, std::size_t offset) {
    T* out = out_block_.place(offset, before_.data(), before_.size());
    const T* panel = panel_block_.place(offset + 1, panel_.data(), panel_.size());
    const T* addend = added_ == Added::kNothing ? nullptr : added_ == Added::kLine ? line_.data() : out;
    table.of<T>().multiply(a_.data(), row_, step_, panel, addend, added_ == Added::kLine ? 0 : kStride, out, kStride,
                           shape_.rows, shape_.depth, shape_.columns);
    const std::size_t i = first_difference(out, wanted_.data(), wanted_.size());
    if (i < wanted_.size()) {
      fail("%s multiply %s, %zu rows, depth %zu, %zu columns, row %zu, added %d: [%zu, %zu] is %a, not %a", table.name,
           type_name<T>(), shape_.rows, shape_.depth, shape_.columns, row_, static_cast<int>(added_), i / kStride,
           i % kStride, static_cast<double>(out[i]), static_cast<double>(wanted_[i]));
    }
    CHECK(out_block_.intact());
  }

 private:
  static constexpr std::size_t kStride = 19;
  Shape shape_;
  std::size_t row_, step_;
  Added added_;
  std::vector<T> a_, panel_, before_, wanted_, line_;
  Block<T> out_block_{before_.size()}, panel_block_{panel_.size()};
};

template <class T>
void test_products() {
  Random random(seed());
  std::size_t turn = 0;
  for (std::size_t rows = 0; rows <= 14; ++rows) {
    for (const std::size_t depth : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{7}, kDepth}) {
      for (std::size_t columns = 1; columns <= kPanel<T>; ++columns) {
        for (const Added added : {Added::kNothing, Added::kResult, Added::kLine}) {
          if (++turn % kEveryCase != 0) continue;
          ProductTest<T> product({rows, depth, columns}, turn % 2 != 0, added, random);
          for (const KernelTable* table : tables()) product.test(*table, turn % 9);
        }
      }
    }
  }
}

TEST(products_are_chains_of_fma_float32) { test_products<float>(); }
TEST(products_are_chains_of_fma_float64) { test_products<double>(); }

// One row by the rows of a matrix, as multiply has it.
template <class T>
void test_rows() {
  Random random(seed());
  Block<T> rows_block(70 * 40), out_block(70);
  for (std::size_t count = 0; count <= 70; ++count) {
    for (const std::size_t depth : {0, 1, 3, 8, 16, 17, 37}) {
      const std::size_t stride = depth + count % 3;
      std::vector<T> a(depth), rows(count * stride), before(count), wanted(count);
      for (std::vector<T>* all : {&a, &rows, &before}) {
        for (T& value : *all) value = draw<T>(Distribution::uniform, random);
      }
      if (random.chance(0.1) && !rows.empty()) rows[random.below(rows.size())] = std::numeric_limits<T>::infinity();
      const bool adds = random.chance(0.5);
      for (std::size_t l = 0; l < count; ++l) {
        T sum = 0;
        for (std::size_t k = 0; k < depth; ++k) sum = std::fma(a[k], rows[l * stride + k], sum);
        wanted[l] = adds ? before[l] + sum : sum;
      }
      for (const KernelTable* table : tables()) {
        T* out = out_block.place(count % 5, before.data(), count);
        const T* from = rows_block.place(count % 7, rows.data(), rows.size());
        table->of<T>().multiply_row(a.data(), from, stride, adds ? out : nullptr, out, count, depth);
        const std::size_t i = first_difference(out, wanted.data(), count);
        if (i < count)
          fail("%s multiply_row %s, %zu rows, depth %zu: %zu", table->name, type_name<T>(), count, depth, i);
        CHECK(out_block.intact());
      }
    }
  }
}

TEST(rows_one_by_one_float32) { test_rows<float>(); }
TEST(rows_one_by_one_float64) { test_rows<double>(); }

template <class T>
void test_wide_sums() {
  Random random(seed());
  Block<T> x_block(300);
  Block<double> sum_block(300);
  for (std::size_t n = 0; n <= 300; ++n) {
    std::vector<T> x(n);
    std::vector<double> before(n), wanted(n);
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = draw<T>(random.chance(0.05) ? Distribution::special : Distribution::uniform, random);
      before[i] = random.normal() * 1e-3;
      wanted[i] = before[i] + static_cast<double>(x[i]);
    }
    for (const KernelTable* table : tables()) {
      double* sum = sum_block.place(n % 5, before.data(), n);
      table->of<T>().add_wide(x_block.place(n % 9, x.data(), n), sum, n);
      const std::size_t i = first_difference(sum, wanted.data(), n);
      if (i < n) fail("%s add_wide %s, n %zu: %zu is %a, not %a", table->name, type_name<T>(), n, i, sum[i], wanted[i]);
      CHECK(sum_block.intact());
    }
  }
}

TEST(wide_sums_float32) { test_wide_sums<float>(); }
TEST(wide_sums_float64) { test_wide_sums<double>(); }

}  // namespace
}  // namespace softmax_native::test
