// Hierarchical softmax: the classes are the leaves of a binary tree, and each of its inner nodes has a row v of the
// weights. With a = <v, hidden> + bias of a node, the way goes on by bit 0 with probability sigma(a), by bit 1 with
// sigma(-a); the probability of a class is the product along its path (Morin and Bengio, "Hierarchical probabilistic
// neural network language model", 2005).
#pragma once

#include <cstddef>
#include <cstdint>

#include "call.hpp"
#include "training.hpp"

namespace softmax_native {

// The path of class c, from the root on: nodes and bits offsets[c] to offsets[c + 1] - 1. Both children of each node,
// by bit: a class where not negative, else the inner node of that complement (~).
struct CodeTree {
  std::size_t classes, inner, depth;  // depth: nodes of the longest path
  const std::int32_t* offsets;
  const std::int32_t* nodes;
  const std::uint8_t* bits;
  const std::int32_t* children;  // [inner, 2]
  std::int32_t root;             // as a child

  std::size_t begin(std::int32_t id) const { return static_cast<std::size_t>(offsets[id]); }
  std::size_t length(std::int32_t id) const { return begin(id + 1) - begin(id); }
  std::int32_t child(std::int32_t node, unsigned bit) const {
    return children[2 * static_cast<std::size_t>(node) + bit];
  }
};

template <class T>
struct TreeLayer {
  CodeTree tree;
  std::size_t dim;
  T* weight;  // [inner, dim]
  T* bias;    // [inner], or nullptr

  T* row(std::int32_t node) const { return weight + static_cast<std::size_t>(node) * dim; }
};

// Of rows `ids` of the weights, ascending, each once: all those on the paths of the targets.
template <class T>
struct TreeGradients {
  T* hidden;  // [rows, dim]; nullptr = no gradients are wanted
  const std::int32_t* ids;
  std::size_t count;
  T* weight;  // [count, dim]
  T* bias;    // [count], or nullptr
};

// losses[r] = -log P(targets[r] | hidden row r), and gradients of their sum times `scale`. Gives the sum of the losses.
template <class T>
Outcome tree_loss(const TreeLayer<T>& layer, const T* hidden, std::size_t rows, const std::int32_t* targets, T* losses,
                  double scale, const TreeGradients<T>& gradients, double* loss);

// out[r, c] = P(c | hidden row r).
template <class T>
Outcome tree_distribution(const TreeLayer<T>& layer, const T* hidden, std::size_t rows, T* out);

// The k <= classes most probable classes of each row, best first; of equals the lower id.
template <class T>
Outcome tree_top_k(const TreeLayer<T>& layer, const T* hidden, std::size_t rows, std::size_t k, std::int32_t* ids,
                   T* log_probabilities);

// A class for each row; row r draws from stream r of the seed, one number for each node of its path.
template <class T>
Outcome tree_sample(const TreeLayer<T>& layer, const T* hidden, std::size_t rows, std::uint64_t seed,
                    std::int32_t* ids);

// Trains the layer and the table of the examples; see training.hpp. rate: of the layer.
template <class T>
Outcome train_tree(const TreeLayer<T>& layer, const Examples<T>& examples, const std::int32_t* targets, double rate,
                   std::size_t batch, std::size_t ranges, double* loss);

}  // namespace softmax_native
