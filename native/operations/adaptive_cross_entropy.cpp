// The head's loss of all rows, and the losses of the rows whose targets are in a cluster, cluster by cluster.
#include "adaptive.hpp"
#include "linear.hpp"
#include "linear_cross_entropy.hpp"
#include "scratch.hpp"

namespace softmax_native {
namespace {

template <class T>
class AdaptiveCrossEntropy {
 public:
  AdaptiveCrossEntropy(const AdaptiveLayer<T>& layer, const std::int32_t* targets, const AdaptiveLoss<T>& result)
      : shape_(layer.shape), layer_(layer), targets_(targets), result_(result) {}

  Outcome run(double* loss) {
    const std::size_t rows = layer_.rows;
    const Scratch indices(3, rows * sizeof(std::int32_t)), log_sums(1, rows * sizeof(T));
    if (!indices.ok() || !log_sums.ok()) return {Status::kOutOfMemory, 0};
    std::int32_t* of_head = indices.template part<std::int32_t>(0);
    log_sums_ = log_sums.template part<T>(0);
    const std::int32_t shortlist = static_cast<std::int32_t>(shape_.shortlist);
    for (std::size_t r = 0; r < rows; ++r) {
      of_head[r] = targets_[r];
      if (targets_[r] < shortlist) continue;
      of_head[r] = shortlist + static_cast<std::int32_t>(shape_.cluster_of(static_cast<std::size_t>(targets_[r])));
    }
    const T *weight = layer_.parameters, *bias = shape_.has_bias ? weight + shape_.bias() : nullptr;
    const LinearGradients<T> gradients{result_.hidden_gradient, at(0), shape_.has_bias ? at(shape_.bias()) : nullptr};
    Outcome outcome = loss_of({layer_.hidden, weight, bias, rows, shape_.head(), shape_.dim}, of_head, result_.losses,
                              gradients, loss);
    for (std::size_t i = 0; i < shape_.clusters && outcome.status == Status::kOk; ++i) {
      std::int32_t *members = indices.template part<std::int32_t>(1), *of_tail = indices.template part<std::int32_t>(2);
      std::size_t count = 0;
      for (std::size_t r = 0; r < rows; ++r) {
        if (of_head[r] != shortlist + static_cast<std::int32_t>(i)) continue;
        members[count] = static_cast<std::int32_t>(r);
        of_tail[count++] = targets_[r] - static_cast<std::int32_t>(shape_.first(i));
      }
      outcome = count == 0 ? nothing(i) : cluster(i, members, of_tail, count, loss);
    }
    return outcome;
  }

 private:
  const AdaptiveShape& shape_;
  const AdaptiveLayer<T>& layer_;
  const std::int32_t* targets_;
  const AdaptiveLoss<T>& result_;
  T* log_sums_ = nullptr;

  // The gradient of the parameters from there on.
  T* at(std::size_t parameter) const { return result_.gradient == nullptr ? nullptr : result_.gradient + parameter; }

  // The sum of the losses of a linear layer.
  Outcome loss_of(const LinearLayer<T>& layer, const std::int32_t* targets, T* losses,
                  const LinearGradients<T>& gradients, double* sum) const {
    Logits<T> logits{};
    logits.layout = {layer.rows, layer.classes, 1};
    logits.beta = 1;
    logits.rule = NonFinite::kLimit;
    LossOptions<T> options{};
    options.reduction = Reduction::kSum;
    LinearLoss<T> loss{};
    loss.losses = losses;
    loss.log_sum_exp = log_sums_;
    loss.gradients = gradients;
    const Outcome outcome =
        linear_cross_entropy(layer, logits, LossTargets<T>{targets, nullptr, -1, nullptr}, options, loss);
    *sum += loss.loss;
    return outcome;
  }

  Outcome nothing(std::size_t i) const {
    if (result_.gradient == nullptr) return {};
    std::memset(at(shape_.projection(i)), 0, shape_.widths[i] * (shape_.dim + shape_.size(i)) * sizeof(T));
    return {};
  }

