// A path of a tree against a hidden vector, with memory for one at a time.
#pragma once

#include "tree.hpp"

namespace softmax_native {

template <class T>
class TreePaths {
 public:
  // For `slots` threads.
  TreePaths(const TreeLayer<T>& layer, std::size_t slots)
      : layer_(layer), k_(kernels_for_rows<T>(layer.dim)), rows_(slots, layer.tree.depth * sizeof(T*)),
        scores_(slots, layer.tree.depth * sizeof(T)) {}
  bool ok() const { return rows_.ok() && scores_.ok(); }

  // The rows of weights along the path of a class.
  T** rows(std::int32_t id, std::size_t slot) const {
    T** rows = rows_.template part<T*>(slot);
    const std::int32_t* nodes = layer_.tree.nodes + layer_.tree.begin(id);
    const std::size_t count = layer_.tree.length(id);
    for (std::size_t i = 0; i < count; ++i) rows[i] = layer_.row(nodes[i]);
    return rows;
  }

  // The scores of the nodes along the path.
  T* scores(const T* hidden, std::int32_t id, T* const* rows, std::size_t slot) const {
    T* scores = scores_.template part<T>(slot);
    const std::size_t begin = layer_.tree.begin(id), count = layer_.tree.length(id);
    k_.row_dots(hidden, rows, count, layer_.dim, scores);
    if (layer_.bias != nullptr) {
      for (std::size_t i = 0; i < count; ++i) scores[i] += layer_.bias[layer_.tree.nodes[begin + i]];
    }
    return scores;
  }

 private:
  const TreeLayer<T>& layer_;
  const KernelsOf<T>& k_;
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
