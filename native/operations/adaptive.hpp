// Adaptive softmax (Grave, Joulin, Cisse, Grangier and Jegou, "Efficient softmax approximation for GPUs", 2017).
// Classes are sorted by frequency. The head is a linear layer of the `shortlist` first ones and of one class for each
// cluster of the others; a cluster's own layer sees hidden vectors that were projected to fewer elements:
//   log P(c) = log softmax(head h)_c                                                          c < shortlist
//   log P(c) = log softmax(head h)_{shortlist + i} + log softmax(tail_i projection_i h)_{c - cutoff_i}   c in cluster i
#pragma once

#include "linear_products.hpp"
#include "losses.hpp"
#include "predictions.hpp"

namespace softmax_native {

struct AdaptiveShape {
  static constexpr std::size_t kMostClusters = 64;
  std::size_t dim, shortlist, clusters;
  bool has_bias;                                              // of the head
  std::size_t cutoffs[kMostClusters], widths[kMostClusters];  // where cluster i ends; what it projects to

  std::size_t classes() const { return clusters == 0 ? shortlist : cutoffs[clusters - 1]; }
  std::size_t head() const { return shortlist + clusters; }
  std::size_t first(std::size_t i) const { return i == 0 ? shortlist : cutoffs[i - 1]; }
  std::size_t size(std::size_t i) const { return cutoffs[i] - first(i); }
  std::size_t cluster_of(std::size_t target) const {
    std::size_t i = 0;
    while (target >= cutoffs[i]) ++i;
    return i;
  }
  // One array has all parameters: the head's weight and bias; then of each cluster the projection and the weight.
  std::size_t parameters() const { return projection(clusters); }
  std::size_t bias() const { return head() * dim; }
  std::size_t projection(std::size_t i) const {
    std::size_t at = bias() + (has_bias ? head() : 0);
    for (std::size_t j = 0; j < i; ++j) at += widths[j] * (dim + size(j));
    return at;
  }
  std::size_t tail(std::size_t i) const { return projection(i) + widths[i] * dim; }
};

// hidden is [rows, dim].
template <class T>
struct AdaptiveLayer {
  const AdaptiveShape& shape;
  const T *hidden, *parameters;
  std::size_t rows;
};

// Rows of the layer as a source of logits (predictions.hpp).
template <class T>
class AdaptiveLogits {
 public:
  explicit AdaptiveLogits(const AdaptiveLayer<T>& layer) : layer_(layer) {}

  std::size_t rows() const { return layer_.rows; }
  std::size_t classes() const { return layer_.shape.classes(); }
  Outcome make(Span rows, T* out) const;

 private:
  const AdaptiveLayer<T> layer_;
};

// The best classes, as `best` of AdaptiveLogits gives them; but clusters that cannot have one are left alone.
template <class T>
Outcome adaptive_best(const AdaptiveLayer<T>& layer, const Best<T>& result);

// Where the results go, nullptr = not wanted: gradients of `factor` times the sum of the losses, in hidden and in all
// parameters.
template <class T>
struct AdaptiveLoss {
  T* losses;
  T *hidden_gradient, *gradient;
  double factor;
  double loss;  // out: the sum
};

template <class T>
Outcome adaptive_cross_entropy(const AdaptiveLayer<T>& layer, const std::int32_t* targets, AdaptiveLoss<T>& result);

}  // namespace softmax_native
