// A group of rows at a time, and of it a tile of classes at a time: forward, the tile's logits and what each row's loss
// needs of them; backward, their gradient in place, and from it those of the weights, the bias and the hidden rows.
// In the order of classes and rows, whatever the threads: a task has its own rows or its own classes.
#include "linear_cross_entropy.hpp"

#include "class_tiles.hpp"
#include "few_classes.hpp"
#include "limits.hpp"
#include "loss_rows.hpp"
#include "loss_totals.hpp"
#include "masked_classes.hpp"

namespace softmax_native {
namespace {

// Multiply-adds that take as long as an element of run_tasks.
constexpr std::size_t kProducts = 16;
// What is one task: classes whose gradients are made, in whole tiles of the kernel; classes packed; rows.
constexpr std::size_t kSlice = 48, kSomeClasses = 32, kSomeRows = 16;

// What a tile's logits are made of, and what becomes of them.
template <class T>
class LinearCrossEntropy {
 public:
  using Piece = typename LossRows<T>::Piece;
  using Row = typename LossRows<T>::Row;

  LinearCrossEntropy(const LinearLayer<T>& layer, const Logits<T>& logits, const LossTargets<T>& targets, double scale,
                     const LossOptions<T>& options, const LinearLoss<T>& result)
      : layer_(layer), logits_(logits), targets_(targets), result_(result), gradients_(result.gradients),
        cap_(options.softcap), threads_(Pool::shared().threads()),
        tiles_(layer.rows, layer.classes, sizeof(T), sizeof(Piece), threads_, wants_gradients()),
        mask_(logits, options.smoothing > 0), loss_(layer.classes, logits.beta, logits.rule, targets, options, scale),
        products_(layer), buffers_(tiles_.buffers(), tiles_.buffer_bytes()),
        panels_(threads_, LinearProducts<T>::kScratch * sizeof(T)),
        pieces_(1, tiles_.group() * tiles_.count() * sizeof(Piece)), joined_(1, tiles_.group() * sizeof(Row)),
        odd_rows_(1, layer.rows), odd_classes_(1, layer.classes),
        packed_(gradients_.weight == nullptr ? 0 : 1, products_.packed_size(tiles_.group()) * sizeof(T)),
        weight_(gradients_.hidden == nullptr ? 0 : 1, products_.packed_tile_size() * sizeof(T)),
        sums_(gradients_.hidden == nullptr ? 0 : 1, products_.packed_size(tiles_.group()) * sizeof(double)) {}

  bool has_memory() const {
    return mask_.ok() && buffers_.ok() && panels_.ok() && pieces_.ok() && joined_.ok() && odd_rows_.ok() &&
           odd_classes_.ok() && packed_.ok() && weight_.ok() && sums_.ok();
  }

  Outcome run(double* loss) {
    mask_.count();
    const std::size_t groups = tiles_.groups(layer_.rows);
    // Before anything is written all rows must have been looked at.
    for (std::size_t i = 0; groups > 1 && throws() && i < groups; ++i) {
      const Outcome outcome = forward(group(i));
      if (outcome.status != Status::kOk) return outcome;
    }
    if (groups == 0) {
      if (gradients_.weight != nullptr) fill(gradients_.weight, layer_.classes * layer_.depth, T(0));
      if (gradients_.bias != nullptr) fill(gradients_.bias, layer_.classes, T(0));
    }
    CompensatedSum sum;
    for (std::size_t i = 0; i < groups; ++i) {
      const Span rows = group(i);
      const Outcome outcome = forward(rows);
      if (outcome.status != Status::kOk) return outcome;
      for (std::size_t r = 0; r < rows.count; ++r) {
        const Row& row = joined()[r];
        if (result_.losses != nullptr) result_.losses[rows.first + r] = static_cast<T>(row.loss);
        result_.log_sum_exp[rows.first + r] = static_cast<T>(row.log_sum_exp);
        sum.add(row.loss);
      }
      if (wants_gradients()) backward(rows);
    }
    *loss = sum.total();
    return {};
  }

