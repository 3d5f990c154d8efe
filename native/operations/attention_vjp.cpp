// The gradients of attention, from tiles of weights made again (Dao and others, "FlashAttention", 2022). With the
// weights P, the direction dO and D the row sums of dO * O:
//   dV = P^T dO,   dS = P (dO V^T - D),   dQ = factor dS K,   dK = factor dS^T Q
// Blocks of queries are done in order: a task has a key head, or where there are few of those a segment of the blocks
// that read it, for itself, and segments are added up in order. How many there are is a matter of the shape alone.
#include "attention_gradient_block.hpp"
#include "scratch.hpp"

namespace softmax_native {
namespace {

// Tasks that there should be at least: each segment has sums of its own as large as the gradients of key and value.
constexpr std::size_t kTasks = 8;

template <class T>
class AttentionVjp {
 public:
  AttentionVjp(const Attention<T>& call, const AttentionDirection<T>& direction, const AttentionGradients<T>& gradients)
      : call_(call), shape_(call.shape), direction_(direction), gradients_(gradients), scores_(call),
        key_heads_(shape_.batch * shape_.key_heads), units_(shape_.group() * scores_.blocks()),
        segments_(segments_of(key_heads_, units_)), slots_(slots_of(key_heads_ * segments_, scores_.blocks())),
        blocks_(slots_, AttentionGradientBlock<T>::scratch(shape_) * sizeof(T)),
        sums_(segments_ == 1 ? 0 : key_heads_ * segments_, sums_size() * sizeof(T)),
        bias_(gradients.bias == nullptr ? 0 : 1, bias_size() * sizeof(double)) {}

  Outcome run() {
    if (!blocks_.ok() || !sums_.ok() || !bias_.ok()) return {Status::kOutOfMemory, 0};
    const std::size_t each = 3 * (shape_.depth + shape_.width) / kProductsOfElement + 1;
    const std::size_t work = shape_.rows() * shape_.keys * each;
    RefusedRow refused;
    auto segment = [&](std::size_t i, std::size_t slot) { run_segment(i, slot, refused); };
    run_tasks(key_heads_ * segments_, slots_, work, segment);
    if (segments_ > 1) {
      auto sum = [&](std::size_t head, std::size_t) { add_segments(head); };
      run_tasks(key_heads_, slots_, work / units_, sum);
    }
    if (gradients_.bias != nullptr) run_bias(work, refused);
    return refused.outcome();
  }

 private:
  const Attention<T>& call_;
  const AttentionShape& shape_;
  const AttentionDirection<T>& direction_;
  const AttentionGradients<T>& gradients_;
  const AttentionScores<T> scores_;
  const std::size_t key_heads_, units_, segments_, slots_;
  const Scratch blocks_, sums_, bias_;

  static std::size_t segments_of(std::size_t key_heads, std::size_t units) {
    if (key_heads == 0 || key_heads >= kTasks) return 1;
    const std::size_t wanted = divide_up(kTasks, key_heads);
    return wanted < units ? wanted : units;
  }
  static std::size_t slots_of(std::size_t segments, std::size_t blocks) {
    const std::size_t threads = Pool::shared().threads(), most = segments > blocks ? segments : blocks;
    return threads < most ? threads : most;
  }
  std::size_t sums_size() const { return shape_.keys * (shape_.depth + shape_.width); }

  AttentionGradientBlock<T> block(std::size_t slot) const {
    return {call_, scores_, direction_, blocks_.template part<T>(slot)};
  }

  // Where a segment's gradients go: what is asked for, or sums of its own.
  KeyGradients<T> target(std::size_t key_head, std::size_t segment) const {
    if (segments_ == 1) {
      return {gradients_.key + key_head * shape_.keys * shape_.depth,
              gradients_.value + key_head * shape_.keys * shape_.width};
    }
    T* sums = sums_.template part<T>(key_head * segments_ + segment);
    return {sums, sums + shape_.keys * shape_.depth};
  }

