// The numeric contract: a row's result has the same bits whatever the table, the number of threads, its place in a
// batch, its layout in memory, its alignment, in place or not, with a mask of ones or without.
#include <limits>
#include <vector>

#include "../../native/parallel/pool.hpp"
#include "distributions.hpp"
#include "memory.hpp"
#include "loss_cases.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

template <class T>
const std::vector<Operation<T>> kOperations = every_operation<T>();

constexpr double kBetas[] = {1, -0.7, 0, std::numeric_limits<double>::infinity()};

// A batch: `rows` rows of n, in one of the ways to lay them out.
struct Arrangement {
  std::size_t rows, n;
};

template <class T>
class BatchTest {
 public:
  BatchTest(Arrangement shape, Random& random) : rows_(shape.rows), n_(shape.n), x_(rows_ * n_), w_(x_.size()) {
    for (std::size_t r = 0; r < rows_; ++r) {
      // Most rows are ordinary, some have NaN or infinities: their neighbours must not notice.
      const std::size_t kind = random.below(std::size(kDistributions) + 6);
      const Distribution distribution = kind < std::size(kDistributions) ? kDistributions[kind] : Distribution::uniform;
      fill(distribution, random, x_.data() + r * n_, n_);
    }
    for (T& w : w_) w = random.chance(0.1) ? T(0) : static_cast<T>(2 + random.normal());
    ones_.assign(x_.size(), 1);
  }

  // The table in use on 1 to 4 threads, the others on two (and, being slow, only one way where the batch is `large`).
  void test(const Operation<T>& operation, double beta, bool large) {
    operation_ = &operation;
    beta_ = beta;
    width_ = operation.per_row ? 1 : n_;
    select_table("scalar");
    Pool::shared().set_threads(1);
    wanted_.resize(rows_ * width_);
    for (std::size_t r = 0; r < rows_; ++r) {
      operation.run(one_row(x_.data() + r * n_, n_, beta, NonFinite::kLimit), {w_.data() + r * n_, {n_, 1, 1}},
                    wanted_.data() + r * width_);
    }
    for (const KernelTable* table : tables()) {
      table_ = table;
      select_table(table->name);
      const bool in_use = table == *tables().begin();
      for (threads_ = in_use ? 1 : 2; threads_ <= (in_use ? 4 : 2); ++threads_) {
        Pool::shared().set_threads(threads_);
        batch(threads_, false, false);
        if (large && !in_use) continue;
        if (!operation.per_row) batch(0, true, threads_ == 3);
        if (threads_ % 2 != 0) continue;
        batch(3, false, true);
        for (const std::size_t inner : {std::size_t{2}, std::size_t{7}, rows_}) {
          if (rows_ % inner == 0 && rows_ >= inner) columns(inner, in_use && threads_ == 2);
        }
      }
    }
    select_table((*tables().begin())->name);
    Pool::shared().set_threads(0);
  }

 private:
  Logits<T> logits(const T* x, Layout layout, bool masked) const {
    return {x, layout, beta_, NonFinite::kLimit, masked ? ones_.data() : nullptr, strides_of(layout)};
  }

  // Rows one after the other, `offset` elements from a boundary.
  void batch(std::size_t offset, bool in_place, bool masked) {
    T* x = x_block_.place(offset, x_.data(), x_.size());
    T* out = in_place ? x : out_block_.place(offset + 1, wanted_.size());
    const Layout layout{rows_, n_, 1};
    operation_->run(logits(x, layout, masked), {w_.data(), strides_of(layout)}, out);
    compare(out, in_place ? "in place" : masked ? "masked by ones" : "batch", offset);
    if (!x_block_.intact() || (!in_place && !out_block_.intact())) report("canary", 0, 0, 0, 0);
  }

