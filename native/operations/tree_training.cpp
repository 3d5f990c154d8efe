#include "kept_losses.hpp"
#include "tree_paths.hpp"
#include "tree_top.hpp"

namespace softmax_native {
namespace {

// The layer as `train` knows it.
template <class T>
class TreeTraining {
 public:
  TreeTraining(const TreeLayer<T>& layer, const std::int32_t* targets, double rate, std::size_t batch,
               std::size_t ranges)
      : layer_(layer), k_(kernels_for_rows<T>(layer.dim)), targets_(targets), rate_(static_cast<T>(-rate)),
        paths_(layer, ranges), top_(layer, ranges), kept_(ranges, batch * layer.tree.depth * sizeof(T)) {}
  bool ok() const { return paths_.ok() && top_.ok() && kept_.ok(); }

  double step(const MiniBatch<T>& batch) {
    const std::size_t range = batch.range;
    if (batch.count == 1) {
      const std::int32_t target = targets_[batch.first];
      T* const* rows = rows_of(target, range);
      T* g = paths_.scores(batch.hidden[0], target, rows, range);
      batch.ahead->ask();
      differentiate(target, range, g, g);
      batch.ahead->ask();
      update(batch.hidden[0], target, rows, range, g, batch.gradient);
    } else {
      step_together(batch);
    }
    top_.count(range, batch.count);
    return 0;
  }

  void ask(std::size_t example, RowsAhead<T>& ahead) const {
    if (follows(example)) return;
    const std::int32_t target = targets_[example];
    const std::size_t begin = layer_.tree.begin(target), count = layer_.tree.length(target);
    // The nodes above are those of other paths, too, and are there.
    for (std::size_t i = kAbove; i < count; ++i) ahead.add(layer_.row(layer_.tree.nodes[begin + i]));
  }

  // The path of its target.
  void expect(std::size_t example) const {
#if defined(__GNUC__)
    if (follows(example)) return;
    const std::size_t begin = layer_.tree.begin(targets_[example]);
    __builtin_prefetch(layer_.tree.nodes + begin, 0, 3);
    __builtin_prefetch(layer_.tree.nodes + begin + 64 / sizeof(std::int32_t), 0, 3);
    __builtin_prefetch(layer_.tree.bits + begin, 0, 3);
#endif
  }

  void leave(std::size_t range) { top_.merge(range); }
  double kept(std::size_t range) const { return losses_[range].of.total(); }

 private:
  static constexpr std::size_t kAbove = 5;
  // A cache line of its own for each range.
  struct alignas(64) Losses {
    KeptLosses of;
  };

  const TreeLayer<T>& layer_;
  const KernelsOf<T>& k_;
  const std::int32_t* targets_;
  const T rate_;
  const TreePaths<T> paths_;
  TreeTop<T> top_;
  const Scratch kept_;
  Losses losses_[Pool::kMaxThreads];

  // Often the examples of one target follow each other.
  bool follows(std::size_t example) const { return targets_[example] == targets_[example - 1]; }

  // All of them before anything changes.
  void step_together(const MiniBatch<T>& batch) {
    const std::size_t range = batch.range, depth = layer_.tree.depth;
    T* g = kept_.template part<T>(range);
    for (std::size_t i = 0; i < batch.count; ++i) {
      const std::int32_t target = targets_[batch.first + i];
      T* const* rows = rows_of(target, range);
      differentiate(target, range, paths_.scores(batch.hidden[i], target, rows, range), g + i * depth);
      k_.row_updates(nullptr, rows, g + i * depth, layer_.tree.length(target), layer_.dim, T(0),
                     batch.gradient + i * layer_.dim);
    }
    for (std::size_t i = 0; i < batch.count; ++i) {
      const std::int32_t target = targets_[batch.first + i];
      update(batch.hidden[i], target, rows_of(target, range), range, g + i * depth, nullptr);
    }
  }

  T* const* rows_of(std::int32_t target, std::size_t range) const {
    T** rows = paths_.rows(target, range);
    top_.replace(layer_.tree.nodes + layer_.tree.begin(target), layer_.tree.length(target), range, rows);
    return rows;
  }

  void differentiate(std::int32_t target, std::size_t range, const T* scores, T* g) {
    k_.logistic_kept(scores, layer_.tree.bits + layer_.tree.begin(target), g, layer_.tree.length(target),
                     losses_[range].of.sums);
  }

  void update(const T* hidden, std::int32_t target, T* const* rows, std::size_t, const T* g, T* gradient) const {
    const std::size_t begin = layer_.tree.begin(target), count = layer_.tree.length(target);
    k_.row_updates(hidden, rows, g, count, layer_.dim, rate_, gradient);
    if (layer_.bias == nullptr) return;
    for (std::size_t i = 0; i < count; ++i) layer_.bias[layer_.tree.nodes[begin + i]] += rate_ * g[i];
  }
};

}  // namespace

template <class T>
Outcome train_tree(const TreeLayer<T>& layer, const Examples<T>& examples, const std::int32_t* targets, double rate,
                   std::size_t batch, std::size_t ranges, double* loss) {
  TreeTraining<T> training(layer, targets, rate, batch, ranges);
  if (!training.ok()) return {Status::kOutOfMemory, 0};
  return train(examples, batch, ranges, training, loss);
}

template Outcome train_tree<float>(const TreeLayer<float>&, const Examples<float>&, const std::int32_t*, double,
                                   std::size_t, std::size_t, double*);
template Outcome train_tree<double>(const TreeLayer<double>&, const Examples<double>&, const std::int32_t*, double,
                                    std::size_t, std::size_t, double*);

}  // namespace softmax_native
