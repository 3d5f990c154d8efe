#include "softmax_state.hpp"

#include "../operations/softmax_state.hpp"

namespace softmax_native {
namespace {

enum Position : std::size_t { kLogits = 0, kResult, kIds = 3, kValues, kValueSums, kBest };

}  // namespace

void softmax_state_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    StateWanted<T> wanted{};
    if (!arguments.count(0, 1, &wanted.k) || !arguments.count(1, logits.layout.n, &wanted.width)) return;
    if (logits.layout.rows() != 1 || logits.layout.n == 0 || wanted.k > logits.layout.n) {
      arguments.refuse();
      return;
    }
    double* fields = arguments.output<double>(kResult, kStateFields, 0);
    if (wanted.k != 0) {
      wanted.ids = arguments.output<std::int32_t>(kIds, wanted.k, 0);
      wanted.best = arguments.output<double>(kBest, wanted.k, 0);
    }
    if (wanted.width != 0) {
      wanted.values = arguments.input<T>(kValues, logits.layout.n * wanted.width);
      wanted.value_sums = arguments.output<double>(kValueSums, wanted.width, 0);
    }
    if (arguments.ok()) arguments.finish(softmax_state(logits, wanted, fields));
  });
}

void state_probabilities_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    const Logits<T> logits = arguments.logits<T>();
    T* out = arguments.output<T>(kResult, logits.layout.n, 1u << kLogits);
    if (!arguments.ok()) return;
    arguments.finish(state_probabilities(logits, arguments.number(0), arguments.number(1), out));
  });
}

}  // namespace softmax_native
