// Logits in any layout, with any mask that broadcasting makes, under any rule.
#pragma once

#include <vector>

#include "../../../native/operations/call.hpp"
#include "family.hpp"

namespace softmax_native::test {

inline constexpr double kInfiniteBeta = std::numeric_limits<double>::infinity();
inline constexpr double kAnyBeta[] = {1, 1, 0.7, -2, 1, -0.01, 30, 0, kInfiniteBeta, -kInfiniteBeta};
inline constexpr double kFiniteBeta[] = {1, 0.7, -2, -0.01, 30};

// At most `most` elements, and no more than there is room for.
inline Layout layout_of(Input& input, std::size_t most) {
  most = input.room(most);
  Layout layout{1, input.length(most), 1};
  if (input.flip()) layout.inner = 1 + input.below(20);
  if (input.flip()) layout.outer = 1 + input.below(input.flip() ? 40 : 4);
  while (layout.size() > most && layout.outer > 1) layout.outer /= 2;
  while (layout.size() > most && layout.inner > 1) layout.inner /= 2;
  return layout;
}

template <class T>
struct AnyLogits {
  Layout layout;
  double beta;
  NonFinite rule;
  std::vector<T> z;
  bool masked = false;
  Strides strides{0, 0, 0};
  std::vector<std::uint8_t> mask;

  AnyLogits(Input& input, const Layout& of, double by, bool finite)
      : layout(of), beta(by), rule(static_cast<NonFinite>(input.below(3))), z(of.size()) {
    const Palette kind = palette(input, finite);
    for (T& x : z) x = element<T>(input, kind);
    masked = input.one_in(3);
    if (!masked) return;
    // An axis along which the mask is broadcast has the stride 0.
    std::size_t size = 1;
    const auto stride = [&](std::size_t length) {
      if (input.one_in(4)) return std::size_t{0};
      const std::size_t here = size;
      size *= length;
      return here;
    };
    strides.inner = stride(layout.inner);
    strides.n = stride(layout.n);
    strides.outer = stride(layout.outer);
    mask.resize(size);
    const std::size_t kept = 1 + input.below(8);
    for (std::uint8_t& m : mask) m = input.below(8) < kept ? 1 : 0;
  }

  bool takes_part(std::size_t row, std::size_t j) const {
    if (!masked) return true;
    return mask[row / layout.inner * strides.outer + j * strides.n + row % layout.inner * strides.inner] != 0;
  }
  std::size_t place(std::size_t row, std::size_t j) const {
    return (row / layout.inner * layout.n + j) * layout.inner + row % layout.inner;
  }
  std::vector<T> row(const std::vector<T>& all, std::size_t r) const {
    std::vector<T> one(layout.n);
    for (std::size_t j = 0; j < layout.n; ++j) one[j] = all[place(r, j)];
    return one;
  }
  std::vector<std::uint8_t> mask_row(std::size_t r) const {
    std::vector<std::uint8_t> one(layout.n);
    for (std::size_t j = 0; j < layout.n; ++j) one[j] = takes_part(r, j) ? 1 : 0;
    return one;
  }
  Logits<T> at(const T* data, const std::uint8_t* mask_data) const {
    return {data, layout, beta, rule, masked ? mask_data : nullptr, strides};
  }
};

}  // namespace softmax_native::test
