// A path of a tree against a hidden vector, with memory for one at a time.
#pragma once

#include "tree.hpp"

namespace softmax_native {

template <class T>
class TreePaths {
 public:
  // For `slots` threads.
  TreePaths(const TreeLayer<T>& layer, std::size_t slots)
      : layer_(layer), rows_(slots, layer.tree.depth * sizeof(T*)), scores_(slots, layer.tree.depth * sizeof(T)) {}
  bool ok() const { return rows_.ok() && scores_.ok(); }

  // -log P(id | hidden); g, of the length of the path, is its derivative by the scores of the nodes.
  double loss(const T* hidden, std::int32_t id, std::size_t slot, T* g) const {
    return loss_at(hidden, id, rows(id, slot), slot, g);
  }

  // The same for rows of weights that stand elsewhere.
  double loss_at(const T* hidden, std::int32_t id, T* const* rows, std::size_t slot, T* g) const {
    const std::size_t begin = layer_.tree.begin(id), count = layer_.tree.length(id);
    T* scores = scores_.template part<T>(slot);
    kernels().of<T>().row_dots(hidden, rows, count, layer_.dim, scores);
    for (std::size_t i = 0; layer_.bias != nullptr && i < count; ++i)
      scores[i] += layer_.bias[layer_.tree.nodes[begin + i]];
    return kernels().of<T>().logistic(scores, layer_.tree.bits + begin, g, count);
  }

  // The rows of weights along the path.
  T** rows(std::int32_t id, std::size_t slot) const {
    T** rows = rows_.template part<T*>(slot);
    const std::int32_t* nodes = layer_.tree.nodes + layer_.tree.begin(id);
    const std::size_t count = layer_.tree.length(id);
    for (std::size_t i = 0; i < count; ++i) rows[i] = layer_.row(nodes[i]);
    return rows;
  }

 private:
  const TreeLayer<T>& layer_;
  const Scratch rows_, scores_;
};

// The score of one node.
template <class T>
T score_of(const TreeLayer<T>& layer, const T* hidden, std::int32_t node) {
  const T* row = layer.row(node);
  T score;
  kernels().of<T>().row_dots(hidden, &row, 1, layer.dim, &score);
  return layer.bias == nullptr ? score : score + layer.bias[node];
}

}  // namespace softmax_native
