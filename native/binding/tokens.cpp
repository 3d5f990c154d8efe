#include "tokens.hpp"

#include "../operations/tokens.hpp"
#include "half_arrays.hpp"

namespace softmax_native {
namespace {

enum Position : std::size_t { kIds = 1, kValues = 3, kUniforms, kAllowed, kHistory, kOffsets, kBiasIds, kBiases };

// Ids and offsets are the library's own copies, checked in lib/tokens.
template <class T>
bool read_tokens(Arguments& arguments, Sampling<T>* s) {
  const std::size_t rows = arguments.layout().rows(), words = (arguments.layout().n + 31) / 32;
  std::size_t stages, given;
  const bool are_counts = arguments.count(0, 1, &stages) && arguments.count(1, 1, &s->top_k) &&
                          arguments.count(9, rows, &s->count) && arguments.count(11, rows, &s->top) &&
                          arguments.count(12, 1, &s->history_length) && arguments.count(13, 1, &s->bias_count) &&
                          arguments.count(14, 1, &given);
  if (!are_counts) return false;
  if (s->top_k == 0 || s->count == 0 || s->top > arguments.layout().n) return arguments.refuse();
  if (given != 0) {
    if (given != words && given != words * rows) return arguments.refuse();
    s->allowed = arguments.input<std::int32_t>(kAllowed, given);
    s->allowed_stride = given == words ? 0 : words;
  }
  if (s->history_length != 0) {
    s->history = arguments.input<std::int32_t>(kHistory, s->history_length);
    s->offsets = arguments.input<std::int32_t>(kOffsets, rows + 1);
  }
  if (s->bias_count != 0) {
    s->bias_ids = arguments.input<std::int32_t>(kBiasIds, s->bias_count);
    s->biases = arguments.input<double>(kBiases, s->bias_count);
  }
  s->stages = stages;
  s->uniforms = arguments.input<double>(kUniforms, rows * s->count);
  s->ids = arguments.output<std::int32_t>(kIds, rows * s->width(), 0);
  s->values = arguments.output<double>(kValues, rows * (2 * s->width() + 3), 0);
  return arguments.ok();
}

}  // namespace

void sample_row(Arguments& call) {
  const HalfArrays halves(call.number(15));
  by_computed_type(call, halves, [&halves](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    Sampling<T> s{};
    s.logits = arguments.options<T>();
    s.source = halves.input<T>(arguments, 0, s.logits.layout.size());
    s.top_p = arguments.number(2);
    s.least_log = arguments.number(3);
    s.typical_p = arguments.number(4);
    s.repetition = arguments.number(5);
    s.presence = arguments.number(6);
    s.frequency = arguments.number(7);
    s.keeps_ties = arguments.number(8) != 0;
    s.replace = arguments.number(10) != 0;
    if (read_tokens(arguments, &s)) arguments.finish(sample_tokens(s));
  });
}

}  // namespace softmax_native