 private:
  const LinearLayer<T>& layer_;
  const Logits<T>& logits_;
  const LossTargets<T>& targets_;
  const LinearLoss<T>& result_;
  const LinearGradients<T> gradients_;
  const double cap_;
  const std::size_t threads_;
  const ClassTiles tiles_;
  MaskedClasses<T> mask_;
  const LossRows<T> loss_;
  const LinearProducts<T> products_;
  const Scratch buffers_, panels_, pieces_, joined_, odd_rows_, odd_classes_, packed_, weight_, sums_;

  bool wants_gradients() const {
    return gradients_.hidden != nullptr || gradients_.weight != nullptr || gradients_.bias != nullptr;
  }
  bool throws() const { return logits_.rule == NonFinite::kThrow; }
  Span group(std::size_t i) const { return piece_of(layer_.rows, tiles_.group(), i); }
  std::uint8_t* odd_rows() const { return odd_rows_.template part<std::uint8_t>(0); }
  std::uint8_t* odd_classes(Span classes) const { return odd_classes_.template part<std::uint8_t>(0) + classes.first; }
  Row* joined() const { return joined_.template part<Row>(0); }
  Piece* pieces(std::size_t row) const { return pieces_.template part<Piece>(0) + row * tiles_.count(); }
  T* panel(std::size_t slot) const { return panels_.template part<T>(slot); }
  T* buffer(std::size_t tile, std::size_t slot) const {
    return buffers_.template part<T>(tiles_.buffer_of(tile, slot));
  }
  // Elements of run_tasks in a product that makes or takes so many logits.
  std::size_t work_of(std::size_t logits) const { return logits * (layer_.depth / kProducts + 1); }

  // A row of a tile as its loss is computed: what takes no part excluded, capped in a copy.
  LossPart<T> part_of(std::size_t row, Span classes, T* x, T* capped) const {
    LossPart<T> part{row, classes.first, classes.count, x};
    if (targets_.index == nullptr) part.y = targets_.probability + row * layer_.classes + classes.first;
    if (mask_.any()) {
      mask_.exclude(row, classes, x);
      part.mask = mask_.row(row, classes.first);
      part.mask_stride = mask_.stride();
      part.classes = mask_.taking(row);
    }
    if (cap_ == 0) return part;
    kernels().of<T>().softcap(x, capped, classes.count, cap_);
    if (mask_.any()) mask_.exclude(row, classes, capped);
    part.logits = capped;
    return part;
  }

  // What a row of a tile is to its loss. Under the rule 'throw', whether it has to be refused is noted as `lost`.
  Piece piece_of_row(std::size_t row, Span classes, T* x, T* capped) const {
    const bool refused = throws() && !mask_.all_finite(row, classes, x);
    Piece piece = loss_.piece(part_of(row, classes, x, capped));
    piece.lost = piece.lost || refused;
    return piece;
  }

  Outcome forward(Span rows) const {
    const std::size_t count = tiles_.count();
    // Whole tiles, or where there are few of them some rows of a tile.
    const std::size_t parts = count >= 2 * threads_ ? 1 : pieces_of(2 * threads_, count);
    const std::size_t height = pieces_of(pieces_of(rows.count, parts), 6) * 6;
    const std::size_t per_tile = pieces_of(rows.count, height);
    auto task = [&](std::size_t i, std::size_t slot) {
      const std::size_t tile = i / per_tile;
      const Span classes = tiles_[tile], some = piece_of(rows.count, height, i % per_tile);
      T* x = buffer(tile, slot) + some.first * tiles_.stride();
      T capped[kTileClasses];
      products_.logits({rows.first + some.first, some.count}, classes, x, tiles_.stride(), panel(slot));
      if (some.first == 0) products_.find_odd_classes(x, classes.count, odd_classes(classes));
      for (std::size_t r = some.first; r < some.first + some.count; ++r, x += tiles_.stride()) {
        if (loss_.ignored(rows.first + r)) continue;
        pieces(r)[tile] = piece_of_row(rows.first + r, classes, x, capped);
      }
    };
    run_tasks(count * per_tile, tiles_.slots(), work_of(rows.count * layer_.classes), task);
    auto join = [&](std::size_t i, std::size_t) {
      const Span some = piece_of(rows.count, kSomeRows, i);
      for (std::size_t r = some.first; r < some.first + some.count; ++r) {
        joined()[r] = loss_.join(rows.first + r, pieces(r), count);
      }
    };
    run_tasks(pieces_of(rows.count, kSomeRows), threads_, rows.count * count * kProducts, join);
    for (std::size_t r = 0; throws() && r < rows.count; ++r) {
      const Row& row = joined()[r];
      const bool nothing = row.kind == LossRows<T>::Kind::kLimit && row.max == -static_cast<T>(__builtin_inf());
      if (nothing || row.kind == LossRows<T>::Kind::kUndefined) return {Status::kNonFinite, rows.first + r};
    }
    return {};
  }

