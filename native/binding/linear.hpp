#pragma once

#include "row.hpp"

namespace softmax_native {

// linearCrossEntropy(hidden, logSumExp, mask?, losses?, classes?, probabilities?, class weight?, weight, bias?,
//                    hiddenGradient?, weightGradient?, biasGradient?)
//   numbers as in losses.hpp, and the depth after them; the layout is that of the logits
void linear_cross_entropy_row(Arguments& call);

}  // namespace softmax_native
