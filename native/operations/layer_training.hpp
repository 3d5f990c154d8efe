// Training of the layers that give all classes a gradient: full and adaptive softmax.
#pragma once

#include "adaptive.hpp"
#include "training.hpp"

namespace softmax_native {

// weight [classes, examples.dim], bias [classes] (nullptr = none), both trained in place; in steps of `batch` examples,
// 0 = all. `loss` becomes the sum of the losses, each before its own step.
template <class T>
Outcome train_full(const Examples<T>& examples, const std::int32_t* targets, std::size_t classes, T* weight, T* bias,
                   std::size_t batch, double rate, double* loss);

// The same of all parameters of an adaptive softmax.
template <class T>
Outcome train_adaptive(const Examples<T>& examples, const std::int32_t* targets, const AdaptiveShape& shape,
                       T* parameters, std::size_t batch, double rate, double* loss);

}  // namespace softmax_native