  Outcome cluster(std::size_t i, const std::int32_t* members, const std::int32_t* targets, std::size_t count,
                  double* sum) const {
    const std::size_t dim = shape_.dim, width = shape_.widths[i];
    const bool backward = result_.gradient != nullptr || result_.hidden_gradient != nullptr;
    const Scratch memory(2, count * dim * sizeof(T)), narrow(2, count * width * sizeof(T));
    const Scratch losses(1, count * sizeof(T)), turned(backward ? 1 : 0, dim * width * sizeof(T));
    if (!memory.ok() || !narrow.ok() || !losses.ok() || !turned.ok()) return {Status::kOutOfMemory, 0};
    T *hidden = memory.template part<T>(0), *other = memory.template part<T>(1);
    T *projected = narrow.template part<T>(0), *gradient = backward ? narrow.template part<T>(1) : nullptr;
    T *of_each = losses.template part<T>(0), *turned_projection = turned.template part<T>(0);
    for (std::size_t r = 0; r < count; ++r) {
      std::memcpy(hidden + r * dim, layer_.hidden + static_cast<std::size_t>(members[r]) * dim, dim * sizeof(T));
    }
    const T* projection = layer_.parameters + shape_.projection(i);
    linear(LinearLayer<T>{hidden, projection, nullptr, count, width, dim}, projected, width);
    const LinearLayer<T> tail{projected, layer_.parameters + shape_.tail(i), nullptr, count, shape_.size(i), width};
    const Outcome outcome = loss_of(tail, targets, of_each, {gradient, at(shape_.tail(i)), nullptr}, sum);
    if (outcome.status != Status::kOk) return outcome;
    for (std::size_t r = 0; r < count && result_.losses != nullptr; ++r) result_.losses[members[r]] += of_each[r];
    const KernelsOf<T>& k = kernels().of<T>();
    if (result_.hidden_gradient != nullptr) {
      k.transpose(projection, dim, turned_projection, width, width, dim);
      linear(LinearLayer<T>{gradient, turned_projection, nullptr, count, dim, width}, other, dim);
      for (std::size_t r = 0; r < count; ++r) {
        T* out = result_.hidden_gradient + static_cast<std::size_t>(members[r]) * dim;
        for (std::size_t j = 0; j < dim; ++j) out[j] += other[r * dim + j];
      }
    }
    if (result_.gradient != nullptr) {
      // gradient^T hidden: the projected rows are not needed any more.
      k.transpose(hidden, dim, other, count, count, dim);
      k.transpose(gradient, width, projected, count, count, width);
      linear(LinearLayer<T>{projected, other, nullptr, width, dim, count}, at(shape_.projection(i)), dim);
    }
    return {};
  }
};

}  // namespace

template <class T>
Outcome adaptive_cross_entropy(const AdaptiveLayer<T>& layer, const std::int32_t* targets, AdaptiveLoss<T>& result) {
  result.loss = 0;
  const Outcome outcome = AdaptiveCrossEntropy<T>(layer, targets, result).run(&result.loss);
  if (outcome.status != Status::kOk || result.factor == 1) return outcome;
  const auto scale = [&](T* x, std::size_t n) {
    if (x != nullptr) kernels().of<T>().scale(x, x, n, static_cast<T>(result.factor), false);
  };
  scale(result.hidden_gradient, layer.rows * layer.shape.dim);
  scale(result.gradient, layer.shape.parameters());
  return outcome;
}

template Outcome adaptive_cross_entropy<float>(const AdaptiveLayer<float>&, const std::int32_t*, AdaptiveLoss<float>&);
template Outcome adaptive_cross_entropy<double>(const AdaptiveLayer<double>&, const std::int32_t*,
                                                AdaptiveLoss<double>&);

}  // namespace softmax_native
