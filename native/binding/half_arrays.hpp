// Arguments that may be arrays of 16 bits. What they are stands in a number: 0 arrays as by_type knows them, 1 float16,
// 2 bfloat16.
#pragma once

#include "../operations/half_precision.hpp"
#include "row.hpp"

namespace softmax_native {

struct HalfArrays {
  bool given, brain;

  explicit HalfArrays(double code) : given(code != 0), brain(code == 2) {}

  template <class T>
  Source<T> input(Arguments& arguments, std::size_t position, std::size_t size) const {
    if (!given) return {arguments.input<T>(position, size), nullptr, false};
    return {nullptr, arguments.input<std::uint16_t>(position, size), brain};
  }
  template <class T>
  Target<T> output(Arguments& arguments, std::size_t position, std::size_t size, unsigned same_as) const {
    if (!given) return {arguments.output<T>(position, size, same_as), nullptr, false};
    return {nullptr, arguments.output<std::uint16_t>(position, size, same_as), brain};
  }
};

// by_type, for arrays that may be of 16 bits. None of their operations is staged.
template <class Operation>
void by_computed_type(Arguments& arguments, const HalfArrays& halves, const Operation& operation) {
  if (!halves.given) return by_type(arguments, operation);
  if (arguments.ok()) operation(arguments, float{});
}

}  // namespace softmax_native
