// The loss of a linear layer with few classes, and its gradients in the weights and the bias: rows are what there is
// much of. A task takes a chunk of the rows from logits to gradients, a block at a time, so that the hidden rows come
// from memory once; of the rows' losses the kernels of short rows do many side by side. On 100,000 rows of 784 elements
// and 10 classes it takes a quarter of the time of tiles of classes, where each row's loss is a call of its own.
//
// Each chunk has sums of its own, of float chains over the rows of a block, and the chunks are added in order, in
// float64. How long a chunk is depends on the shape alone: threads leave no trace.
#pragma once

#include "limits.hpp"
#include "linear_cross_entropy.hpp"
#include "loss_rows.hpp"
#include "loss_short_rows.hpp"
#include "loss_totals.hpp"

namespace softmax_native {

template <class T>
class FewClasses {
 public:
  FewClasses(const LinearLayer<T>& layer, const Logits<T>& logits, const LossTargets<T>& targets, double scale,
             const LossOptions<T>& options, const LinearLoss<T>& result)
      : layer_(layer), result_(result), threads_(Pool::shared().threads()), tiles_(logits),
        rows_(layer.classes, logits.beta, logits.rule, targets, options, scale),
        short_rows_(logits, tiles_, targets, options, scale), products_(layer), length_(chunk_length(layer.rows)),
        packed_(1, products_.packed_classes_size() * sizeof(T)), logits_(threads_, kBlock * layer.classes * sizeof(T)),
        hidden_(wants_weight() ? threads_ : 0, products_.packed_size(kBlock) * sizeof(T)),
        odd_(wants_weight() ? threads_ : 0, kBlock),
        weights_(wants_weight() ? chunks() : 0, layer.classes * layer.depth * sizeof(T)),
        biases_(wants_bias() ? chunks() : 0, layer.classes * sizeof(double)), losses_(1, layer.rows * sizeof(double)) {}

  // Whether this is the way for a call: few classes, rows by class index, and no gradient of the hidden rows.
  static bool applies(const LinearLayer<T>& layer, const Logits<T>& logits, const LossTargets<T>& targets,
                      const LossOptions<T>& options, const LinearGradients<T>& gradients) {
    if (gradients.hidden != nullptr || logits.mask != nullptr || logits.rule == NonFinite::kThrow) return false;
    if (layer.rows == 0 || layer.classes > kShort || layer.depth > kMostWeights / kShort) return false;
    const RowTiles<T> tiles(logits);
    return LossShortRows<T>(logits, tiles, targets, options, 1).apply();
  }

  bool has_memory() const {
    return packed_.ok() && logits_.ok() && hidden_.ok() && odd_.ok() && weights_.ok() && biases_.ok() && losses_.ok();
  }

  // Gives the sum of the losses.
  double run() const {
    products_.pack_all_classes(packed_.template part<T>(0));
    auto task = [&](std::size_t i, std::size_t slot) { chunk(i, slot); };
    const std::size_t products = wants_weight() ? 2 : 1;
    run_tasks(chunks(), threads_, products * layer_.rows * layer_.classes * (layer_.depth / kProducts + 1), task);
    if (wants_weight()) add_up<T>(weights_, layer_.classes * layer_.depth, result_.gradients.weight);
    if (wants_bias()) add_up<double>(biases_, layer_.classes, result_.gradients.bias);
    CompensatedSum sum;
    const double* losses = losses_.template part<double>(0);
    for (std::size_t r = 0; r < layer_.rows; ++r) sum.add(losses[r]);
    return sum.total();
  }

 private:
  // Rows of a block: of 784 float32 elements they are 200 KB, which the second product finds in the second cache.
  static constexpr std::size_t kBlock = 64;
  // Chunks at most, and elements of the weights: what the sums of the chunks may need.
  static constexpr std::size_t kMostChunks = 64, kMostWeights = std::size_t{1} << 18;
  // Multiply-adds that take as long as an element of run_tasks.
  static constexpr std::size_t kProducts = 16;

  const LinearLayer<T>& layer_;
  const LinearLoss<T>& result_;
  const std::size_t threads_;
  const RowTiles<T> tiles_;
  const LossRows<T> rows_;
  const LossShortRows<T> short_rows_;
  const LinearProducts<T> products_;
  const std::size_t length_;
  const Scratch packed_, logits_, hidden_, odd_, weights_, biases_, losses_;

  // In blocks.
  static std::size_t chunk_length(std::size_t rows) {
    const std::size_t least = 4 * kBlock;
    return divide_up(rows, least * kMostChunks) * least;
  }
  std::size_t chunks() const { return pieces_of(layer_.rows, length_); }
  bool wants_weight() const { return result_.gradients.weight != nullptr; }
  bool wants_bias() const { return result_.gradients.bias != nullptr; }

