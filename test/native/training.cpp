// What a step of gradient descent is made of, against plain sums in long double; and hierarchical softmax: the same
// bits on every table, training that is what its loss says, ranges that lose no example.
#include <cmath>
#include <limits>
#include <vector>

#include "../../native/operations/kept_losses.hpp"
#include "../../native/operations/tree.hpp"
#include "distributions.hpp"
#include "kernel_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

template <class T>
constexpr double kUlp = sizeof(T) == sizeof(float) ? 0x1p-23 : 0x1p-52;

template <class T>
std::vector<T> normal(Random& random, std::size_t n) {
  std::vector<T> values(n);
  for (T& value : values) value = static_cast<T>(random.normal());
  return values;
}

template <class T>
void check_row_dots() {
  Random random(seed());
  for (const std::size_t dim : {1, 7, 16, 17, 100, 300, 1000}) {
    for (const std::size_t count : {1, 2, 3, 4, 5, 6, 8, 9, 17, 33}) {
      const std::vector<T> h = normal<T>(random, dim), matrix = normal<T>(random, count * dim);
      std::vector<const T*> rows;
      for (std::size_t r = 0; r < count; ++r) rows.push_back(matrix.data() + (count - 1 - r) * dim);
      std::vector<T> dots(count);
      kernels().of<T>().row_dots(h.data(), rows.data(), count, dim, dots.data());
      for (std::size_t r = 0; r < count; ++r) {
        long double sum = 0, size = 0;
        for (std::size_t j = 0; j < dim; ++j) {
          const long double term = static_cast<long double>(h[j]) * static_cast<long double>(rows[r][j]);
          sum += term;
          size += std::fabs(term);
        }
        // A chain of dim / 16 or dim / 8 roundings in each lane, and four or five to fold them.
        const double bound = (static_cast<double>(dim * sizeof(T)) / 64 + 6) * kUlp<T> / 2;
        if (std::fabs(static_cast<double>(static_cast<long double>(dots[r]) - sum)) >
            bound * static_cast<double>(size)) {
          fail("%s: row %zu of %zu, dim %zu: %g, not %Lg", type_name<T>(), r, count, dim, double(dots[r]), sum);
        }
      }
    }
  }
}
TEST(row_dots_float32) { check_row_dots<float>(); }
TEST(row_dots_float64) { check_row_dots<double>(); }

long double softplus(long double t) { return std::fmax(t, 0.0L) + std::log1p(std::exp(-std::fabs(t))); }

template <class T>
void check_logistic() {
  Random random(seed());
  for (const double spread : {0.01, 1.0, 5.0, 30.0, 80.0}) {
    for (std::size_t n = 1; n <= 1200; n = n < 40 ? n + 1 : 3 * n) {
      std::vector<T> scores = normal<T>(random, n), g(n);
      std::vector<std::uint8_t> bits(n);
      long double loss = 0;
      for (std::size_t i = 0; i < n; ++i) {
        scores[i] *= static_cast<T>(spread);
        bits[i] = random.chance(0.5) ? std::uint8_t{0} : std::uint8_t{1};
        loss += softplus(static_cast<long double>(bits[i] == 0 ? -scores[i] : scores[i]));
      }
      KeptLosses kept;
      const double found = kernels().of<T>().logistic(scores.data(), bits.data(), g.data(), n);
      kernels().of<T>().logistic_kept(scores.data(), bits.data(), g.data(), n, kept.sums);
      const long double close = 2 * kUlp<T> * static_cast<double>(loss);
      if (std::fabs(found - loss) > close || std::fabs(kept.total() - loss) > close) {
        fail("%s: %zu scores: %.17g, kept %.17g, not %.17Lg", type_name<T>(), n, found, kept.total(), loss);
      }
      for (std::size_t i = 0; i < n; ++i) {
        const long double t = static_cast<long double>(bits[i] == 0 ? -scores[i] : scores[i]);
        const long double wanted = (bits[i] == 0 ? -1 : 1) / (1 + std::exp(-t));
        // An ulp is never less than the least subnormal number.
        const long double ulp = std::fmax(kUlp<T> * std::fabs(wanted), std::numeric_limits<T>::denorm_min());
        if (std::fabs(static_cast<long double>(g[i]) - wanted) > 3 * ulp) {
          fail("%s: the derivative at %g is %g, not %Lg", type_name<T>(), double(t), double(g[i]), wanted);
        }
      }
    }
  }
}
TEST(logistic_float32) { check_logistic<float>(); }
TEST(logistic_float64) { check_logistic<double>(); }

