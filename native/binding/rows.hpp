// All binding rows, in the order of their numbers.
#pragma once

#include "attention.hpp"
#include "candidates.hpp"
#include "adaptive.hpp"
#include "derivatives.hpp"
#include "diagnosis.hpp"
#include "gumbel.hpp"
#include "linear.hpp"
#include "losses.hpp"
#include "predictions.hpp"
#include "row.hpp"
#include "softmax_family.hpp"
#include "softmax_state.hpp"
#include "tokens.hpp"
#include "tree.hpp"

namespace softmax_native {

inline constexpr NamedRow kRows[] = {
    {"softmax", softmax_row},
    {"logSoftmax", log_softmax_row},
    {"logSumExp", log_sum_exp_row},
    {"argmax", argmax_row},
    {"hardmax", hardmax_row},
    {"diagnose", diagnose_row},
    {"crossEntropy", cross_entropy_row},
    {"nllLoss", nll_loss_row},
    {"klDivergence", kl_divergence_row},
    {"linearCrossEntropy", linear_cross_entropy_row},
    {"attention", attention_row},
    {"attentionVjp", attention_vjp_row},
    {"candidateLoss", candidate_loss_row},
    {"trainSharedCandidates", train_shared_candidates_row},
    {"trainOwnCandidates", train_own_candidates_row},
    {"linear", linear_row},
    {"linearTopK", linear_top_k_row},
    {"linearSample", linear_sample_row},
    {"linearTrain", linear_train_row},
    {"adaptive", adaptive_row},
    {"adaptiveTopK", adaptive_top_k_row},
    {"adaptiveSample", adaptive_sample_row},
    {"adaptiveCrossEntropy", adaptive_cross_entropy_row},
    {"adaptiveTrain", adaptive_train_row},

    {"softmaxState", softmax_state_row},
    {"stateProbabilities", state_probabilities_row},

    {"treeLoss", tree_loss_row},
    {"treeDistribution", tree_distribution_row},
    {"treeTopK", tree_top_k_row},
    {"treeSample", tree_sample_row},
    {"treeTrain", tree_train_row},

    {"sample", sample_row},
    {"gumbelSoftmax", gumbel_softmax_row},
    {"gumbelSoftmaxVjp", gumbel_softmax_vjp_row},

    {"softmaxVjp", softmax_vjp_row},
    {"logSoftmaxVjp", log_softmax_vjp_row},
    {"logSoftmaxJvp", log_softmax_jvp_row},
    {"logSumExpVjp", log_sum_exp_vjp_row},
    {"softmaxBetaGradient", softmax_beta_gradient_row},
    {"softmaxJacobian", softmax_jacobian_row},
    {"logSoftmaxJacobian", log_softmax_jacobian_row},
};
inline constexpr std::size_t kRowCount = sizeof(kRows) / sizeof(kRows[0]);

}  // namespace softmax_native