  void run_segment(std::size_t i, std::size_t slot, RefusedRow& refused) const {
    const std::size_t key_head = i / segments_, segment = i % segments_, group = shape_.group();
    const KeyGradients<T> to = target(key_head, segment);
    std::memset(to.key, 0, shape_.keys * shape_.depth * sizeof(T));
    std::memset(to.value, 0, shape_.keys * shape_.width * sizeof(T));
    const std::size_t head = key_head / shape_.key_heads * shape_.heads + key_head % shape_.key_heads * group;
    AttentionGradientBlock<T> lanes = block(slot);
    for (std::size_t u = segment * units_ / segments_; u < (segment + 1) * units_ / segments_; ++u) {
      const TileRange queries = scores_.block(u % scores_.blocks());
      if (!lanes.prepare(head + u / scores_.blocks(), queries, refused) || !lanes.add(to)) return;
      lanes.write_query_gradient(gradients_.query);
    }
  }

  void add_segments(std::size_t key_head) const {
    const KeyGradients<T> first = target(key_head, 0);
    T* key = gradients_.key + key_head * shape_.keys * shape_.depth;
    T* value = gradients_.value + key_head * shape_.keys * shape_.width;
    std::memcpy(key, first.key, shape_.keys * shape_.depth * sizeof(T));
    std::memcpy(value, first.value, shape_.keys * shape_.width * sizeof(T));
    for (std::size_t s = 1; s < segments_; ++s) {
      const KeyGradients<T> more = target(key_head, s);
      for (std::size_t k = 0; k < shape_.keys * shape_.depth; ++k) key[k] += more.key[k];
      for (std::size_t k = 0; k < shape_.keys * shape_.width; ++k) value[k] += more.value[k];
    }
  }

  // Elements of the bias: up to the last that is read.
  std::size_t bias_size() const {
    const ScoreBroadcast<T>& b = call_.bias;
    if (b.data == nullptr || shape_.rows() * shape_.keys == 0) return 0;
    return (shape_.batch - 1) * b.batch + (shape_.heads - 1) * b.head + (shape_.queries - 1) * b.query +
           (shape_.keys - 1) * b.key + 1;
  }

  // An element of the bias may stand in scores of all heads: a task has the queries of a block in all of them, or,
  // where queries share elements, everything.
  void run_bias(std::size_t work, RefusedRow& refused) const {
    double* sums = bias_.template part<double>(0);
    std::memset(sums, 0, bias_size() * sizeof(double));
    const std::size_t tasks = call_.bias.query == 0 ? 1 : scores_.blocks(), each = scores_.blocks() / tasks;
    auto task = [&](std::size_t i, std::size_t slot) {
      AttentionGradientBlock<T> lanes = block(slot);
      for (std::size_t head = 0; head < shape_.all_heads(); ++head) {
        for (std::size_t b = i * each; b < (i + 1) * each; ++b) {
          if (!lanes.prepare(head, scores_.block(b), refused) || !lanes.add_bias(sums)) return;
        }
      }
    };
    run_tasks(tasks, slots_, work, task);
    for (std::size_t i = 0; i < bias_size(); ++i) gradients_.bias[i] = static_cast<T>(sums[i]);
  }
};

}  // namespace

template <class T>
Outcome attention_vjp(const Attention<T>& call, const AttentionDirection<T>& direction,
                      const AttentionGradients<T>& gradients) {
  if (call.shape.rows() == 0 || call.shape.keys == 0) return {};
  return AttentionVjp<T>(call, direction, gradients).run();
}

template Outcome attention_vjp<float>(const Attention<float>&, const AttentionDirection<float>&,
                                      const AttentionGradients<float>&);
template Outcome attention_vjp<double>(const Attention<double>&, const AttentionDirection<double>&,
                                       const AttentionGradients<double>&);

}  // namespace softmax_native
