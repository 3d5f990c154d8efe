#include "attention.hpp"

#include "../operations/attention.hpp"

namespace softmax_native {
namespace {

enum Position : std::size_t { kQuery, kOut, kMask, kKey, kValue, kBias, kLogSumExp, kWeights };
enum VjpPosition : std::size_t {
  kDirection = kBias + 1,
  kOutput,
  kKnownLogSumExp,
  kKeyGradient,
  kValueGradient,
  kBiasGradient
};
enum Number : std::size_t {
  kHeads,
  kKeyHeads,
  kQueries,
  kDepth,
  kWidth,
  kScale,
  kSoftcap,
  kFirst,
  kLast,
  kMaskBatch,
  kMaskHead,
  kBiasBatch,
  kBiasHead
};

// The number as a whole one that no product of lengths overflows; false for any other.
template <class Whole>
bool read_whole(double x, double least, Whole* value) {
  constexpr double kMost = 4503599627370496.0;
  if (!(x >= least && x <= kMost) || x != static_cast<double>(static_cast<std::int64_t>(x))) return false;
  *value = static_cast<Whole>(x);
  return true;
}

template <class R>
bool read_strides(Arguments& arguments, std::size_t number, frame::Index within_head, ScoreBroadcast<R>* strides) {
  return read_whole(arguments.number(number), 0, &strides->batch) &&
         read_whole(arguments.number(number + 1), 0, &strides->head) &&
         read_whole(arguments.slot(within_head), 0, &strides->query) &&
         read_whole(arguments.slot(within_head + 1), 0, &strides->key);
}

bool read_shape(Arguments& arguments, AttentionShape* shape) {
  const Layout& layout = arguments.layout();
  const bool whole = read_whole(arguments.number(kHeads), 1, &shape->heads) &&
                     read_whole(arguments.number(kKeyHeads), 1, &shape->key_heads) &&
                     read_whole(arguments.number(kQueries), 1, &shape->queries) &&
                     read_whole(arguments.number(kDepth), 0, &shape->depth) &&
                     read_whole(arguments.number(kWidth), 0, &shape->width);
  if (!whole || shape->heads % shape->key_heads != 0) return false;
  shape->keys = layout.n;
  shape->batch = 0;
  // Whether arrays of such lengths could exist; in doubles, which do not overflow.
  const double rows = static_cast<double>(layout.rows()), keys = static_cast<double>(layout.n);
  const double per_batch = static_cast<double>(shape->heads) * static_cast<double>(shape->queries);
  const double per_row = static_cast<double>(shape->depth) + static_cast<double>(shape->width);
  constexpr double kLargest = 9007199254740992.0;
  if (per_batch > rows || rows * (per_row + keys + 1) > kLargest) return false;
  shape->batch = layout.rows() / (shape->heads * shape->queries);
  const double key_heads = static_cast<double>(shape->batch) * static_cast<double>(shape->key_heads);
  return shape->batch * shape->heads * shape->queries == layout.rows() && key_heads * keys * per_row <= kLargest;
}

// Elements that a broadcast array must have.
template <class R>
double span_of(const AttentionShape& shape, const ScoreBroadcast<R>& strides) {
  const auto last = [](std::size_t length, std::size_t stride) {
    return static_cast<double>(length - 1) * static_cast<double>(stride);
  };
  return last(shape.batch, strides.batch) + last(shape.heads, strides.head) + last(shape.queries, strides.query) +
         last(shape.keys, strides.key) + 1;
}

template <class T>
bool read_attention(Arguments& arguments, Attention<T>* call) {
  AttentionShape& shape = call->shape;
  const bool fits = read_shape(arguments, &shape) &&
                    read_strides(arguments, kMaskBatch, frame::kMaskStrides, &call->mask) &&
                    read_strides(arguments, kBiasBatch, frame::kWeightStrides, &call->bias) &&
                    read_whole(arguments.number(kFirst), -4503599627370496.0, &call->first) &&
                    read_whole(arguments.number(kLast), -4503599627370496.0, &call->last);
  const double scale = arguments.number(kScale), softcap = arguments.number(kSoftcap);
  if (!fits || scale - scale != 0 || softcap - softcap != 0 || softcap < 0) {
    return arguments.refuse();
  }
  const Logits<T> options = arguments.options<T>();
  call->scale = scale;
  call->softcap = softcap;
  call->beta = options.beta;
  call->rule = options.rule;
  const std::size_t keys = shape.batch * shape.key_heads * shape.keys;
  call->query = arguments.input<T>(kQuery, shape.rows() * shape.depth);
  call->key = arguments.input<T>(kKey, keys * shape.depth);
  call->value = arguments.input<T>(kValue, keys * shape.width);
  if (arguments.has(kMask)) call->mask.data = arguments.at_least<std::uint8_t>(kMask, span_of(shape, call->mask));
  if (arguments.has(kBias)) call->bias.data = arguments.at_least<T>(kBias, span_of(shape, call->bias));
  return arguments.ok();
}

}  // namespace

void attention_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    Attention<T> attended{};
    if (!read_attention(arguments, &attended)) return;
    const AttentionShape& shape = attended.shape;
    AttentionResult<T> result{};
    result.output = arguments.output<T>(kOut, shape.rows() * shape.width, 0);
    if (arguments.has(kLogSumExp)) result.log_sum_exp = arguments.output<T>(kLogSumExp, shape.rows(), 0);
    if (arguments.has(kWeights)) result.weights = arguments.output<T>(kWeights, shape.rows() * shape.keys, 0);
    if (arguments.ok()) arguments.finish(attention(attended, result));
  });
}

void attention_vjp_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    Attention<T> attended{};
    if (!read_attention(arguments, &attended)) return;
    const AttentionShape& shape = attended.shape;
    const std::size_t keys = shape.batch * shape.key_heads * shape.keys;
    AttentionDirection<T> direction{};
    direction.gradient = arguments.input<T>(kDirection, shape.rows() * shape.width);
    if (arguments.has(kOutput)) direction.output = arguments.input<T>(kOutput, shape.rows() * shape.width);
    if (arguments.has(kKnownLogSumExp)) direction.log_sum_exp = arguments.input<T>(kKnownLogSumExp, shape.rows());
    AttentionGradients<T> gradients{};
    gradients.query = arguments.output<T>(kOut, shape.rows() * shape.depth, 0);
    gradients.key = arguments.output<T>(kKeyGradient, keys * shape.depth, 0);
    gradients.value = arguments.output<T>(kValueGradient, keys * shape.width, 0);
    if (arguments.has(kBiasGradient)) {
      const std::size_t elements = arguments.ok() ? static_cast<std::size_t>(span_of(shape, attended.bias)) : 0;
      gradients.bias = arguments.output<T>(kBiasGradient, elements, 0);
    }
    if (arguments.ok()) arguments.finish(attention_vjp(attended, direction, gradients));
  });
}

}  // namespace softmax_native
