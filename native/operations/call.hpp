// What an operation is asked to do: logits in the canonical layout, options, and what came of it. Plain data; checked
// by the caller.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softmax_native {

// Element j of row (o, i) stands at (o * n + j) * inner + i; rows are counted o * inner + i.
struct Layout {
  std::size_t outer, n, inner;

  std::size_t rows() const { return outer * inner; }
  std::size_t size() const { return outer * n * inner; }
};

// An array broadcast against the layout: element (o, j, i) at o * outer + j * n + i * inner.
struct Strides {
  std::size_t outer, n, inner;
};

template <class T>
struct Broadcast {
  const T* data;  // nullptr = not given
  Strides strides;
};

// The one rule for infinities and empty rows.
enum class NonFinite { kLimit, kIeee, kThrow };

template <class T>
struct Logits {
  const T* data;
  Layout layout;
  double beta;
  NonFinite rule;
  const std::uint8_t* mask;  // nullptr = all take part
  Strides mask_strides;

  // key = sign(beta) z: what is greatest has the most mass. beta = 0 is the limit from above.
  bool negate() const { return beta < 0; }
  bool beta_is_finite() const { return beta - beta == 0; }
};

enum class Status { kOk, kNonFinite, kOutOfMemory };

struct Outcome {
  Status status = Status::kOk;
  std::size_t row = 0;  // kNonFinite: the first offending row
};

}  // namespace softmax_native