  // The same rows as [rows / inner, n, inner].
  void columns(std::size_t inner, bool masked) {
    const Layout layout{rows_ / inner, n_, inner};
    T* x = x_block_.place(1, x_.size());
    T* w = w_block_.place(1, x_.size());
    T* out = out_block_.place(2, wanted_.size());
    rearrange(x_.data(), x, n_, inner);
    rearrange(w_.data(), w, n_, inner);
    operation_->run(logits(x, layout, masked), {w, strides_of(layout)}, out);
    back_.resize(wanted_.size());
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t j = 0; j < width_; ++j) back_[r * width_ + j] = out[place(r, j, width_, inner)];
    }
    compare(back_.data(), masked ? "masked columns" : "columns", inner);
    if (!out_block_.intact()) report("canary", inner, 0, 0, 0);
    if (operation_->per_row) return;
    operation_->run(logits(x, layout, masked), {w, strides_of(layout)}, x);
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t j = 0; j < width_; ++j) back_[r * width_ + j] = x[place(r, j, width_, inner)];
    }
    compare(back_.data(), "columns in place", inner);
  }

  static std::size_t place(std::size_t row, std::size_t j, std::size_t width, std::size_t inner) {
    return (row / inner * width + j) * inner + row % inner;
  }
  void rearrange(const T* from, T* to, std::size_t width, std::size_t inner) const {
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t j = 0; j < width; ++j) to[place(r, j, width, inner)] = from[r * width + j];
    }
  }

  void compare(const T* got, const char* way, std::size_t detail) {
    const std::size_t i = first_difference(got, wanted_.data(), wanted_.size());
    if (i < wanted_.size()) report(way, detail, i, double(got[i]), double(wanted_[i]));
  }

  void report(const char* way, std::size_t detail, std::size_t i, double got, double wanted) const {
    fail("%s %s %s, beta %g, %zu rows of %zu, %zu threads, %s %zu: row %zu, element %zu is %a, not %a", table_->name,
         operation_->name, type_name<T>(), beta_, rows_, n_, threads_, way, detail, i / width_, i % width_, got,
         wanted);
  }

  std::size_t rows_, n_, width_ = 1, threads_ = 1;
  std::vector<T> x_, w_, wanted_, back_;
  std::vector<std::uint8_t> ones_;
  const Operation<T>* operation_ = nullptr;
  const KernelTable* table_ = nullptr;
  double beta_ = 1;
  Block<T> x_block_{x_.size()}, w_block_{x_.size()}, out_block_{x_.size()};
};

// Small batches around every border of the tiles; large ones that go to the pool, as many rows and as chunks of a row.
constexpr Arrangement kSmall[] = {{1, 1},    {40, 1},   {35, 2},   {42, 3},   {24, 8},   {33, 16},
                                  {34, 17},  {28, 63},  {28, 64},  {21, 65},  {14, 100}, {14, 300},
                                  {6, 1000}, {4, 4096}, {4, 4097}, {2, 10000}};
constexpr Arrangement kLarge[] = {{35000, 1}, {14000, 5},  {700, 64},   {4200, 65}, {70, 1000},
                                  {14, 5000}, {14, 20000}, {2, 140000}, {1, 290000}};

template <class T>
void match(const Arrangement* shapes, std::size_t count, bool large) {
  Random random(seed());
  for (std::size_t i = 0; i < count; i += large && kEveryCase > 1 ? 4 : 1) {
    BatchTest<T> batch(shapes[i], random);
    for (const Operation<T>& operation : kOperations<T>) {
      if (large && operation.weighted && kEveryCase > 1) continue;
      for (const double beta : kBetas) {
        if (!large || beta == 1) batch.test(operation, beta, large);
      }
    }
  }
}

TEST(small_batches_float32) { match<float>(kSmall, std::size(kSmall), false); }
TEST(small_batches_float64) { match<double>(kSmall, std::size(kSmall), false); }
TEST(large_batches_float32) { match<float>(kLarge, std::size(kLarge), true); }
TEST(large_batches_float64) { match<double>(kLarge, std::size(kLarge), true); }

// Results so large that they are written past the caches, or made twice because they are too large to keep: the bits of
// the same rows one by one, and behind a mask of ones, which keeps them.
template <class T>
void match_streamed(std::size_t rows, std::size_t n) {
  Random random(seed());
  std::vector<T> x(rows * n), streamed(x.size()), row(n);
  fill(Distribution::uniform, random, x.data(), x.size());
  const std::vector<std::uint8_t> ones(n, 1);
  const Operation<T>* const tested[] = {&operations<T>()[0], &operations<T>()[1]};
  for (const Operation<T>* operation : tested) {
    for (const std::size_t threads : {1, 2}) {
      Pool::shared().set_threads(threads);
      operation->run({x.data(), {rows, n, 1}, 1, NonFinite::kLimit, nullptr, {}}, {}, streamed.data());
      for (std::size_t r = 0; r < rows; r += rows / 8 + 1) {
        operation->run(one_row(x.data() + r * n, n, 1, NonFinite::kLimit), {}, row.data());
        std::size_t i = first_difference(row.data(), streamed.data() + r * n, n);
        if (i < n)
          fail("%s %s, %zu rows of %zu, streamed: row %zu, element %zu", operation->name, type_name<T>(), rows, n, r,
               i);
        operation->run(one_row(x.data() + r * n, n, 1, NonFinite::kLimit, ones.data()), {}, row.data());
        i = first_difference(row.data(), streamed.data() + r * n, n);
        if (i < n) fail("%s %s, n %zu, masked by ones: row %zu, element %zu", operation->name, type_name<T>(), n, r, i);
      }
    }
  }
  Pool::shared().set_threads(0);
}

TEST(streamed_results) {
  match_streamed<float>(4500, 1000);
  match_streamed<double>(300, 8000);
  match_streamed<float>(3, 2'000'000);
  match_streamed<double>(3, 800'000);
}

}  // namespace
}  // namespace softmax_native::test
