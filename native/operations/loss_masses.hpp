// What each class weighs in the loss of a row: u_c = w_c y'_c, w the class weight and y' the target after smoothing,
//   y' = (1 - eps) y + eps / K          over all K classes that take part (PyTorch), or
//   y' = (1 - eps') y + eps' / K        with eps' = eps K / (K - 1): eps goes to the other classes alone (Megatron).
#pragma once

#include "losses.hpp"
#include "row_tiles.hpp"

namespace softmax_native {

// Classes [start, start + length) of a row; length <= kChunk.
template <class T>
struct LossPart {
  static constexpr std::size_t kAll = static_cast<std::size_t>(-1);

  std::size_t row, start, length;
  const T* logits;                     // of the part, as are y and mask
  const T* y = nullptr;                // the target's probabilities, where no indices are given
  const std::uint8_t* mask = nullptr;  // nullptr = all take part
  std::size_t mask_stride = 0;
  std::size_t classes = kAll;  // how many of the whole row take part

  bool takes_part(std::size_t i) const { return mask == nullptr || mask[i * mask_stride] != 0; }
};

template <class T>
class LossMasses {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  LossMasses(std::size_t classes, const LossTargets<T>& targets, const LossOptions<T>& options)
      : classes_(classes), targets_(targets), options_(options) {}

  bool by_index() const { return targets_.index != nullptr; }
  // Whether classes other than one that is named have mass.
  bool weighs_all() const { return !by_index() || options_.smoothing > 0; }
  bool smooths() const { return options_.smoothing > 0; }

  bool ignored(std::size_t row) const {
    return by_index() ? !names(row) : targets_.skipped != nullptr && targets_.skipped[row] != 0;
  }

  // What the row counts in the mean, and its z-loss.
  double row_weight(std::size_t row) const {
    if (ignored(row)) return 0;
    return by_index() ? weight(static_cast<std::size_t>(targets_.index[row])) : 1;
  }

  // Where in the part the class stands that the row's index names.
  std::size_t named_in(const LossPart<T>& part) const {
    if (!by_index() || !names(part.row)) return kNone;
    const std::size_t named = static_cast<std::size_t>(targets_.index[part.row]);
    return named >= part.start && named - part.start < part.length ? named - part.start : kNone;
  }

  // y' of the class that an index names, which smoothing passes over if it is masked.
  double of_named(const LossPart<T>& part, std::size_t named) const {
    if (options_.over_others) return taking(part) > 1 ? 1 - options_.smoothing : 1;
    return (1 - options_.smoothing) + (part.takes_part(named) ? of_all(part) : 0);
  }
  // y' = of_target y + of_all. Over others it is 1 - smoothing less what all get, as the kernels round it: so smoothing
  // of 1 leaves a class of probability 1 exactly nothing.
  double of_target(const LossPart<T>& part) const {
    if (!options_.over_others) return 1 - options_.smoothing;
    return taking(part) > 1 ? (1 - options_.smoothing) - static_cast<double>(static_cast<T>(of_all(part))) : 1;
  }
  double of_all(const LossPart<T>& part) const {
    if (!smooths()) return 0;
    const double others = taking(part) - (options_.over_others ? 1 : 0);
    return others > 0 ? options_.smoothing / others : 0;
  }

  double weight(std::size_t c) const {
    return options_.weight == nullptr ? 1 : static_cast<double>(options_.weight[c]);
  }

  // What y of the class is multiplied by, smoothing aside.
  double of_probability(std::size_t c) const {
    return targets_.ignored >= 0 && static_cast<std::size_t>(targets_.ignored) == c ? 0 : weight(c);
  }

  // Target and weights of the part, as the kernels take them: nullptr where all are 0 and 1.
  struct Arrays {
    const T *y, *weight;
    // u of class i, rounded as the kernels round it.
    double of(std::size_t i, T of_target, T of_all) const {
      const T target = y == nullptr ? of_all : fused(of_target, y[i], of_all);
      return static_cast<double>(weight == nullptr ? target : weight[i] * target);
    }
  };

  // What the target gives to masked classes, which have no probability.
  double masked_mass(const LossPart<T>& part) const {
    if (by_index() || part.mask == nullptr) return 0;
    double mass = 0;
    for (std::size_t i = 0; i < part.length; ++i) {
      if (!part.takes_part(i))
        mass += of_target(part) * of_probability(part.start + i) * static_cast<double>(part.y[i]);
    }
    return mass;
  }

  // Calls use(arrays), in which masked classes have none.
  template <class Use>
  void with_arrays(const LossPart<T>& part, const Use& use) const {
    const T* weights = options_.weight == nullptr ? nullptr : options_.weight + part.start;
    const std::size_t ignored = targets_.ignored < 0 ? kNone : static_cast<std::size_t>(targets_.ignored);
    const bool drops = !by_index() && ignored >= part.start && ignored - part.start < part.length;
    const bool masks = part.mask != nullptr && (smooths() || !by_index());
    if (!drops && !masks) return use(Arrays{part.y, weights});
    T y[kChunk], weight[kChunk];
    const bool copies = drops || !by_index();
    if (copies) {
      for (std::size_t i = 0; i < part.length; ++i) y[i] = part.takes_part(i) ? part.y[i] : T(0);
      if (drops) y[ignored - part.start] = 0;
    }
    if (masks) {
      for (std::size_t i = 0; i < part.length; ++i) {
        weight[i] = !part.takes_part(i) ? T(0) : weights == nullptr ? T(1) : weights[i];
      }
    }
    use(Arrays{copies ? y : part.y, masks ? weight : weights});
  }

 private:
  const std::size_t classes_;
  const LossTargets<T> targets_;
  const LossOptions<T> options_;

  static float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
  static double fused(double a, double b, double c) { return __builtin_fma(a, b, c); }

  bool names(std::size_t row) const {
    return targets_.index[row] >= 0 && static_cast<std::size_t>(targets_.index[row]) < classes_;
  }
  double taking(const LossPart<T>& part) const {
    return static_cast<double>(part.classes == part.kAll ? classes_ : part.classes);
  }
};

}  // namespace softmax_native
