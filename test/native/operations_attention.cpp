// Attention and its gradients: the same bits on every table, with any number of threads and at any alignment; and
// right, beside the definition in long double, within the published bounds.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../../native/operations/attention.hpp"
#include "../../native/parallel/pool.hpp"
#include "distributions.hpp"
#include "kernel_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"
#include "tolerances.hpp"

namespace softmax_native::test {
namespace {

// What is asked besides the plain form.
enum class Extras { kNone, kCausal, kAll, kShares };

// Around the borders of lanes, tiles and chunks; few queries beside many keys, and all that queries of a group share.
constexpr AttentionShape kShapes[] = {
    {1, 1, 1, 1, 1, 1, 1},     {2, 4, 2, 3, 300, 20, 17}, {1, 2, 2, 9, 65, 8, 16},    {1, 3, 1, 64, 64, 16, 5},
    {1, 2, 1, 70, 130, 33, 8}, {2, 1, 1, 129, 40, 3, 40}, {1, 2, 2, 1, 1000, 64, 64}, {1, 1, 1, 30, 7, 300, 2},
};

template <class T>
struct Found {
  std::vector<T> output, log_sum_exp, weights, query, key, value, bias;
};

template <class T>
class AttentionCase {
 public:
  AttentionCase(const AttentionShape& shape, Extras extras, Random& random) : shape_(shape), extras_(extras) {
    const std::size_t keys = shape.batch * shape.key_heads * shape.keys;
    const auto draw_all = [&](std::size_t n) {
      std::vector<T> all(n);
      for (T& x : all) x = static_cast<T>(random.normal());
      return all;
    };
    query_ = draw_all(shape.rows() * shape.depth);
    key_ = draw_all(keys * shape.depth);
    value_ = draw_all(keys * shape.width);
    direction_ = draw_all(shape.rows() * shape.width);
    bias_ = draw_all(shape.heads * shape.queries * shape.keys);
    mask_.resize(shape.batch * shape.queries * shape.keys);
    for (std::uint8_t& m : mask_) m = random.chance(0.8);
  }

  Attention<T> call() const {
    const std::int64_t far = std::int64_t{1} << 40,
                       offset = static_cast<std::int64_t>(shape_.keys) - static_cast<std::int64_t>(shape_.queries);
    const bool causal = extras_ != Extras::kNone, all = extras_ == Extras::kAll || extras_ == Extras::kShares;
    Attention<T> call{};
    call.shape = shape_;
    call.query = query_.data();
    call.key = key_.data();
    call.value = value_.data();
    const std::size_t step = shape_.queries * shape_.keys;
    if (all) call.mask = {mask_.data(), step, 0, shape_.keys, 1};
    if (all) call.bias = {bias_.data(), 0, step, shape_.keys, 1};
    call.scale = 1 / std::sqrt(static_cast<double>(shape_.depth));
    call.softcap = all ? 2 : 0;
    call.beta = extras_ == Extras::kShares ? __builtin_inf() : all ? -0.7 : 1;
    call.first = all ? offset - 90 : -far;
    call.last = causal ? offset : far;
    return call;
  }

  // With weights, blocks compute what rows would otherwise.
  Found<T> run(std::size_t shift, bool weights) const {
    Found<T> found;
    const std::size_t rows = shape_.rows();
    Block<T> query(query_.size()), key(key_.size()), value(value_.size()), output(rows * shape_.width);
    Attention<T> moved = call();
    moved.query = query.place(shift, query_.data(), query_.size());
    moved.key = key.place(shift + 1, key_.data(), key_.size());
    moved.value = value.place(shift + 2, value_.data(), value_.size());
    T* out = output.place(shift + 3, rows * shape_.width);
    found.log_sum_exp.resize(rows);
    found.weights.resize(weights ? rows * shape_.keys : 0);
    CHECK(attention<T>(moved, {out, found.log_sum_exp.data(), weights ? found.weights.data() : nullptr}).status ==
          Status::kOk);
    found.output.assign(out, out + rows * shape_.width);
    found.query.resize(query_.size());
    found.key.resize(key_.size());
    found.value.resize(value_.size());
    found.bias.resize(moved.bias.data == nullptr ? 0 : bias_.size());
    // Every other time from what is known already.
    const AttentionDirection<T> direction{direction_.data(), weights ? nullptr : found.output.data(),
                                          weights ? nullptr : found.log_sum_exp.data()};
    attention_vjp<T>(
        moved, direction,
        {found.query.data(), found.key.data(), found.value.data(), found.bias.empty() ? nullptr : found.bias.data()});
    CHECK(output.intact() && query.intact() && key.intact() && value.intact());
    return found;
  }

