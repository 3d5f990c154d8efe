// The binding rows of the Gumbel-softmax and its derivative.
//
// positions  0 logits, 1 result, 2 mask     numbers  0, 1 the seed, the lower word first
//            3 g                                      2 what the arrays are (half_arrays.hpp)
//            4 places in the stream                   3 whether noisy logits are rounded to float32
//                                                     4 whether the result is one-hot
#pragma once

#include "row.hpp"

namespace softmax_native {

void gumbel_softmax_row(Arguments& arguments);
void gumbel_softmax_vjp_row(Arguments& arguments);

}  // namespace softmax_native
