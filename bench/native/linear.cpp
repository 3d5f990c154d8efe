// Cross-entropy of a linear layer, forward and backward, without JavaScript: times on one thread and two beside the
// multiply-adds alone at the processor's peak, and the memory that a call needs besides its arguments.
#include <cstdio>
#include <cstring>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "../../native/operations/linear_cross_entropy.hpp"
#include "../../native/parallel/pool.hpp"
#include "kernels.hpp"
#include "logits.hpp"
#include "timing.hpp"
#include "walls.hpp"

namespace bench {
namespace {

using namespace softmax_native;

struct Shape {
  std::size_t rows, depth, classes;
};

constexpr Shape kShapes[] = {
    {64, 128, 10000},  {64, 512, 10000},   {256, 128, 10000},  {256, 512, 10000},   {64, 128, 50000},
    {64, 512, 50000},  {256, 128, 50000},  {256, 512, 32000},  {256, 512, 50000},   {64, 128, 128256},
    {64, 512, 128256}, {256, 128, 128256}, {256, 512, 128256}, {1024, 512, 128256},
};

struct Layer {
  Shape shape;
  std::vector<float> hidden, weight, hidden_gradient, weight_gradient, log_sum_exp;
  std::vector<std::int32_t> targets;

  explicit Layer(const Shape& s)
      : shape(s), hidden(logits<float>(s.rows * s.depth)), weight(logits<float>(s.classes * s.depth)),
        hidden_gradient(hidden.size()), weight_gradient(weight.size()), log_sum_exp(s.rows), targets(s.rows) {
    for (float& w : weight) w *= 0.02f;
    for (std::size_t r = 0; r < s.rows; ++r) targets[r] = static_cast<std::int32_t>(r * 7919 % s.classes);
  }

  void run(std::size_t threads) {
    Pool::shared().set_threads(threads);
    const LinearLayer<float> layer{hidden.data(), weight.data(), nullptr, shape.rows, shape.classes, shape.depth};
    const Logits<float> made{nullptr, {shape.rows, shape.classes, 1}, 1, NonFinite::kLimit, nullptr, {0, 0, 0}};
    LinearLoss<float> loss{
        nullptr, log_sum_exp.data(), {hidden_gradient.data(), weight_gradient.data(), nullptr}, 0, 0};
    linear_cross_entropy(layer, made, {targets.data(), nullptr, -1, nullptr},
                         {nullptr, 0, false, 0, 0, Reduction::kMean}, loss);
  }
};

// A number of /proc/self/status in MiB, 0 where there is none.
double status_of(const char* name) {
  std::FILE* file = std::fopen("/proc/self/status", "r");
  if (file == nullptr) return 0;
  double found = 0;
  char line[256];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    if (std::strncmp(line, name, std::strlen(name)) == 0) std::sscanf(line + std::strlen(name), ": %lf", &found);
  }
  std::fclose(file);
  return found / 1024;
}

// The greatest resident memory of a call beyond what was resident before it.
double extra_memory(Layer& layer) {
#if defined(__GLIBC__)
  malloc_trim(0);  // what earlier calls have freed
#endif
  std::FILE* file = std::fopen("/proc/self/clear_refs", "w");
  if (file == nullptr) return 0;
  std::fputs("5", file);  // resets the high-water mark
  std::fclose(file);
  const double before = status_of("VmRSS");
  layer.run(2);
  return status_of("VmHWM") - before;
}

}  // namespace

void time_linear() {
  std::printf("\nlinear cross-entropy, forward and backward, float32: median ms\n");
  Pool::shared().retain();
  for (const Shape& shape : kShapes) {
    Layer layer(shape);
    const double extra = extra_memory(layer);
    double count = 0;
    std::vector<Work> works = {{"1 thread", [&] { layer.run(1); }}, {"2 threads", [&] { layer.run(2); }}};
    if (has_walls()) works.push_back({"peak", [&] { count = fused_products(100000); }});
    const std::vector<Times> times = measure(works, 3);
    const double products =
        3 * static_cast<double>(shape.rows) * static_cast<double>(shape.depth) * static_cast<double>(shape.classes);
    std::printf("  %4zu x %3zu -> %6zu   1 thread %8.1f   2 threads %8.1f   memory besides the arguments %5.1f MiB",
                shape.rows, shape.depth, shape.classes, times[0].median / 1e6, times[1].median / 1e6, extra);
    if (has_walls()) std::printf("   three products at the peak %7.1f", times[2].median / count * products / 1e6);
    std::printf("\n");
  }
  Pool::shared().set_threads(0);
  Pool::shared().release();
}

}  // namespace bench
