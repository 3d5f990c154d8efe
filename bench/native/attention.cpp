// Attention without JavaScript: prefill and decode, forward and backward, on one thread and two, beside the
// multiply-adds alone at the processor's peak and the reading of keys and values alone.
#include <cstdio>
#include <vector>

#include "../../native/operations/attention.hpp"
#include "../../native/parallel/pool.hpp"
#include "kernels.hpp"
#include "logits.hpp"
#include "timing.hpp"
#include "walls.hpp"

namespace bench {
namespace {

using namespace softmax_native;

struct Shape {
  const char* name;
  std::size_t heads, key_heads, queries, keys, depth;
  bool causal;
};

constexpr Shape kShapes[] = {
    {"prefill", 8, 8, 1024, 1024, 64, false},        {"prefill, causal", 8, 8, 1024, 1024, 64, true},
    {"prefill, causal", 8, 8, 4096, 4096, 64, true}, {"grouped, causal", 8, 2, 1024, 1024, 128, true},
    {"decode", 8, 8, 1, 8192, 128, false},           {"decode, grouped", 32, 8, 1, 8192, 128, false},
};

struct Layer {
  Shape shape;
  std::vector<float> query, key, value, output, log_sum_exp, of_query, of_key, of_value;

  explicit Layer(const Shape& s)
      : shape(s), query(logits<float>(s.heads * s.queries * s.depth)),
        key(logits<float>(s.key_heads * s.keys * s.depth)), value(key), output(query.size()),
        log_sum_exp(s.heads * s.queries), of_query(query.size()), of_key(key.size()), of_value(key.size()) {
    for (float& x : query) x *= 0.3f;
    for (float& x : key) x *= 0.3f;
  }

  Attention<float> call() const {
    const std::int64_t far = std::int64_t{1} << 40;
    return {{1, shape.heads, shape.key_heads, shape.queries, shape.keys, shape.depth, shape.depth},
            query.data(),
            key.data(),
            value.data(),
            {},
            {},
            0.1,
            0,
            1,
            -far,
            shape.causal ? 0 : far,
            NonFinite::kLimit};
  }
  void forward(std::size_t threads) {
    Pool::shared().set_threads(threads);
    attention<float>(call(), {output.data(), log_sum_exp.data(), nullptr});
  }
  void backward(std::size_t threads) {
    Pool::shared().set_threads(threads);
    attention_vjp<float>(call(), {query.data(), output.data(), log_sum_exp.data()},
                         {of_query.data(), of_key.data(), of_value.data(), nullptr});
  }
};

}  // namespace

void time_attention() {
  std::printf("\nattention, float32: median ms\n");
  Pool::shared().retain();
  for (const Shape& shape : kShapes) {
    Layer layer(shape);
    double count = 0;
    std::vector<Work> works = {{"forward", [&] { layer.forward(1); }},
                               {"forward, 2 threads", [&] { layer.forward(2); }},
                               {"backward", [&] { layer.backward(1); }},
                               {"backward, 2 threads", [&] { layer.backward(2); }}};
    if (has_walls()) works.push_back({"peak", [&] { count = fused_products(100000); }});
    const std::vector<Times> times = measure(works, 5);
    const double pairs = static_cast<double>(shape.heads * shape.queries) * static_cast<double>(shape.keys);
    std::printf("  %-16s %2zu/%zu heads, %4zu x %4zu x %3zu   forward %8.2f, 2 threads %8.2f   backward %8.2f, %8.2f",
                shape.name, shape.heads, shape.key_heads, shape.queries, shape.keys, shape.depth, times[0].median / 1e6,
                times[1].median / 1e6, times[2].median / 1e6, times[3].median / 1e6);
    if (has_walls()) {
      const double products = 2 * pairs * static_cast<double>(shape.depth) * (shape.causal ? 0.5 : 1);
      std::printf("   two products at the peak %7.2f", times[4].median / count * products / 1e6);
    }
    std::printf("\n");
  }
  Pool::shared().set_threads(0);
  Pool::shared().release();
}

}  // namespace bench
