// Negative log-likelihood of log-probabilities that are given: with indices one element a row is read.
#include "each_tile.hpp"
#include "limits.hpp"
#include "loss_totals.hpp"

namespace softmax_native {
namespace {

template <class T>
class NllLoss {
 public:
  NllLoss(const Logits<T>& logits, const LossTargets<T>& targets, const LossOptions<T>& options, double scale)
      : layout_(logits.layout), targets_(targets), masses_(logits.layout.n, targets, options), scale_(scale),
        k_(kernels().of<T>()) {}

  // The loss of a row by index, wherever it stands; log 0 of a class without weight counts as 0.
  double of_index(const T* data, std::size_t row) const {
    if (masses_.ignored(row)) return 0;
    const double weight = masses_.row_weight(row);
    return weight == 0 ? 0 : 0 - weight * static_cast<double>(data[place(row)]);
  }

  void gradient_of_index(T* out) const {
    for (std::size_t i = 0; i < layout_.size(); ++i) out[i] = 0;
    for (std::size_t row = 0; row < layout_.rows(); ++row) {
      if (!masses_.ignored(row)) out[place(row)] = static_cast<T>(0 - scale_ * masses_.row_weight(row));
    }
  }

  // The loss of a row of probabilities, and its gradient where wanted. x may be out.
  double of_probabilities(std::size_t row, const T* x, const T* y, T* out) const {
    const std::size_t n = layout_.n;
    CompensatedSum sum;
    if (masses_.ignored(row)) {
      if (out != nullptr) fill(out, n, T(0));
      return 0;
    }
    for (std::size_t start = 0; start < n; start += kChunk) {
      const LossPart<T> part{row, start, n - start < kChunk ? n - start : kChunk, x + start, y + start};
      masses_.with_arrays(part, [&](const typename LossMasses<T>::Arrays& arrays) {
        double gaps, mass;
        k_.target_gaps(part.logits, arrays.y, arrays.weight, part.length, T(0), false, T(1), T(0), &gaps, &mass);
        sum.add(gaps);
        if (out == nullptr) return;
        k_.loss_gradient(arrays.y, arrays.y, arrays.weight, out + start, part.length, T(0), static_cast<T>(scale_),
                         T(0), false);
      });
    }
    return 0 - sum.total();
  }

 private:
  const Layout layout_;
  const LossTargets<T>& targets_;
  const LossMasses<T> masses_;
  const double scale_;
  const KernelsOf<T>& k_;

  std::size_t place(std::size_t row) const {
    const std::size_t class_index = static_cast<std::size_t>(targets_.index[row]);
    return (row / layout_.inner * layout_.n + class_index) * layout_.inner + row % layout_.inner;
  }
};

}  // namespace

template <class T>
Outcome nll_loss(const Logits<T>& logits, const LossTargets<T>& given, const LossOptions<T>& options,
                 LossResults<T>& results) {
  const std::size_t rows = logits.layout.rows(), n = logits.layout.n;
  LossTargets<T> targets = given;
  const bool by_index = targets.index != nullptr;
  const Scratch marks(!by_index && targets.ignored >= 0 ? 1 : 0, rows), sums(1, rows * sizeof(double));
  if (!marks.ok() || !sums.ok()) return {Status::kOutOfMemory, 0};
  mark_skipped(logits.layout, targets, marks.template part<std::uint8_t>(0));
  const double total = total_weight(LossMasses<T>(n, targets, options), rows);
  const NllLoss<T> operation(logits, targets, options, gradient_scale(options.reduction, total));
  double* const losses = sums.template part<double>(0);
  if (by_index) {
    for (std::size_t row = 0; row < rows; ++row) losses[row] = operation.of_index(logits.data, row);
    if (results.gradient != nullptr) operation.gradient_of_index(results.gradient);
  } else {
    const RowTiles<T> tiles(logits);
    const Outcome done = each_tile(
        logits, tiles,
        [&](RowTile tile, const T* x, const Workspace<T>& workspace) {
          const bool direct = tiles.direct();
          const T* y = direct ? targets.probability + tile.first * n : workspace.array(1);
          if (!direct) tiles.gather(targets.probability, tile, workspace.array(1));
          T* out = results.gradient == nullptr ? nullptr : direct ? results.gradient + tile.first * n : workspace.rows;
          for (std::size_t r = 0; r < tile.count; ++r) {
            losses[tile.first + r] = operation.of_probabilities(tile.first + r, x + r * n, y + r * n,
                                                                out == nullptr ? nullptr : out + r * n);
          }
          if (!direct && out != nullptr) tiles.scatter(out, tile, results.gradient);
        },
        2);
    if (done.status != Status::kOk) return done;
  }
  for (std::size_t row = 0; row < rows && results.losses != nullptr; ++row) {
    results.losses[row] = static_cast<T>(losses[row]);
  }
  results.total_weight = total;
  results.loss = reduced(options.reduction, losses, rows, total);
  return {};
}

template Outcome nll_loss<float>(const Logits<float>&, const LossTargets<float>&, const LossOptions<float>&,
                                 LossResults<float>&);
template Outcome nll_loss<double>(const Logits<double>&, const LossTargets<double>&, const LossOptions<double>&,
                                  LossResults<double>&);

}  // namespace softmax_native
