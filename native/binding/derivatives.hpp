#pragma once

#include "row.hpp"

namespace softmax_native {

// Each takes (point, out, mask, direction?): position 0 has the probabilities, log-probabilities or logits at which the
// derivative is taken, position 3 what it is multiplied with.
void softmax_vjp_row(Arguments& call);
void log_softmax_vjp_row(Arguments& call);
void log_softmax_jvp_row(Arguments& call);
void log_sum_exp_vjp_row(Arguments& call);
void softmax_beta_gradient_row(Arguments& call);
void softmax_jacobian_row(Arguments& call);
void log_softmax_jacobian_row(Arguments& call);

}  // namespace softmax_native
