// What the rows of the output layers read alike: the layer's arrays and the examples that it is trained on. Ids, rows
// and offsets are the library's own copies, checked in lib/layers; nothing else reaches an array by what stands in one.
#pragma once

#include "../operations/linear_products.hpp"
#include "../operations/predictions.hpp"
#include "../operations/training.hpp"
#include "arguments.hpp"

namespace softmax_native {

// The layout's n is the classes.
template <class T>
LinearLayer<T> read_linear_layer(Arguments& arguments, std::size_t hidden, std::size_t weight, std::size_t bias) {
  LinearLayer<T> layer{nullptr, nullptr, nullptr, arguments.layout().rows(), arguments.layout().n, 0};
  if (!arguments.depth(0, &layer.depth)) return layer;
  layer.hidden = arguments.input<T>(hidden, layer.rows * layer.depth);
  layer.weight = arguments.input<T>(weight, layer.classes * layer.depth);
  if (arguments.has(bias)) layer.bias = arguments.input<T>(bias, layer.classes);
  return layer;
}

// Number 1.
inline bool read_form(Arguments& arguments, Form* form) {
  std::size_t number;
  if (!arguments.count(1, 1, &number) || number > 2) return arguments.refuse();
  *form = static_cast<Form>(static_cast<int>(number));
  return true;
}

// The k best of each row, where k is number 1.
template <class T>
Best<T> read_best(Arguments& arguments, std::size_t log_probabilities, std::size_t ids) {
  const std::size_t rows = arguments.layout().rows();
  Best<T> best{0, nullptr, nullptr};
  if (!arguments.count(1, rows, &best.k) || best.k > arguments.layout().n) {
    arguments.refuse();
    return best;
  }
  best.log_probabilities = arguments.output<T>(log_probabilities, rows * best.k, 0);
  best.ids = arguments.output<std::int32_t>(ids, rows * best.k, 0);
  return best;
}

// The table is at position 0; number 2 is its rate, 4 how many rows it has, 5 how many rows the examples name. The
// layout's outer is the examples.
template <class T>
Examples<T> read_examples(Arguments& arguments, std::size_t dim, std::size_t rows, std::size_t offsets) {
  const std::size_t count = arguments.layout().outer;
  Examples<T> examples{nullptr, dim, nullptr, nullptr, count, arguments.number(2)};
  std::size_t size, named;
  if (!arguments.count(4, dim, &size) || !arguments.count(5, 1, &named)) return examples;
  examples.table = arguments.output<T>(0, size * dim, 0);
  examples.rows = arguments.input<std::int32_t>(rows, named);
  if (arguments.has(offsets)) examples.offsets = arguments.input<std::int32_t>(offsets, count + 1);
  return examples;
}

}  // namespace softmax_native
