// Attention: for each query the softmax of its products with the keys, and the mean of the values that this weighs.
//   score = cap tanh(scale q.k / cap) + bias,   p = softmax(beta score) over the keys that take part,   output = sum p
//   v
// All arrays are row-major: query [batch, heads, queries, depth], key [batch, key_heads, keys, depth], value
// [batch, key_heads, keys, width], output [batch, heads, queries, width]. Query head h reads key head
// h / (heads / key_heads). Scores are never in memory but for a tile of them.
#pragma once

#include "call.hpp"

namespace softmax_native {

struct AttentionShape {
  std::size_t batch, heads, key_heads, queries, keys, depth, width;

  std::size_t all_heads() const { return batch * heads; }
  std::size_t rows() const { return all_heads() * queries; }
  std::size_t group() const { return key_heads == 0 ? 1 : heads / key_heads; }
  // The key head, over all batches, that a query head, over all batches, reads.
  std::size_t key_head(std::size_t head) const { return head / heads * key_heads + head % heads / group(); }
};

// An array broadcast to [batch, heads, queries, keys].
template <class T>
struct ScoreBroadcast {
  const T* data;  // nullptr = not given
  std::size_t batch, head, query, key;

  const T* at(const AttentionShape& shape, std::size_t all_head, std::size_t i, std::size_t j) const {
    return data + all_head / shape.heads * batch + all_head % shape.heads * head + i * query + j * key;
  }
};

template <class T>
struct Attention {
  AttentionShape shape;
  const T *query, *key, *value;
  ScoreBroadcast<std::uint8_t> mask;  // what is 0 takes no part
  ScoreBroadcast<T> bias;
  double scale, softcap, beta;  // softcap 0 = none
  // Key j takes part for query i only where first <= j - i <= last.
  std::int64_t first, last;
  NonFinite rule;
};

// Of each row; nullptr where not asked for.
template <class T>
struct AttentionResult {
  T* output;
  T* log_sum_exp;
  T* weights;  // [batch, heads, queries, keys]
};

// A row whose maximal score is NaN is NaN. Under the rule 'limit' scores of +Infinity share all the mass, and a row in
// which nothing takes part gives zeros; under 'ieee' both are NaN, under 'throw' the first of them is refused. What has
// no weight contributes nothing, whatever its key and value are.
template <class T>
Outcome attention(const Attention<T>& call, const AttentionResult<T>& result);

// What attention gave, if it is at hand: otherwise it is computed again.
template <class T>
struct AttentionDirection {
  const T* gradient;  // of the output
  const T *output, *log_sum_exp;
};

template <class T>
struct AttentionGradients {
  T *query, *key, *value;
  T* bias;  // of the bias's own elements; nullptr = not asked for
};

// The gradients of sum(output * direction.gradient). Without rows or keys nothing is written.
template <class T>
Outcome attention_vjp(const Attention<T>& call, const AttentionDirection<T>& direction,
                      const AttentionGradients<T>& gradients);

}  // namespace softmax_native