  void chunk(std::size_t i, std::size_t slot) const {
    const Span rows = piece_of(layer_.rows, length_, i);
    T* const x = logits_.template part<T>(slot);
    double* const bias = biases_.template part<double>(i);
    for (std::size_t c = 0; wants_bias() && c < layer_.classes; ++c) bias[c] = 0;
    for (std::size_t r = 0; r < rows.count; r += kBlock) {
      const Span some{rows.first + r, rows.count - r < kBlock ? rows.count - r : kBlock};
      products_.logits_of_packed(some, packed_.template part<T>(0), x, layer_.classes);
      std::uint8_t* const odd = odd_.template part<std::uint8_t>(slot);
      if (wants_weight()) find_odd_rows(some, x, odd);
      losses(some, x);
      if (wants_weight()) weight_gradient(some, x, odd, r == 0, hidden_.template part<T>(slot), weights_.part<T>(i));
      if (wants_bias()) bias_gradient(some.count, x, bias);
    }
  }

  // A row of hidden with NaN or Infinity has a logit that is not finite.
  void find_odd_rows(Span rows, const T* x, std::uint8_t* odd) const {
    const std::size_t n = layer_.classes, size = rows.count * n;
    if (kernels().of<T>().find_non_finite(x, size) == size) return void(std::memset(odd, 0, rows.count));
    products_.find_odd_rows(rows, odd);
  }

  // The losses of a block, and the gradients of its logits in their place.
  void losses(Span rows, T* x) const {
    const std::size_t n = layer_.classes;
    T* const out = wants_weight() || wants_bias() ? x : nullptr;
    double* const all = losses_.template part<double>(0);
    for (std::size_t r = 0; r < rows.count;) {
      T* const z = x + r * n;
      const std::size_t first = rows.first + r;
      const std::size_t done =
          short_rows_.rows(first, rows.count - r, z, out == nullptr ? nullptr : z, all, result_.log_sum_exp);
      if (done == 0) row(first, z, out != nullptr);
      r += done == 0 ? 1 : done;
    }
    for (std::size_t r = rows.first; result_.losses != nullptr && r < rows.first + rows.count; ++r) {
      result_.losses[r] = static_cast<T>(all[r]);
    }
  }

  // A row whose maximum is not finite.
  void row(std::size_t number, T* z, bool differentiates) const {
    const LossPart<T> part{number, 0, layer_.classes, z};
    typename LossRows<T>::Piece piece;
    if (!rows_.ignored(number)) piece = rows_.piece(part);
    const typename LossRows<T>::Row joined = rows_.join(number, &piece, 1);
    losses_.template part<double>(0)[number] = joined.loss;
    result_.log_sum_exp[number] = static_cast<T>(joined.log_sum_exp);
    if (!differentiates) return;
    if (rows_.ignored(number)) {
      std::memset(z, 0, layer_.classes * sizeof(T));
    } else {
      rows_.gradient(part, joined, z);
    }
  }

  void weight_gradient(Span rows, const T* g, const std::uint8_t* odd, bool begins, T* packed, T* gradient) const {
    products_.pack_hidden(rows, odd, packed);
    for (std::size_t p = 0; p < products_.panels(); ++p) {
      products_.weight_gradient(rows, {0, layer_.classes}, g, layer_.classes, packed, odd, p, begins, gradient);
    }
  }

  void bias_gradient(std::size_t rows, const T* g, double* sums) const {
    const std::size_t n = layer_.classes;
    for (std::size_t r = 0; r < rows; ++r, g += n) {
      for (std::size_t c = 0; c < n; ++c) sums[c] += static_cast<double>(g[c]);
    }
  }

  // The sums of all chunks, in order.
  template <class Sum>
  void add_up(const Scratch& parts, std::size_t size, T* out) const {
    constexpr std::size_t kSome = 1024;
    auto task = [&](std::size_t i, std::size_t) {
      const Span some = piece_of(size, kSome, i);
      double sums[kSome] = {};
      for (std::size_t c = 0; c < chunks(); ++c) {
        const Sum* const part = parts.template part<Sum>(c) + some.first;
        for (std::size_t k = 0; k < some.count; ++k) sums[k] += static_cast<double>(part[k]);
      }
      for (std::size_t k = 0; k < some.count; ++k) out[some.first + k] = static_cast<T>(sums[k]);
    };
    run_tasks(pieces_of(size, kSome), threads_, size * chunks(), task);
  }
};

}  // namespace softmax_native
