// Stochastic gradient descent on all parameters of a layer at once: each minibatch has a gradient for every one of
// them.
//
//   struct Loss {
//     // The sum of the losses, and the gradients of that: of the hidden rows [count, dim], and of all parameters.
//     Outcome gradients(const T* hidden, std::size_t first, std::size_t count, T* of_hidden, T* of_parameters,
//                       double* sum);
//   };
#pragma once

#include "training.hpp"

namespace softmax_native {

// Neighbouring parameters; their gradients follow those of the parts before.
template <class T>
struct Parameters {
  T* values;
  std::size_t count;
};

template <class T, class Loss>
class DenseStep {
 public:
  // `batch` examples at most are one step.
  DenseStep(Loss& loss, const Parameters<T>* parts, std::size_t count, std::size_t dim, std::size_t batch, double rate)
      : loss_(loss), parts_(parts), count_(count), dim_(dim), rate_(static_cast<T>(rate)),
        hidden_(2, batch * dim * sizeof(T)), gradient_(1, size_of(parts, count) * sizeof(T)) {}

  bool ok() const { return hidden_.ok() && gradient_.ok(); }
  // What went wrong in a step, with which learning ended.
  const Outcome& outcome() const { return outcome_; }

  double step(const MiniBatch<T>& batch) {
    if (outcome_.status != Status::kOk) return 0;
    T *hidden = hidden_.template part<T>(0), *of_hidden = hidden_.template part<T>(1);
    T* gradient = gradient_.template part<T>(0);
    for (std::size_t i = 0; i < batch.count; ++i) {
      std::memcpy(hidden + i * dim_, batch.hidden[i], dim_ * sizeof(T));
    }
    double sum = 0;
    outcome_ = loss_.gradients(hidden, batch.first, batch.count, of_hidden, gradient, &sum);
    // Of a job that has been given up meanwhile, the gradients are worth nothing.
    if (outcome_.status != Status::kOk || is_cancelled(current_cancel_flag())) return 0;
    std::memcpy(batch.gradient, of_hidden, batch.count * dim_ * sizeof(T));
    for (std::size_t i = 0; i < count_; ++i) {
      update(parts_[i], gradient);
      gradient += parts_[i].count;
    }
    return sum;
  }
  void ask(std::size_t, RowsAhead<T>&) const {}
  void leave(std::size_t) const {}

 private:
  Loss& loss_;
  const Parameters<T>* parts_;
  const std::size_t count_, dim_;
  const T rate_;
  const Scratch hidden_, gradient_;
  Outcome outcome_;

  static std::size_t size_of(const Parameters<T>* parts, std::size_t count) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) size += parts[i].count;
    return size;
  }

  // On this thread alone: next to the products it is nothing, and it must not be given up half way.
  void update(const Parameters<T>& part, const T* gradient) const {
    for (std::size_t j = 0; j < part.count; ++j) part.values[j] -= rate_ * gradient[j];
  }
};

// Trains in steps of `batch` examples, 0 = all of them. Gives the sum of the losses.
template <class T, class Loss>
Outcome train_dense(const Examples<T>& examples, std::size_t batch, double rate, Loss& loss, const Parameters<T>* parts,
                    std::size_t count, double* sum) {
  const std::size_t most = batch == 0 || batch > examples.count ? examples.count : batch;
  if (most == 0) return {};
  DenseStep<T, Loss> step(loss, parts, count, examples.dim, most, rate);
  if (!step.ok()) return {Status::kOutOfMemory, 0};
  const Outcome outcome = train(examples, most, 1, step, sum);
  return outcome.status == Status::kOk ? step.outcome() : outcome;
}

}  // namespace softmax_native
