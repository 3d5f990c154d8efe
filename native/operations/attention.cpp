// Many queries are computed a block of them at a time, with the queries along the lanes; a few of them beside a long
// cache, chunk of keys after chunk, as the keys stand in memory (attention_rows.hpp). Which of the two is a matter of
// the shape and of what is asked for alone.
#include "attention.hpp"

#include "attention_block.hpp"
#include "attention_rows.hpp"
#include "scratch.hpp"

namespace softmax_native {
namespace {

// Up to so many queries, a product for each of them is cheaper than 16 lanes side by side.
constexpr std::size_t kFewQueries = 8;

template <class T>
Outcome attention_blocks(const Attention<T>& call, const AttentionResult<T>& result) {
  const AttentionShape& shape = call.shape;
  const AttentionScores<T> scores(call);
  const std::size_t tasks = shape.all_heads() * scores.blocks();
  const std::size_t threads = Pool::shared().threads(), slots = threads < tasks ? threads : tasks;
  const Scratch memory(slots, AttentionBlock<T>::scratch(shape) * sizeof(T));
  if (!memory.ok()) return {Status::kOutOfMemory, 0};
  RefusedRow refused;
  auto task = [&](std::size_t i, std::size_t slot) {
    // The last queries first: under a causal window theirs is most of the work.
    const std::size_t head = i % shape.all_heads(), block = scores.blocks() - 1 - i / shape.all_heads();
    const TileRange queries = scores.block(block);
    const std::size_t row = head * shape.queries + queries.begin;
    AttentionBlock<T> lanes(call, scores, memory.template part<T>(slot));
    if (!lanes.run(head, queries)) return;
    lanes.write_output(result.output + row * shape.width);
    if (result.weights != nullptr) lanes.write_weights(result.weights + row * shape.keys);
    for (std::size_t q = 0; q < queries.count(); ++q) {
      if (result.log_sum_exp != nullptr) result.log_sum_exp[row + q] = static_cast<T>(lanes.log_sum_exp(q));
      refused.note(call, row + q, lanes.max(q));
    }
  };
  const std::size_t each = (shape.depth + shape.width) / kProductsOfElement + 1;
  run_tasks(tasks, slots, shape.rows() * shape.keys * each, task);
  return refused.outcome();
}

}  // namespace

template <class T>
Outcome attention(const Attention<T>& call, const AttentionResult<T>& result) {
  if (call.shape.rows() == 0) return {};
  // Weights are relative to the very maximum that their row's block found.
  const bool few = call.shape.queries <= kFewQueries && result.weights == nullptr;
  return few ? attention_rows(call, result) : attention_blocks(call, result);
}

template Outcome attention<float>(const Attention<float>&, const AttentionResult<float>&);
template Outcome attention<double>(const Attention<double>&, const AttentionResult<double>&);

}  // namespace softmax_native
