#include "tree_paths.hpp"

namespace softmax_native {
namespace {

// The layer as `train` knows it.
template <class T>
class TreeTraining {
 public:
  TreeTraining(const TreeLayer<T>& layer, const std::int32_t* targets, double rate, std::size_t batch,
               std::size_t ranges)
      : layer_(layer), targets_(targets), rate_(static_cast<T>(-rate)), paths_(layer, ranges),
        kept_(ranges, batch * layer.tree.depth * sizeof(T)) {}
  bool ok() const { return paths_.ok() && kept_.ok(); }

  double step(const MiniBatch<T>& batch) const {
    T* g = kept_.template part<T>(batch.range);
    if (batch.count == 1) {
      const std::int32_t target = targets_[batch.first];
      const double loss = paths_.loss(batch.hidden[0], target, batch.range, g);
      update(batch.hidden[0], target, batch.range, g, batch.gradient);
      return loss;
    }
    // All of them before anything changes.
    double loss = 0;
    for (std::size_t i = 0; i < batch.count; ++i, g += layer_.tree.depth) {
      const std::int32_t target = targets_[batch.first + i];
      loss += paths_.loss(batch.hidden[i], target, batch.range, g);
      kernels().of<T>().row_updates(nullptr, paths_.rows(target, batch.range), g, layer_.tree.length(target),
                                    layer_.dim, T(0), batch.gradient + i * layer_.dim);
    }
    g = kept_.template part<T>(batch.range);
    for (std::size_t i = 0; i < batch.count; ++i, g += layer_.tree.depth) {
      update(batch.hidden[i], targets_[batch.first + i], batch.range, g, nullptr);
    }
    return loss;
  }

  void ask(std::size_t example, std::size_t) const {
    const std::size_t begin = layer_.tree.begin(targets_[example]), count = layer_.tree.length(targets_[example]);
    // The nodes above are those of other paths, too, and are there.
    for (std::size_t i = kAbove; i < count; ++i) {
      HiddenRows<T>::ask_for_row(layer_.row(layer_.tree.nodes[begin + i]), layer_.dim);
    }
  }

  void leave(std::size_t) const {}

 private:
  static constexpr std::size_t kAbove = 5;
  const TreeLayer<T>& layer_;
  const std::int32_t* targets_;
  const T rate_;
  const TreePaths<T> paths_;
  const Scratch kept_;

  void update(const T* hidden, std::int32_t target, std::size_t range, const T* g, T* gradient) const {
    const std::size_t begin = layer_.tree.begin(target), count = layer_.tree.length(target);
    kernels().of<T>().row_updates(hidden, paths_.rows(target, range), g, count, layer_.dim, rate_, gradient);
    for (std::size_t i = 0; layer_.bias != nullptr && i < count; ++i) {
      layer_.bias[layer_.tree.nodes[begin + i]] += rate_ * g[i];
    }
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
