#include "layer_training.hpp"

#include "dense_training.hpp"
#include "linear_cross_entropy.hpp"

namespace softmax_native {
namespace {

template <class T>
struct FullLoss {
  const std::int32_t* targets;
  std::size_t classes, dim;
  const T *weight, *bias;
  const Scratch& log_sums;  // of a minibatch

  Outcome gradients(const T* hidden, std::size_t first, std::size_t count, T* of_hidden, T* of_parameters,
                    double* sum) const {
    Logits<T> logits{};
    logits.layout = {count, classes, 1};
    logits.beta = 1;
    logits.rule = NonFinite::kLimit;
    LossOptions<T> options{};
    options.reduction = Reduction::kSum;
    LinearLoss<T> loss{};
    loss.log_sum_exp = log_sums.template part<T>(0);
    loss.gradients = {of_hidden, of_parameters, bias == nullptr ? nullptr : of_parameters + classes * dim};
    const Outcome outcome = linear_cross_entropy(LinearLayer<T>{hidden, weight, bias, count, classes, dim}, logits,
                                                 LossTargets<T>{targets + first, nullptr, -1, nullptr}, options, loss);
    *sum = loss.loss;
    return outcome;
  }
};

template <class T>
struct AdaptiveTraining {
  const std::int32_t* targets;
  const AdaptiveShape& shape;
  const T* parameters;

  Outcome gradients(const T* hidden, std::size_t first, std::size_t count, T* of_hidden, T* of_parameters,
                    double* sum) const {
    AdaptiveLoss<T> loss{nullptr, of_hidden, of_parameters, 1, 0};
    const Outcome outcome =
        adaptive_cross_entropy(AdaptiveLayer<T>{shape, hidden, parameters, count}, targets + first, loss);
    *sum = loss.loss;
    return outcome;
  }
};

}  // namespace

template <class T>
Outcome train_full(const Examples<T>& examples, const std::int32_t* targets, std::size_t classes, T* weight, T* bias,
                   std::size_t batch, double rate, double* loss) {
  const std::size_t most = batch == 0 || batch > examples.count ? examples.count : batch;
  const Scratch log_sums(1, most * sizeof(T));
  if (!log_sums.ok()) return {Status::kOutOfMemory, 0};
  const Parameters<T> parts[] = {{weight, classes * examples.dim}, {bias, bias == nullptr ? 0 : classes}};
  FullLoss<T> step{targets, classes, examples.dim, weight, bias, log_sums};
  return train_dense(examples, batch, rate, step, parts, 2, loss);
}

template <class T>
Outcome train_adaptive(const Examples<T>& examples, const std::int32_t* targets, const AdaptiveShape& shape,
                       T* parameters, std::size_t batch, double rate, double* loss) {
  const Parameters<T> all{parameters, shape.parameters()};
  AdaptiveTraining<T> step{targets, shape, parameters};
  return train_dense(examples, batch, rate, step, &all, 1, loss);
}

template Outcome train_full<float>(const Examples<float>&, const std::int32_t*, std::size_t, float*, float*,
                                   std::size_t, double, double*);
template Outcome train_full<double>(const Examples<double>&, const std::int32_t*, std::size_t, double*, double*,
                                    std::size_t, double, double*);
template Outcome train_adaptive<float>(const Examples<float>&, const std::int32_t*, const AdaptiveShape&, float*,
                                       std::size_t, double, double*);
template Outcome train_adaptive<double>(const Examples<double>&, const std::int32_t*, const AdaptiveShape&, double*,
                                        std::size_t, double, double*);

}  // namespace softmax_native
