// The binding rows of layers that learn from sampled classes.
#pragma once

#include "row.hpp"

namespace softmax_native {

void candidate_loss_row(Arguments& arguments);
void train_shared_candidates_row(Arguments& arguments);
void train_own_candidates_row(Arguments& arguments);

}  // namespace softmax_native
