#include "adaptive.hpp"

#include "../operations/layer_training.hpp"
#include "../operations/predictions.hpp"
#include "layer_arguments.hpp"

namespace softmax_native {
namespace {

enum Position : std::size_t { kHidden = 0, kResult, kParameters = 3, kShape, kOther, kHiddenGradient, kGradient };

// False where no parameters could have such a shape.
bool read_shape(Arguments& arguments, AdaptiveShape* shape) {
  std::size_t clusters;
  if (!arguments.depth(0, &shape->dim) || !arguments.count(6, 1, &clusters)) return false;
  if (clusters > AdaptiveShape::kMostClusters) return arguments.refuse();
  const std::int32_t* ends = arguments.input<std::int32_t>(kShape, 2 * clusters + 1);
  if (ends == nullptr) return false;
  for (std::size_t i = 0; i <= 2 * clusters; ++i) {
    const bool ascends = i == 0 || i > clusters || ends[i] > ends[i - 1];
    if (ends[i] <= 0 || !ascends) return arguments.refuse();
  }
  shape->clusters = clusters;
  shape->has_bias = arguments.number(7) != 0;
  shape->shortlist = static_cast<std::size_t>(ends[0]);
  for (std::size_t i = 0; i < clusters; ++i) {
    shape->cutoffs[i] = static_cast<std::size_t>(ends[i + 1]);
    shape->widths[i] = static_cast<std::size_t>(ends[clusters + 1 + i]);
  }
  return shape->classes() == arguments.layout().n || arguments.refuse();
}

// work(arguments, layer) for a layer that is only read.
template <class Work>
void with_layer(Arguments& call, const Work& work) {
  by_type(call, [&work](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    AdaptiveShape shape;
    if (!read_shape(arguments, &shape)) return;
    const std::size_t rows = arguments.layout().outer;
    const T* hidden = arguments.input<T>(kHidden, rows * shape.dim);
    const T* parameters = arguments.input<T>(kParameters, shape.parameters());
    work(arguments, AdaptiveLayer<T>{shape, hidden, parameters, rows}, zero);
  });
}

}  // namespace

void adaptive_row(Arguments& call) {
  with_layer(call, [](Arguments& arguments, const auto& layer, auto zero) {
    using T = decltype(zero);
    T* out = arguments.output<T>(kResult, layer.rows * layer.shape.classes(), 0);
    Form form = Form::kLogits;
    if (!read_form(arguments, &form) || !arguments.ok()) return;
    arguments.finish(distribution(AdaptiveLogits<T>(layer), form, out));
  });
}

void adaptive_top_k_row(Arguments& call) {
  with_layer(call, [](Arguments& arguments, const auto& layer, auto zero) {
    const auto result = read_best<decltype(zero)>(arguments, kResult, kOther);
    if (arguments.ok()) arguments.finish(adaptive_best(layer, result));
  });
}

void adaptive_sample_row(Arguments& call) {
  with_layer(call, [](Arguments& arguments, const auto& layer, auto zero) {
    using T = decltype(zero);
    const double* uniforms = arguments.input<double>(kOther, layer.rows);
    std::int32_t* ids = arguments.output<std::int32_t>(kResult, layer.rows, 0);
    if (arguments.ok()) arguments.finish(sample<T>(AdaptiveLogits<T>(layer), uniforms, ids));
  });
}

void adaptive_cross_entropy_row(Arguments& call) {
  with_layer(call, [](Arguments& arguments, const auto& layer, auto zero) {
    using T = decltype(zero);
    AdaptiveLoss<T> loss{arguments.output<T>(kResult, layer.rows, 0), nullptr, nullptr, arguments.number(1), 0};
    const std::int32_t* targets = arguments.input<std::int32_t>(kOther, layer.rows);
    if (arguments.has(kHiddenGradient)) {
      loss.hidden_gradient = arguments.output<T>(kHiddenGradient, layer.rows * layer.shape.dim, 0);
    }
    if (arguments.has(kGradient)) loss.gradient = arguments.output<T>(kGradient, layer.shape.parameters(), 0);
    if (!arguments.ok()) return;
    arguments.finish(adaptive_cross_entropy(layer, targets, loss));
    arguments.number(0) = loss.loss;
  });
}

void adaptive_train_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    AdaptiveShape shape;
    std::size_t batch;
    if (!read_shape(arguments, &shape) || !arguments.count(3, shape.dim, &batch)) return;
    const Examples<T> examples = read_examples<T>(arguments, shape.dim, 5, 6);
    const std::int32_t* targets = arguments.input<std::int32_t>(7, examples.count);
    T* parameters = arguments.output<T>(kParameters, shape.parameters(), 0);
    if (!arguments.ok()) return;
    const double rate = arguments.number(1);
    double loss = 0;
    arguments.finish(train_adaptive(examples, targets, shape, parameters, batch, rate, &loss));
    arguments.number(0) = loss;
  });
}

}  // namespace softmax_native