  const AttentionShape& shape() const { return shape_; }
  const std::vector<T>& direction() const { return direction_; }

 private:
  AttentionShape shape_;
  Extras extras_;
  std::vector<T> query_, key_, value_, direction_, bias_;
  std::vector<std::uint8_t> mask_;
};

template <class T>
const char* difference(const Found<T>& a, const Found<T>& b) {
  const auto differ = [](const std::vector<T>& x, const std::vector<T>& y) {
    return x.size() != y.size() || first_difference(x.data(), y.data(), x.size()) != x.size();
  };
  if (differ(a.output, b.output)) return "output";
  if (differ(a.log_sum_exp, b.log_sum_exp)) return "log-sum-exp";
  if (differ(a.weights, b.weights)) return "weights";
  if (differ(a.query, b.query)) return "query gradient";
  if (differ(a.key, b.key)) return "key gradient";
  if (differ(a.value, b.value)) return "value gradient";
  return differ(a.bias, b.bias) ? "bias gradient" : nullptr;
}

template <class T>
void test_bits() {
  Random random(seed());
  for (const Extras extras : {Extras::kNone, Extras::kCausal, Extras::kAll, Extras::kShares}) {
    for (const AttentionShape& shape : kShapes) {
      const AttentionCase<T> tested(shape, extras, random);
      for (const bool weights : {false, true}) {
        select_table("scalar");
        Pool::shared().set_threads(1);
        const Found<T> wanted = tested.run(0, weights);
        for (const KernelTable* table : tables()) {
          select_table(table->name);
          const bool in_use = table == *tables().begin();
          for (std::size_t threads = in_use ? 1 : 2; threads <= (in_use ? 4 : 2); ++threads) {
            Pool::shared().set_threads(threads);
            if (const char* what = difference(tested.run(threads, weights), wanted)) {
              fail("%s %s, %zu heads, %zu queries, %zu keys, extras %d, %zu threads: another %s", table->name,
                   type_name<T>(), shape.heads, shape.queries, shape.keys, static_cast<int>(extras), threads, what);
            }
          }
        }
      }
    }
  }
  select_table((*tables().begin())->name);
  Pool::shared().set_threads(0);
}
TEST(the_same_bits_float32) { test_bits<float>(); }
TEST(the_same_bits_float64) { test_bits<double>(); }

// What each row of a plain or causal call is, in long double, and the gradients.
template <class T>
struct Exact {
  std::vector<long double> output, log_sum_exp, query, key, value;