TEST(logistic_of_what_is_not_finite) {
  const double infinity = std::numeric_limits<double>::infinity(), nan = std::nan("");
  const double scores[] = {infinity, infinity, -infinity, -infinity, nan, 0};
  const std::uint8_t bits[] = {0, 1, 0, 1, 0, 1};
  const double losses[] = {0, infinity, infinity, 0, nan, std::log(2.0)}, slopes[] = {-0.0, 1, -1, 0, nan, 0.5};
  for (std::size_t i = 0; i < 6; ++i) {
    double g;
    CHECK(same_bits(kernels().f64.logistic(scores + i, bits + i, &g, 1), losses[i]));
    CHECK(same_bits(g, slopes[i]));
  }
}

template <class T>
void check_row_updates() {
  Random random(seed());
  for (const std::size_t dim : {1, 7, 8, 31, 32, 100, 133}) {
    for (const std::size_t count : {1, 2, 5, 14}) {
      const std::vector<T> h = normal<T>(random, dim), g = normal<T>(random, count), start = normal<T>(random, dim);
      const std::vector<T> before = normal<T>(random, count * dim);
      std::vector<T> matrix = before, gradient = start;
      std::vector<T*> rows;
      for (std::size_t r = 0; r < count; ++r) rows.push_back(matrix.data() + r * dim);
      kernels().of<T>().row_updates(h.data(), rows.data(), g.data(), count, dim, T(-0.3), gradient.data());
      for (std::size_t j = 0; j < dim; ++j) {
        long double sum = static_cast<long double>(start[j]), size = std::fabs(sum);
        for (std::size_t r = 0; r < count; ++r) {
          const long double old = static_cast<long double>(before[r * dim + j]);
          sum += static_cast<long double>(g[r]) * old;
          size += std::fabs(static_cast<long double>(g[r]) * old);
          const long double step = -0.3L * static_cast<long double>(g[r]) * static_cast<long double>(h[j]);
          const long double error = static_cast<long double>(matrix[r * dim + j]) - (old + step);
          CHECK(std::fabs(error) <= 2 * kUlp<T> * (std::fabs(old) + std::fabs(step)));
        }
        CHECK(std::fabs(static_cast<long double>(gradient[j]) - sum) <= static_cast<double>(count) * kUlp<T> * size);
      }
    }
  }
}
TEST(row_updates_float32) { check_row_updates<float>(); }
TEST(row_updates_float64) { check_row_updates<double>(); }

// The tree that joins each class to all those before it: class c hangs from node c - 1, class 0 from node 0.
struct Vine {
  std::vector<std::int32_t> offsets{0}, nodes, children;
  std::vector<std::uint8_t> bits;
  CodeTree tree{};

  explicit Vine(std::size_t classes) : children(2 * (classes - 1)) {
    const std::int32_t inner = static_cast<std::int32_t>(classes) - 1;
    for (std::int32_t c = 0; c <= inner; ++c) {
      for (std::int32_t node = inner - 1; node >= (c == 0 ? 0 : c - 1); --node) {
        nodes.push_back(node);
        bits.push_back(c == node + 1 ? 0 : 1);
      }
      offsets.push_back(static_cast<std::int32_t>(nodes.size()));
    }
    for (std::int32_t node = 0; node < inner; ++node) {
      children[2 * static_cast<std::size_t>(node)] = node + 1;
      children[2 * static_cast<std::size_t>(node) + 1] = node == 0 ? 0 : ~(node - 1);
    }
    tree = {classes,      classes - 1, classes - 1,     offsets.data(),
            nodes.data(), bits.data(), children.data(), inner == 0 ? 0 : ~(inner - 1)};
  }
};

// A layer, a table, and examples of bags; everything that comes of it.
template <class T>
class TreeCase {
 public:
  TreeCase(std::size_t classes, std::size_t dim)
      : vine_(classes), dim_(dim), random_(seed()), weight_(normal<T>(random_, (classes - 1) * dim)),
        bias_(normal<T>(random_, classes - 1)), table_(normal<T>(random_, kTable * dim)) {
    for (std::size_t k = 0; k < kExamples; ++k) {
      targets_.push_back(static_cast<std::int32_t>(random_.below(classes)));
      for (std::size_t i = 0; i <= k % 4; ++i) rows_.push_back(static_cast<std::int32_t>(random_.below(kTable)));
      offsets_.push_back(static_cast<std::int32_t>(rows_.size()));
    }
  }

  // All numbers that training gives, after the loss.
  std::vector<T> train(std::size_t batch, std::size_t ranges) const {
    std::vector<T> weight = weight_, bias = bias_, table = table_;
    const TreeLayer<T> layer{vine_.tree, dim_, weight.data(), bias.data()};
    const Examples<T> examples{table.data(), dim_, rows_.data(), offsets_.data(), kExamples, 0.02};
    double loss;
    CHECK(train_tree(layer, examples, targets_.data(), 0.03, batch, ranges, &loss).status == Status::kOk);
    std::vector<T> all{static_cast<T>(loss)};
    for (const std::vector<T>* values : {&weight, &bias, &table}) all.insert(all.end(), values->begin(), values->end());
    return all;
  }

