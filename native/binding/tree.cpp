#include "tree.hpp"

#include "../operations/tree.hpp"

namespace softmax_native {
namespace {

enum Position : std::size_t {
  kHidden = 0,
  kResult,
  kIds,
  kWeight,
  kBias,
  kOffsets,
  kNodes,
  kBits,
  kHiddenGradient,
  kGradientIds,
  kWeightGradient,
  kBiasGradient,
  kChildren = kOffsets,
  kRows = kHiddenGradient,
  kBags,
  kTrainedChildren,
};

// Number i, in 32 bits.
std::uint64_t word(Arguments& arguments, std::size_t i) { return static_cast<std::uint32_t>(arguments.number(i)); }

// The sizes; the paths, where the operation walks along them; the children at that position, 0 = not needed.
template <class T>
bool read_layer(Arguments& arguments, bool along_paths, std::size_t children, TreeLayer<T>* layer) {
  CodeTree& tree = layer->tree;
  tree.classes = arguments.layout().n;
  std::size_t on_paths, root;
  const bool are_sizes = arguments.depth(0, &layer->dim) && arguments.count(1, layer->dim, &tree.inner) &&
                         arguments.count(2, 1, &tree.depth) && arguments.count(3, 1, &on_paths) &&
                         arguments.count(4, 1, &root);
  if (!are_sizes) return false;
  if (tree.classes == 0 || tree.inner + 1 != tree.classes || tree.depth > tree.inner) return arguments.refuse();
  tree.root = tree.inner == 0 ? 0 : ~static_cast<std::int32_t>(root);
  if (along_paths) {
    tree.offsets = arguments.input<std::int32_t>(kOffsets, tree.classes + 1);
    tree.nodes = arguments.input<std::int32_t>(kNodes, on_paths);
    tree.bits = arguments.input<std::uint8_t>(kBits, on_paths);
  }
  if (children != 0) tree.children = arguments.input<std::int32_t>(children, 2 * tree.inner);
  return arguments.ok();
}

// work(arguments, layer, hidden) for a layer that is only read.
template <class Work>
void with_layer(Arguments& call, bool along_paths, const Work& work) {
  by_type(call, [along_paths, &work](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    TreeLayer<T> layer{};
    if (!read_layer(arguments, along_paths, along_paths ? std::size_t{0} : std::size_t{kChildren}, &layer)) return;
    // Only ever read.
    layer.weight = const_cast<T*>(arguments.input<T>(kWeight, layer.tree.inner * layer.dim));
    if (arguments.has(kBias)) layer.bias = const_cast<T*>(arguments.input<T>(kBias, layer.tree.inner));
    work(arguments, layer, arguments.input<T>(kHidden, arguments.layout().outer * layer.dim));
  });
}

}  // namespace

void tree_loss_row(Arguments& call) {
  with_layer(call, true, [](Arguments& arguments, const auto& layer, const auto* hidden) {
    using T = std::remove_cv_t<std::remove_pointer_t<decltype(hidden)>>;
    const std::size_t rows = arguments.layout().outer;
    const std::int32_t* targets = arguments.input<std::int32_t>(kIds, rows);
    T* losses = arguments.output<T>(kResult, rows, 0);
    TreeGradients<T> gradients{};
    if (arguments.has(kHiddenGradient)) {
      if (!arguments.count(6, layer.dim, &gradients.count)) return;
      gradients.hidden = arguments.output<T>(kHiddenGradient, rows * layer.dim, 0);
      gradients.ids = arguments.input<std::int32_t>(kGradientIds, gradients.count);
      gradients.weight = arguments.output<T>(kWeightGradient, gradients.count * layer.dim, 0);
      if (layer.bias != nullptr) gradients.bias = arguments.output<T>(kBiasGradient, gradients.count, 0);
    }
    if (!arguments.ok()) return;
    double loss = 0;
    arguments.finish(tree_loss(layer, hidden, rows, targets, losses, arguments.number(5), gradients, &loss));
    arguments.number(0) = loss;
  });
}

void tree_distribution_row(Arguments& call) {
  with_layer(call, false, [](Arguments& arguments, const auto& layer, const auto* hidden) {
    using T = std::remove_cv_t<std::remove_pointer_t<decltype(hidden)>>;
    const std::size_t rows = arguments.layout().outer;
    T* out = arguments.output<T>(kResult, rows * layer.tree.classes, 0);
    if (arguments.ok()) arguments.finish(tree_distribution(layer, hidden, rows, out));
  });
}

void tree_top_k_row(Arguments& call) {
  with_layer(call, false, [](Arguments& arguments, const auto& layer, const auto* hidden) {
    using T = std::remove_cv_t<std::remove_pointer_t<decltype(hidden)>>;
    const std::size_t rows = arguments.layout().outer;
    std::size_t k;
    if (!arguments.count(5, rows, &k)) return;
    if (k > layer.tree.classes) return void(arguments.refuse());
    T* log_probabilities = arguments.output<T>(kResult, rows * k, 0);
    std::int32_t* ids = arguments.output<std::int32_t>(kIds, rows * k, 0);
    if (arguments.ok()) arguments.finish(tree_top_k(layer, hidden, rows, k, ids, log_probabilities));
  });
}

void tree_sample_row(Arguments& call) {
  with_layer(call, false, [](Arguments& arguments, const auto& layer, const auto* hidden) {
    const std::size_t rows = arguments.layout().outer;
    std::int32_t* ids = arguments.output<std::int32_t>(kResult, rows, 0);
    const std::uint64_t seed = word(arguments, 5) | word(arguments, 6) << 32;
    if (arguments.ok()) arguments.finish(tree_sample(layer, hidden, rows, seed, ids));
  });
}

void tree_train_row(Arguments& call) {
  by_type(call, [](Arguments& arguments, auto zero) {
    using T = decltype(zero);
    TreeLayer<T> layer{};
    std::size_t batch, ranges, size, named;
    if (!read_layer(arguments, true, kTrainedChildren, &layer) || !arguments.count(7, layer.dim, &batch) ||
        !arguments.count(8, 1, &ranges) || !arguments.count(9, layer.dim, &size) || !arguments.count(10, 1, &named)) {
      return;
    }
    if (batch == 0 || ranges == 0 || ranges > Pool::kMaxThreads) return void(arguments.refuse());
    layer.weight = arguments.output<T>(kWeight, layer.tree.inner * layer.dim, 0);
    if (arguments.has(kBias)) layer.bias = arguments.output<T>(kBias, layer.tree.inner, 0);
    Examples<T> examples{nullptr, layer.dim, nullptr, nullptr, arguments.layout().outer, arguments.number(6)};
    examples.table = arguments.output<T>(kHidden, size * layer.dim, 0);
    examples.rows = arguments.input<std::int32_t>(kRows, named);
    if (arguments.has(kBags)) examples.offsets = arguments.input<std::int32_t>(kBags, examples.count + 1);
    const std::int32_t* targets = arguments.input<std::int32_t>(kIds, examples.count);
    if (!arguments.ok()) return;
    double loss = 0;
    arguments.finish(train_tree(layer, examples, targets, arguments.number(5), batch, ranges, &loss));
    arguments.number(0) = loss;
  });
}

}  // namespace softmax_native
