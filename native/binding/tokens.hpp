// The binding row of tokens. The layout has a row of n logits for each row.
//
// positions  0 logits            numbers  0 the stages, three bits each (operations/tokens.hpp)
//            1 ids                        1 topK, 2 topP, 3 log minP, 4 typicalP
//            3 values                     5 repetition, 6 presence, 7 frequency penalty
//            4 uniforms                   8 whether ties are kept, 10 whether what is drawn may be drawn again
//            5 bits of what is allowed    9 how many are drawn, 11 how many of the best are listed
//            6 history, 7 its offsets     12 ids of the history, 13 biases
//            8 ids of biases, 9 biases    14 words of what is allowed
//                                         15 what the logits are (half_arrays.hpp)
#pragma once

#include "row.hpp"

namespace softmax_native {

void sample_row(Arguments& arguments);

}  // namespace softmax_native
