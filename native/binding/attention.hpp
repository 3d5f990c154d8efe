#pragma once

#include "row.hpp"

namespace softmax_native {

// Numbers, after which lib/native/attention.ts is made: heads, key heads, queries, depth, width, scale, softcap (0 =
// none), first and last of j - i, then the strides from one batch and from one head to the next of the mask and of the
// bias; the frame's strides of mask and weights are those from one query and from one key to the next. The layout is
// [batch * heads * queries, keys, 1].

// attention(query, out, mask?, key, value, bias?, logSumExp?, weights?)
void attention_row(Arguments& call);

// attentionVjp(query, queryGradient, mask?, key, value, bias?, outputGradient, output?, logSumExp?, keyGradient,
//              valueGradient, biasGradient?)
void attention_vjp_row(Arguments& call);

}  // namespace softmax_native
