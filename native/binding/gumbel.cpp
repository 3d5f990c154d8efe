#include "gumbel.hpp"

#include "../operations/gumbel.hpp"
#include "half_arrays.hpp"

namespace softmax_native {
namespace {

// The positions that a result may be the same as.
constexpr unsigned kLogits = 1u << 0, kDirection = 1u << 3;

bool is_word(double x) { return x >= 0 && x < 4294967296.0; }

template <class T>
bool read_perturbed(Arguments& arguments, const HalfArrays& halves, Perturbed<T>* z) {
  const double low = arguments.number(0), high = arguments.number(1);
  if (!is_word(low) || !is_word(high)) return arguments.refuse();
  z->logits = arguments.logits_to_be_made<T>();
  const std::size_t size = z->logits.layout.size();
  z->source = halves.input<T>(arguments, 0, size);
  z->seed = static_cast<std::uint64_t>(high) << 32 | static_cast<std::uint64_t>(low);
  z->single = sizeof(T) == sizeof(double) && arguments.number(3) != 0;
  if (!arguments.has(4)) return arguments.ok();
  z->positions = arguments.input<double>(4, size);
  for (std::size_t i = 0; arguments.ok() && i < size; ++i) {
    if (!(z->positions[i] >= 0 && z->positions[i] < static_cast<double>(size))) return arguments.refuse();
  }
  return arguments.ok();
}

// Calls operation(z, result) with all that is the same for the two.
template <class Operation>
void perturbed(Arguments& call, unsigned same_as, const Operation& operation) {
  const HalfArrays halves(call.number(2));
  by_computed_type(call, halves, [&](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    Perturbed<T> z{};
    if (!read_perturbed(arguments, halves, &z)) return;
    operation(arguments, halves, z, halves.output<T>(arguments, 1, z.logits.layout.size(), same_as));
  });
}

}  // namespace

void gumbel_softmax_row(Arguments& call) {
  perturbed(call, kLogits, [](Arguments& arguments, const HalfArrays&, const auto& z, const auto& out) {
    if (arguments.ok()) arguments.finish(gumbel_softmax(z, arguments.number(4) != 0, out));
  });
}

void gumbel_softmax_vjp_row(Arguments& call) {
  perturbed(call, kLogits | kDirection,
            [](Arguments& arguments, const HalfArrays& halves, const auto& z, const auto& out) {
              using T = std::remove_const_t<std::remove_pointer_t<decltype(z.source.data)>>;
              const Source<T> g = halves.input<T>(arguments, 3, z.logits.layout.size());
              if (arguments.ok()) arguments.finish(gumbel_softmax_vjp(z, g, out));
            });
}

}  // namespace softmax_native
