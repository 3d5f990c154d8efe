#include "tree_paths.hpp"

namespace softmax_native {
namespace {

// Rows of a task.
constexpr std::size_t kRows = 64;

struct Span {
  std::size_t begin, end;
};

Span task_of(std::size_t rows, std::size_t task) {
  const std::size_t begin = task * kRows;
  return {begin, rows - begin < kRows ? rows : begin + kRows};
}

template <class T>
std::size_t work_of(const TreeLayer<T>& layer, std::size_t nodes) {
  return nodes * (layer.dim / 8 + 8);
}

// Where `id` stands among the ascending ids.
std::size_t place_of(std::int32_t id, const std::int32_t* ids, std::size_t count) {
  std::size_t first = 0;
  while (count > 1) {
    const std::size_t half = count / 2;
    if (ids[first + half] <= id) first += half;
    count -= half;
  }
  return first;
}

// The gradients of the rows of weights, row by row in order: g has those of the scores, path after path.
template <class T>
void add_up(const TreeLayer<T>& layer, const T* hidden, std::size_t rows, const std::int32_t* targets,
            const std::size_t* starts, const T* g, const TreeGradients<T>& gradients) {
  // One class alone has no path, and then there may be no array either.
  if (gradients.count == 0) return;
  std::memset(gradients.weight, 0, gradients.count * layer.dim * sizeof(T));
  if (gradients.bias != nullptr) std::memset(gradients.bias, 0, gradients.count * sizeof(T));
  for (std::size_t r = 0; r < rows; ++r) {
    const std::int32_t* nodes = layer.tree.nodes + layer.tree.begin(targets[r]);
    const std::size_t count = layer.tree.length(targets[r]);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t place = place_of(nodes[i], gradients.ids, gradients.count);
      const T* of_score = g + starts[r] + i;
      T* row = gradients.weight + place * layer.dim;
      kernels().of<T>().row_updates(hidden + r * layer.dim, &row, of_score, 1, layer.dim, T(1), nullptr);
      if (gradients.bias != nullptr) gradients.bias[place] += *of_score;
    }
  }
}

}  // namespace

template <class T>
Outcome tree_loss(const TreeLayer<T>& layer, const T* hidden, std::size_t rows, const std::int32_t* targets, T* losses,
                  double scale, const TreeGradients<T>& gradients, double* loss) {
  const bool differentiates = gradients.hidden != nullptr;
  const std::size_t threads = Pool::shared().threads();
  const Scratch ends(1, (rows + 1) * sizeof(std::size_t)), exact(1, rows * sizeof(double));
  std::size_t* starts = ends.template part<std::size_t>(0);
  if (!ends.ok() || !exact.ok()) return {Status::kOutOfMemory, 0};
  starts[0] = 0;
  for (std::size_t r = 0; r < rows; ++r) starts[r + 1] = starts[r] + layer.tree.length(targets[r]);
  const std::size_t visits = starts[rows];
  const TreePaths<T> paths(layer, threads);
  const Scratch kept(differentiates ? 1 : threads, (differentiates ? visits : layer.tree.depth) * sizeof(T));
  if (!paths.ok() || !kept.ok()) return {Status::kOutOfMemory, 0};
  double* sums = exact.template part<double>(0);
  auto task = [&](std::size_t i, std::size_t slot) {
    const Span span = task_of(rows, i);
    for (std::size_t r = span.begin; r < span.end; ++r) {
      const T* h = hidden + r * layer.dim;
      T* g = differentiates ? kept.template part<T>(0) + starts[r] : kept.template part<T>(slot);
      T* const* nodes = paths.rows(targets[r], slot);
      const T* scores = paths.scores(h, targets[r], nodes, slot);
      const std::size_t count = layer.tree.length(targets[r]);
      sums[r] = kernels().of<T>().logistic(scores, layer.tree.bits + layer.tree.begin(targets[r]), g, count);
      losses[r] = static_cast<T>(sums[r]);
      if (!differentiates) continue;
      for (std::size_t k = 0; k < count; ++k) g[k] = static_cast<T>(static_cast<double>(g[k]) * scale);
      T* gradient = gradients.hidden + r * layer.dim;
      std::memset(gradient, 0, layer.dim * sizeof(T));
      kernels().of<T>().row_updates(nullptr, nodes, g, count, layer.dim, T(0), gradient);
    }
  };
  run_tasks(divide_up(rows, kRows), threads, work_of(layer, visits), task);
  *loss = 0;
  for (std::size_t r = 0; r < rows; ++r) *loss += sums[r];
  if (differentiates) add_up(layer, hidden, rows, targets, starts, kept.template part<T>(0), gradients);
  return {};
}