  void backward(Span rows) const {
    T* packed = packed_.template part<T>(0);
    double* sums = sums_.template part<double>(0);
    const std::size_t panels = products_.panels();
    if (packed != nullptr) {
      products_.find_odd_rows(rows, odd_rows());
      products_.pack_hidden(rows, odd_rows(), packed);
    }
    if (sums != nullptr) std::memset(sums, 0, products_.packed_size(rows.count) * sizeof(double));
    for (std::size_t tile = 0; tile < tiles_.count(); ++tile) {
      if (!tiles_.keeps(tile)) make_again(rows, tile);
      differentiate(rows, tile);
      spread(rows, tile, packed, sums);
    }
    if (sums == nullptr) return;
    for (std::size_t p = 0; p < panels; ++p) {
      products_.write_hidden_gradient(rows, p, sums, gradients_.hidden);
    }
  }

  // The tile's logits, as forward made them.
  void make_again(Span rows, std::size_t tile) const {
    const Span classes = tiles_[tile];
    // Two panels of classes for each task.
    constexpr std::size_t kSome = 2 * kPanel<T>;
    auto task = [&](std::size_t i, std::size_t slot) {
      const Span some = piece_of(classes.count, kSome, i);
      products_.logits(rows, {classes.first + some.first, some.count}, buffer(tile, 0) + some.first, tiles_.stride(),
                       panel(slot));
    };
    run_tasks(pieces_of(classes.count, kSome), threads_, work_of(rows.count * classes.count), task);
  }

  // The gradient of the tile's logits, in their place; and the tile's classes packed, if they will be needed.
  void differentiate(Span rows, std::size_t tile) const {
    const Span classes = tiles_[tile];
    T* weight = weight_.template part<T>(0);
    const std::size_t packs = weight == nullptr ? 0 : pieces_of(classes.count, kSomeClasses);
    auto task = [&](std::size_t i, std::size_t) {
      if (i < packs) {
        const Span some = piece_of(classes.count, kSomeClasses, i);
        const Span packed{classes.first + some.first, some.count};
        return products_.pack_weight(packed, odd_classes(packed), weight + some.first * kPanel<T>);
      }
      const Span some = piece_of(rows.count, kSomeRows, i - packs);
      T* x = buffer(tile, 0) + some.first * tiles_.stride();
      T capped[kTileClasses];
      for (std::size_t r = some.first; r < some.first + some.count; ++r, x += tiles_.stride()) {
        if (loss_.ignored(rows.first + r)) {
          std::memset(x, 0, classes.count * sizeof(T));
          continue;
        }
        const LossPart<T> part = part_of(rows.first + r, classes, x, capped);
        loss_.gradient(part, joined()[r], cap_ == 0 ? x : capped);
        if (cap_ != 0) kernels().of<T>().softcap_vjp(x, capped, x, classes.count, cap_);
      }
    };
    run_tasks(packs + pieces_of(rows.count, kSomeRows), threads_, rows.count * classes.count, task);
  }

