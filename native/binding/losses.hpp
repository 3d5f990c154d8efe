#pragma once

#include "row.hpp"

namespace softmax_native {

// crossEntropy(logits, logSumExp, mask?, losses?, classes?, probabilities?, weight?, gradient?, targetGradient?)
// nllLoss(logProbabilities, logSumExp (unused), undefined, losses?, classes?, probabilities?, weight?, gradient?)
//   numbers in: reduction, smoothing, over others, z-loss, softcap, the ignored class; out: loss, total weight
// klDivergence(logits, out, mask?, otherLogits)
void cross_entropy_row(Arguments& call);
void nll_loss_row(Arguments& call);
void kl_divergence_row(Arguments& call);

}  // namespace softmax_native