template <class T>
Outcome tree_distribution(const TreeLayer<T>& layer, const T* hidden, std::size_t rows, T* out) {
  struct Step {
    double probability;
    std::int32_t child;
  };
  // Nodes whose scores are made at once.
  constexpr std::size_t kNodes = 64;
  const CodeTree& tree = layer.tree;
  const std::size_t threads = Pool::shared().threads();
  // For each node the probabilities of both bits, and the ways not yet gone.
  const Scratch both(threads, 2 * tree.inner * sizeof(T)), open(threads, (tree.depth + 2) * sizeof(Step));
  if (!both.ok() || !open.ok()) return {Status::kOutOfMemory, 0};
  auto task = [&](std::size_t r, std::size_t slot) {
    T *zero = both.template part<T>(slot), *one = zero + tree.inner;
    std::uint8_t bits[kNodes] = {};
    for (std::size_t first = 0; first < tree.inner; first += kNodes) {
      const std::size_t count = tree.inner - first < kNodes ? tree.inner - first : kNodes;
      const T* nodes[kNodes];
      for (std::size_t i = 0; i < count; ++i) nodes[i] = layer.row(static_cast<std::int32_t>(first + i));
      T* scores = one + first;
      kernels().of<T>().row_dots(hidden + r * layer.dim, nodes, count, layer.dim, scores);
      for (std::size_t i = 0; layer.bias != nullptr && i < count; ++i) scores[i] += layer.bias[first + i];
      for (std::size_t i = 0; i < count; ++i) bits[i] = 1;
      kernels().of<T>().logistic(scores, bits, zero + first, count);  // sigma(a)
      for (std::size_t i = 0; i < count; ++i) bits[i] = 0;
      kernels().of<T>().logistic(scores, bits, scores, count);  // -sigma(-a)
    }
    Step* stack = open.template part<Step>(slot);
    std::size_t size = 0;
    stack[size++] = {1, tree.root};
    while (size != 0) {
      const Step step = stack[--size];
      if (step.child >= 0) {
        out[r * tree.classes + static_cast<std::size_t>(step.child)] = static_cast<T>(step.probability);
        continue;
      }
      const std::int32_t node = ~step.child;
      stack[size++] = {step.probability * static_cast<double>(-one[node]), tree.child(node, 1)};
      stack[size++] = {step.probability * static_cast<double>(zero[node]), tree.child(node, 0)};
    }
  };
  run_tasks(rows, threads, work_of(layer, rows * tree.inner), task);
  return {};
}

template Outcome tree_loss<float>(const TreeLayer<float>&, const float*, std::size_t, const std::int32_t*, float*,
                                  double, const TreeGradients<float>&, double*);
template Outcome tree_loss<double>(const TreeLayer<double>&, const double*, std::size_t, const std::int32_t*, double*,
                                   double, const TreeGradients<double>&, double*);
template Outcome tree_distribution<float>(const TreeLayer<float>&, const float*, std::size_t, float*);
template Outcome tree_distribution<double>(const TreeLayer<double>&, const double*, std::size_t, double*);

}  // namespace softmax_native
