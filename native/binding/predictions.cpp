#include "predictions.hpp"

#include "../operations/layer_training.hpp"
#include "../operations/linear.hpp"
#include "../operations/predictions.hpp"
#include "layer_arguments.hpp"

namespace softmax_native {
namespace {

enum Position : std::size_t { kHidden = 0, kResult, kWeight = 3, kBias, kOther };

}  // namespace

void linear_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const LinearLayer<T> layer = read_linear_layer<T>(arguments, kHidden, kWeight, kBias);
    T* out = arguments.output<T>(kResult, layer.rows * layer.classes, 0);
    Form form = Form::kLogits;
    if (!read_form(arguments, &form) || !arguments.ok()) return;
    arguments.finish(distribution(LinearLogits<T>(layer), form, out));
  });
}

void linear_top_k_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const LinearLayer<T> layer = read_linear_layer<T>(arguments, kHidden, kWeight, kBias);
    const Best<T> result = read_best<T>(arguments, kResult, kOther);
    if (arguments.ok()) arguments.finish(best(LinearLogits<T>(layer), result));
  });
}

void linear_sample_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const LinearLayer<T> layer = read_linear_layer<T>(arguments, kHidden, kWeight, kBias);
    const double* uniforms = arguments.input<double>(kOther, layer.rows);
    std::int32_t* ids = arguments.output<std::int32_t>(kResult, layer.rows, 0);
    if (arguments.ok()) arguments.finish(sample<T>(LinearLogits<T>(layer), uniforms, ids));
  });
}

void linear_train_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const std::size_t classes = arguments.layout().n;
    std::size_t depth, batch;
    if (!arguments.depth(0, &depth) || !arguments.count(3, depth, &batch)) return;
    const Examples<T> examples = read_examples<T>(arguments, depth, 5, 6);
    const std::int32_t* targets = arguments.input<std::int32_t>(7, examples.count);
    T* weight = arguments.output<T>(kWeight, classes * depth, 0);
    T* bias = arguments.has(kBias) ? arguments.output<T>(kBias, classes, 0) : nullptr;
    if (!arguments.ok()) return;
    const double rate = arguments.number(1);
    double loss = 0;
    arguments.finish(train_full(examples, targets, classes, weight, bias, batch, rate, &loss));
    arguments.number(0) = loss;
  });
}

}  // namespace softmax_native
