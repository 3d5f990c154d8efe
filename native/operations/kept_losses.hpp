// Logistic losses that are kept back, so that one logarithm is taken of many.
#pragma once

#include "../core/dispatch.hpp"

namespace softmax_native {

struct KeptLosses {
  double sums[9] = {};  // of the kernel logistic_kept

  double total() const {
    double logs[4];
    kernels().f64.log1p(sums + 4, logs, 4);
    return ((sums[0] + sums[2]) + (sums[1] + sums[3])) + ((logs[0] + logs[2]) + (logs[1] + logs[3]));
  }
};

}  // namespace softmax_native