  explicit Exact(const AttentionCase<T>& tested)
      : output(tested.shape().rows() * tested.shape().width), log_sum_exp(tested.shape().rows()),
        query(tested.shape().rows() * tested.shape().depth),
        key(tested.shape().batch * tested.shape().key_heads * tested.shape().keys * tested.shape().depth),
        value(tested.shape().batch * tested.shape().key_heads * tested.shape().keys * tested.shape().width) {
    const Attention<T> call = tested.call();
    const AttentionShape& s = call.shape;
    std::vector<long double> p(s.keys), g(s.keys);
    for (std::size_t row = 0; row < s.rows(); ++row) {
      const std::size_t head = row / s.queries, first = s.key_head(head) * s.keys;
      const std::int64_t last = static_cast<std::int64_t>(row % s.queries) + call.last;
      const std::size_t n = last + 1 < static_cast<std::int64_t>(s.keys)
                                ? static_cast<std::size_t>(std::max<std::int64_t>(last + 1, 0))
                                : s.keys;
      const T* q = call.query + row * s.depth;
      const T* dout = tested.direction().data() + row * s.width;
      long double max = -INFINITY, sum = 0, mean = 0;
      for (std::size_t j = 0; j < n; ++j) {
        p[j] = 0;
        for (std::size_t k = 0; k < s.depth; ++k)
          p[j] += static_cast<long double>(q[k]) * call.key[(first + j) * s.depth + k];
        p[j] *= call.scale;
        max = std::max(max, p[j]);
      }
      for (std::size_t j = 0; j < n; ++j) sum += p[j] = std::exp(p[j] - max);
      log_sum_exp[row] = max + std::log(sum);
      for (std::size_t j = 0; j < n; ++j) {
        p[j] /= sum;
        g[j] = 0;
        for (std::size_t c = 0; c < s.width; ++c) {
          const long double v = call.value[(first + j) * s.width + c];
          output[row * s.width + c] += p[j] * v;
          value[(first + j) * s.width + c] += p[j] * dout[c];
          g[j] += v * dout[c];
        }
        mean += p[j] * g[j];
      }
      for (std::size_t j = 0; j < n; ++j) {
        const long double slope = call.scale * p[j] * (g[j] - mean);
        for (std::size_t k = 0; k < s.depth; ++k) {
          query[row * s.depth + k] += slope * call.key[(first + j) * s.depth + k];
          key[(first + j) * s.depth + k] += slope * q[k];
        }
      }
    }
  }
};

// The greatest |got - wanted| / (|wanted| + floor).
template <class T>
double worst(const std::vector<T>& got, const std::vector<long double>& wanted, long double floor) {
  long double most = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isinf(wanted[i]) && static_cast<long double>(got[i]) == wanted[i]) continue;
    most = std::max(most, std::fabs(got[i] - wanted[i]) / (std::fabs(wanted[i]) + floor));
  }
  return static_cast<double>(most);
}

template <class T>
long double greatest(const std::vector<T>& x) {
  long double most = 0;
  for (const T& value : x) most = std::max<long double>(most, std::fabs(value));
  return most;
}

// Standard normal queries, keys and values. The output is measured as |got - wanted| / (|wanted| + 0.2), gradients
// beside the greatest of their array.
template <class T>
void test_accuracy() {
  Random random(seed());
  using tolerance::kAttention;
  constexpr double kUnit = std::numeric_limits<T>::epsilon() / 2;
  for (const AttentionShape& shape : {AttentionShape{1, 2, 2, 256, 256, 64, 64},
                                      {1, 2, 1, 96, 1024, 128, 128},
                                      {1, 4, 4, 1, 8192, 128, 128},
                                      {1, 2, 2, 5, 3, 64, 64},
                                      {4, 8, 2, 40, 40, 32, 16}}) {
    for (const Extras extras : {Extras::kNone, Extras::kCausal}) {
      const AttentionCase<T> tested(shape, extras, random);
      const Found<T> found = tested.run(0, false);
      const Exact<T> exact(tested);
      const double output = worst(found.output, exact.output, 0.2L);
      const double log_sum_exp = worst(found.log_sum_exp, exact.log_sum_exp, 1);
      const double gradient = std::max({worst(found.query, exact.query, greatest(exact.query)),
                                        worst(found.key, exact.key, greatest(exact.key)),
                                        worst(found.value, exact.value, greatest(exact.value))});
      note("%s, %zu x %zu keys, d %zu%s, in units of 2^-%d: output %.1f, log-sum-exp %.1f, gradients %.1f",
           type_name<T>(), shape.queries, shape.keys, shape.depth, extras == Extras::kCausal ? ", causal" : "",
           sizeof(T) == 4 ? 24 : 53, output / kUnit, log_sum_exp / kUnit, gradient / kUnit);
      CHECK(output <= kAttention.output * kUnit);
      CHECK(log_sum_exp <= kAttention.log_sum_exp * kUnit);
      CHECK(gradient <= kAttention.gradient * kUnit);
    }
  }
}
TEST(accuracy_float32) { test_accuracy<float>(); }
TEST(accuracy_float64) { test_accuracy<double>(); }

}  // namespace
}  // namespace softmax_native::test
