// The logits of a linear layer, all of them; and what is asked of their distribution for each row: probabilities, the
// best classes, or one drawn class.
#pragma once

#include "linear_products.hpp"

namespace softmax_native {

// logits[r * stride + c] = hidden[r] . weight[c] + bias[c]. Allocates nothing.
template <class T>
void linear(const LinearLayer<T>& layer, T* logits, std::size_t stride);

// Rows of a linear layer as a source of logits (predictions.hpp).
template <class T>
class LinearLogits {
 public:
  explicit LinearLogits(const LinearLayer<T>& layer) : layer_(layer) {}

  std::size_t rows() const { return layer_.rows; }
  std::size_t classes() const { return layer_.classes; }

  // Those of some rows, one after the other.
  Outcome make(Span rows, T* out) const {
    LinearLayer<T> some = layer_;
    some.hidden += rows.first * layer_.depth;
    some.rows = rows.count;
    linear(some, out, layer_.classes);
    return {};
  }

 private:
  const LinearLayer<T> layer_;
};

}  // namespace softmax_native
