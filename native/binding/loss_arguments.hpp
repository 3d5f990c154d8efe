// What all losses of a target read from a call: targets, options, and where rows' results go.
#pragma once

#include "../operations/losses.hpp"
#include "arguments.hpp"

namespace softmax_native {

enum LossPosition : std::size_t {
  kLossRows = 1,
  kLosses = 3,
  kClasses = 4,
  kProbabilities = 5,
  kClassWeight = 6,
};

enum LossNumber : std::size_t { kReduction, kSmoothing, kOverOthers, kZLoss, kSoftcap, kIgnored, kLossNumbers };

template <class T>
LossTargets<T> read_targets(Arguments& arguments) {
  LossTargets<T> targets{nullptr, nullptr, static_cast<std::int32_t>(arguments.number(kIgnored)), nullptr};
  if (arguments.has(kProbabilities)) {
    targets.probability = arguments.input<T>(kProbabilities, arguments.layout().size());
  } else {
    targets.index = arguments.input<std::int32_t>(kClasses, arguments.layout().rows());
  }
  return targets;
}

template <class T>
LossOptions<T> read_loss_options(Arguments& arguments) {
  LossOptions<T> options{nullptr,
                         arguments.number(kSmoothing),
                         arguments.number(kOverOthers) != 0,
                         arguments.number(kZLoss),
                         arguments.number(kSoftcap),
                         static_cast<Reduction>(static_cast<int>(arguments.number(kReduction)))};
  if (arguments.has(kClassWeight)) options.weight = arguments.input<T>(kClassWeight, arguments.layout().n);
  return options;
}

}  // namespace softmax_native
