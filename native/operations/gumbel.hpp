// The Gumbel-softmax: softmax, or the arg max, of logits with noise, and its derivative for the same noise.
//   z'_i = z_i + G_i, G = -log(-log U), rounded to the type of the logits
#pragma once

#include "half_precision.hpp"

namespace softmax_native {

template <class T>
struct Perturbed {
  Logits<T> logits;  // without data
  Source<T> source;
  std::uint64_t seed;
  // Of each element of the layout, which number of the stream it is added to; nullptr where they are in one order.
  const double* positions;
  // Whether the logits are of float32, or less, though they are computed with in float64.
  bool single;
};

// out = softmax(beta z'), or 1 at the first greatest key of z' and 0 elsewhere. out may be the source.
template <class T>
Outcome gumbel_softmax(const Perturbed<T>& z, bool hard, const Target<T>& out);

// out = beta y (g - sum y g), y = softmax(beta z'). out may be the source, or g.
template <class T>
Outcome gumbel_softmax_vjp(const Perturbed<T>& z, const Source<T>& g, const Target<T>& out);

}  // namespace softmax_native
