#include "linear.hpp"

#include "../operations/linear_cross_entropy.hpp"
#include "loss_arguments.hpp"

namespace softmax_native {
namespace {

enum Position : std::size_t { kHidden = 0, kWeight = 7, kBias, kHiddenGradient, kWeightGradient, kBiasGradient };

}  // namespace

void linear_cross_entropy_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits_to_be_made<T>();
    const std::size_t rows = logits.layout.rows(), classes = logits.layout.n;
    LinearLayer<T> layer{nullptr, nullptr, nullptr, rows, classes, 0};
    if (!arguments.depth(kLossNumbers, &layer.depth)) return;
    const std::size_t hidden = rows * layer.depth, weights = classes * layer.depth;
    layer.hidden = arguments.input<T>(kHidden, hidden);
    layer.weight = arguments.input<T>(kWeight, weights);
    if (arguments.has(kBias)) layer.bias = arguments.input<T>(kBias, classes);
    const LossTargets<T> targets = read_targets<T>(arguments);
    const LossOptions<T> options = read_loss_options<T>(arguments);
    LinearLoss<T> loss{};
    loss.log_sum_exp = arguments.output<T>(kLossRows, rows, 0);
    if (arguments.has(kLosses)) loss.losses = arguments.output<T>(kLosses, rows, 0);
    LinearGradients<T>& gradients = loss.gradients;
    if (arguments.has(kHiddenGradient)) gradients.hidden = arguments.output<T>(kHiddenGradient, hidden, 1u << kHidden);
    if (arguments.has(kWeightGradient)) gradients.weight = arguments.output<T>(kWeightGradient, weights, 0);
    if (arguments.has(kBiasGradient)) gradients.bias = arguments.output<T>(kBiasGradient, classes, 0);
    if (!arguments.ok()) return;
    arguments.finish(linear_cross_entropy(layer, logits, targets, options, loss));
    arguments.number(0) = loss.loss;
    arguments.number(1) = loss.total_weight;
  });
}

}  // namespace softmax_native