  // What the gradient of the tile's logits is to the weights and the bias, a slice of classes for each task, and to the
  // hidden rows, a panel of the depth for each task.
  void spread(Span rows, std::size_t tile, const T* packed, double* sums) const {
    const Span classes = tiles_[tile];
    const T* g = buffer(tile, 0);
    const std::size_t panels = products_.panels();
    const std::size_t slices = gradients_.weight == nullptr ? 0 : pieces_of(classes.count, kSlice);
    const std::size_t columns = sums == nullptr ? 0 : panels;
    const std::size_t biases = gradients_.bias == nullptr ? 0 : 1;
    auto task = [&](std::size_t i, std::size_t) {
      if (i < slices) {
        const Span some = piece_of(classes.count, kSlice, i);
        for (std::size_t p = 0; p < panels; ++p) {
          products_.weight_gradient(rows, {classes.first + some.first, some.count}, g + some.first, tiles_.stride(),
                                    packed, odd_rows(), p, rows.first == 0, gradients_.weight);
        }
      } else if (i < slices + columns) {
        products_.add_hidden_gradient(rows.count, classes, g, tiles_.stride(), weight_.template part<T>(0),
                                      odd_classes(classes), i - slices, sums);
      } else {
        bias_gradient(rows, classes, g);
      }
    };
    const std::size_t products = (slices == 0 ? 0 : 1) + (columns == 0 ? 0 : 1);
    run_tasks(slices + columns + biases, threads_, work_of(rows.count * classes.count) * (products == 0 ? 1 : products),
              task);
  }

  void bias_gradient(Span rows, Span classes, const T* g) const {
    double sum[kTileClasses];
    T* out = gradients_.bias + classes.first;
    for (std::size_t c = 0; c < classes.count; ++c) sum[c] = rows.first == 0 ? 0 : static_cast<double>(out[c]);
    for (std::size_t r = 0; r < rows.count; ++r) {
      kernels().of<T>().add_wide(g + r * tiles_.stride(), sum, classes.count);
    }
    for (std::size_t c = 0; c < classes.count; ++c) out[c] = static_cast<T>(sum[c]);
  }
};

}  // namespace

template <class T>
Outcome linear_cross_entropy(const LinearLayer<T>& layer, const Logits<T>& logits, const LossTargets<T>& given,
                             const LossOptions<T>& options, LinearLoss<T>& result) {
  LossTargets<T> targets = given;
  const Scratch marks(targets.index == nullptr && targets.ignored >= 0 ? 1 : 0, layer.rows);
  if (!marks.ok()) return {Status::kOutOfMemory, 0};
  mark_skipped(logits.layout, targets, marks.template part<std::uint8_t>(0));
  result.total_weight = total_weight(LossMasses<T>(layer.classes, targets, options), layer.rows);
  const double scale = gradient_scale(options.reduction, result.total_weight);
  Outcome outcome;
  if (FewClasses<T>::applies(layer, logits, targets, options)) {
    const FewClasses<T> operation(layer, logits, targets, scale, options, result);
    if (!operation.has_memory()) return {Status::kOutOfMemory, 0};
    outcome = operation.run(&result.loss);
  } else {
    LinearCrossEntropy<T> operation(layer, logits, targets, scale, options, result);
    if (!operation.has_memory()) return {Status::kOutOfMemory, 0};
    outcome = operation.run(&result.loss);
  }
  if (options.reduction == Reduction::kMean) result.loss = mean_of(result.loss, result.total_weight);
  return outcome;
}

template Outcome linear_cross_entropy<float>(const LinearLayer<float>&, const Logits<float>&, const LossTargets<float>&,
                                             const LossOptions<float>&, LinearLoss<float>&);
template Outcome linear_cross_entropy<double>(const LinearLayer<double>&, const Logits<double>&,
                                              const LossTargets<double>&, const LossOptions<double>&,
                                              LinearLoss<double>&);

}  // namespace softmax_native
