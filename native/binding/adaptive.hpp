// Adaptive softmax. Positions 0, 1 and 5 as in predictions.hpp; 3 all parameters; 4 the shape: where the shortlist and
// each cluster end, then the width of each cluster. Numbers: 0 dim; 1 the form, or k; 6 clusters; 7 whether there is a
// bias.
// adaptiveCrossEntropy: 1 losses; 5 targets; 6 the gradient of hidden; 7 that of the parameters. Numbers:
// 1 what the gradients are multiplied with; out: 0 the sum of the losses. adaptiveTrain: as linearTrain.
#pragma once

#include "row.hpp"

namespace softmax_native {

void adaptive_row(Arguments& arguments);
void adaptive_top_k_row(Arguments& arguments);
void adaptive_sample_row(Arguments& arguments);
void adaptive_cross_entropy_row(Arguments& arguments);
void adaptive_train_row(Arguments& arguments);

}  // namespace softmax_native
