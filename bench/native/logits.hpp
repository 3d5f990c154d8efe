// Made-up logits: a sum of three uniform numbers, near enough to normal, deviation 3. The same as in cases.mjs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

template <class T>
std::vector<T> logits(std::size_t count) {
  std::vector<T> x(count);
  std::uint32_t state = 1;
  const auto uniform = [&state] {
    state = state * 1664525u + 1013904223u;
    return state / 4294967296.0 - 0.5;
  };
  for (T& value : x) {
    const double a = uniform(), b = uniform(), c = uniform();
    value = static_cast<T>(6 * (a + b + c));
  }
  return x;
}

}  // namespace bench