  // And those that the other operations give for the first rows of the table.
  std::vector<T> look() const {
    std::vector<T> weight = weight_, bias = bias_;
    const TreeLayer<T> layer{vine_.tree, dim_, weight.data(), bias.data()};
    const std::size_t classes = vine_.tree.classes, inner = classes - 1, rows = 7;
    std::vector<T> losses(rows), hidden(rows * dim_), of_weight(inner * dim_), of_bias(inner), p(rows * classes);
    std::vector<T> log_probabilities(rows * classes);
    std::vector<std::int32_t> ids(inner), best(rows * classes), drawn(rows);
    for (std::size_t i = 0; i < inner; ++i) ids[i] = static_cast<std::int32_t>(i);
    const TreeGradients<T> gradients{hidden.data(), ids.data(), inner, of_weight.data(), of_bias.data()};
    double loss;
    CHECK(tree_loss(layer, table_.data(), rows, targets_.data(), losses.data(), 0.1, gradients, &loss).status ==
          Status::kOk);
    CHECK(tree_distribution(layer, table_.data(), rows, p.data()).status == Status::kOk);
    CHECK(tree_top_k(layer, table_.data(), rows, classes, best.data(), log_probabilities.data()).status == Status::kOk);
    CHECK(tree_sample(layer, table_.data(), rows, 5, drawn.data()).status == Status::kOk);
    std::vector<T> all{static_cast<T>(loss)};
    for (const std::vector<T>* values : {&losses, &hidden, &of_weight, &of_bias, &p, &log_probabilities}) {
      all.insert(all.end(), values->begin(), values->end());
    }
    for (const std::vector<std::int32_t>* values : {&best, &drawn}) {
      for (const std::int32_t id : *values) all.push_back(static_cast<T>(id));
    }
    return all;
  }

 private:
  static constexpr std::size_t kTable = 40, kExamples = 700;
  Vine vine_;
  std::size_t dim_;
  Random random_;
  std::vector<T> weight_, bias_, table_;
  std::vector<std::int32_t> targets_, rows_, offsets_{0};
};

template <class T>
void match_tables() {
  for (const std::size_t classes : {1, 2, 6, 30}) {
    for (const std::size_t dim : {1, 13, 100}) {
      const TreeCase<T> tested(classes, dim);
      select_table("scalar");
      const std::vector<T> one = tested.train(1, 1), ten = tested.train(10, 1), seen = tested.look();
      for (const KernelTable* table : tables()) {
        select_table(table->name);
        CHECK(first_difference(tested.train(1, 1).data(), one.data(), one.size()) == one.size());
        CHECK(first_difference(tested.train(10, 1).data(), ten.data(), ten.size()) == ten.size());
        CHECK(first_difference(tested.look().data(), seen.data(), seen.size()) == seen.size());
      }
      select_table((*tables().begin())->name);
    }
  }
}
TEST(trees_have_the_same_bits_on_every_table_float32) { match_tables<float>(); }
TEST(trees_have_the_same_bits_on_every_table_float64) { match_tables<double>(); }

// With a rate of 0 nothing changes, and each example's loss is there once, whatever the ranges.
TEST(ranges_lose_no_example) {
  const Vine vine(30);
  Random random(seed());
  std::vector<double> weight = normal<double>(random, 29 * 8), table = normal<double>(random, 40 * 8);
  const std::vector<double> before = weight, table_before = table;
  std::vector<std::int32_t> rows, targets;
  for (std::size_t k = 0; k < 5000; ++k) {
    rows.push_back(static_cast<std::int32_t>(random.below(40)));
    targets.push_back(static_cast<std::int32_t>(random.below(30)));
  }
  const TreeLayer<double> layer{vine.tree, 8, weight.data(), nullptr};
  const Examples<double> examples{table.data(), 8, rows.data(), nullptr, rows.size(), 0};
  double wanted;
  CHECK(train_tree(layer, examples, targets.data(), 0, 1, 1, &wanted).status == Status::kOk);
  for (const std::size_t ranges : {2, 3, 7, 64}) {
    for (const std::size_t batch : {1, 9}) {
      double loss;
      CHECK(train_tree(layer, examples, targets.data(), 0, batch, ranges, &loss).status == Status::kOk);
      CHECK(std::fabs(loss - wanted) < 1e-9 * wanted);
    }
  }
  CHECK(weight == before && table == table_before);
}

}  // namespace
}  // namespace softmax_native::test
