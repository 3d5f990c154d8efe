#pragma once

#include "row.hpp"

namespace softmax_native {

// Each takes (logits, out, mask?), logSumExp also (..., weights?, sign?), or nothing: the staged call of frame.hpp. All
// leave their status in the frame.
void softmax_row(Arguments& call);
void log_softmax_row(Arguments& call);
void log_sum_exp_row(Arguments& call);
void argmax_row(Arguments& call);
void hardmax_row(Arguments& call);

}  // namespace softmax_native
