// Mergeable states. softmaxState: 0 logits [n]; 1 the fields of operations/softmax_state.hpp; 3 ids [k]; 4 values [n,
// width]; 5 their weighted sums [width], float64; 6 the logits of the ids [k], float64. Numbers: 0 k; 1 width.
// stateProbabilities: 0 logits [n]; 1 probabilities. Numbers: 0 the greatest key; 1 the logarithm of the total beside
// it.
#pragma once

#include "row.hpp"

namespace softmax_native {

void softmax_state_row(Arguments& arguments);
void state_probabilities_row(Arguments& arguments);

}  // namespace softmax_native
