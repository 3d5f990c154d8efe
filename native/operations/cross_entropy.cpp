// Cross-entropy: the forward pass leaves the exponentials where the gradient will be, and the gradient is made of them
// while they are in cache: the logits are read from memory once.
#include "each_tile.hpp"
#include "loss_rows.hpp"
#include "loss_short_rows.hpp"
#include "loss_totals.hpp"
#include "non_finite.hpp"

namespace softmax_native {
namespace {

// Gradients from this size on are written past the caches, where rows are short enough to keep their exponentials in
// the first of them. (For longer rows, kept in memory of their own, that took 13 % longer.)
constexpr std::size_t kStreamBytes = std::size_t{16} << 20;

template <class T>
class CrossEntropy {
 public:
  using Rows = LossRows<T>;
  using Piece = typename Rows::Piece;

  CrossEntropy(const Logits<T>& logits, const RowTiles<T>& tiles, const LossTargets<T>& targets,
               const LossOptions<T>& options, const LossResults<T>& results, double scale, double* losses)
      : logits_(logits), tiles_(tiles), targets_(targets), options_(options), results_(results), losses_(losses),
        rows_(logits.layout.n, logits.beta, logits.rule, targets, options, scale),
        short_rows_(logits, tiles, targets, options, scale), n_(logits.layout.n), k_(kernels().of<T>()),
        stream_(tiles.direct() && n_ <= kChunk && results.gradient != nullptr && results.gradient != logits.data &&
                logits.layout.size() * sizeof(T) >= kStreamBytes) {}

  // Bytes of its own that a thread needs: a row for capped logits, or for exponentials that are streamed from there,
  // and the pieces of a long row.
  std::size_t own() const { return row_bytes() + (n_ > kChunk ? chunk_count(n_) * sizeof(Piece) : 0); }

  // Tiles of the workspace: logits, probabilities, their gradient. The logits' gradient takes the logits' place.
  static constexpr std::size_t kArrays = 3;

  void tile(RowTile tile, const T* x, const Workspace<T>& workspace) const {
    const bool direct = tiles_.direct();
    const std::size_t start = tile.first * n_;
    const T* y = nullptr;
    if (targets_.index == nullptr) {
      y = direct ? targets_.probability + start : workspace.array(1);
      if (!direct) tiles_.gather(targets_.probability, tile, workspace.array(1));
    }
    T* out = results_.gradient == nullptr ? nullptr : direct ? results_.gradient + start : workspace.rows;
    T* of_target = results_.target_gradient == nullptr ? nullptr
                   : direct                            ? results_.target_gradient + start
                                                       : workspace.array(2);
    const auto of_row = [&](auto* array, std::size_t r) { return array == nullptr ? nullptr : array + r * n_; };
    const bool short_rows = of_target == nullptr && short_rows_.apply();
    for (std::size_t r = 0; r < tile.count;) {
      const std::size_t number = tile.first + r;
      if (short_rows) {
        const std::size_t done =
            short_rows_.rows(number, tile.count - r, x + r * n_, of_row(out, r), losses_, results_.log_sum_exp);
        for (std::size_t i = number; i < number + done && results_.losses != nullptr; ++i) {
          results_.losses[i] = static_cast<T>(losses_[i]);
        }
        r += done;
        if (done != 0) continue;
      }
      row(number, x + r * n_, of_row(y, r), of_row(out, r), of_row(of_target, r), workspace.own);
      ++r;
    }
    if (direct) return;
    if (out != nullptr) tiles_.scatter(out, tile, results_.gradient);
    if (of_target != nullptr) tiles_.scatter(of_target, tile, results_.target_gradient);
  }

 private:
  const Logits<T>& logits_;
  const RowTiles<T>& tiles_;
  const LossTargets<T>& targets_;
  const LossOptions<T>& options_;
  const LossResults<T>& results_;
  double* const losses_;
  const Rows rows_;
  const LossShortRows<T> short_rows_;
  const std::size_t n_;
  const KernelsOf<T>& k_;
  const bool stream_;

  // Of capped logits.
  std::size_t row_bytes() const { return options_.softcap == 0 ? 0 : divide_up(n_ * sizeof(T), 64) * 64; }

  void row(std::size_t number, const T* x, const T* y, T* out, T* of_target, std::byte* own) const {
    // An ignored row is not looked at.
    const bool ignored = rows_.ignored(number), capped = options_.softcap != 0 && !ignored;
    const bool keeps = out != nullptr && of_target == nullptr;
    T kept[kChunk];
    Piece only[1];
    T* const own_row = reinterpret_cast<T*>(own);
    Piece* const pieces = n_ <= kChunk ? only : reinterpret_cast<Piece*>(own + row_bytes());
    // Where the exponentials are kept, and the gradient in the capped logits.
    T* const e = capped ? own_row : stream_ ? kept : out;
    const T* const z = capped ? own_row : x;
    const LossPart<T> whole = part_of(number, z, y);
    if (!ignored) {
      each_chunk(n_, false, [&](std::size_t c, std::size_t start, std::size_t length) {
        if (capped) cap(whole, x + start, own_row + start, start, length);
        const LossPart<T> part = chunk_of(whole, start, length);
        pieces[c] = keeps ? rows_.keep(part, e + start) : rows_.piece(part);
      });
    }
    const typename Rows::Row joined = rows_.join(number, pieces, chunk_count(n_));
    losses_[number] = joined.loss;
    results_.log_sum_exp[number] = static_cast<T>(joined.log_sum_exp);
    if (results_.losses != nullptr) results_.losses[number] = static_cast<T>(joined.loss);
    if (out == nullptr && of_target == nullptr) return;
    each_chunk(n_, true, [&](std::size_t c, std::size_t start, std::size_t length) {
      const LossPart<T> part = chunk_of(whole, start, length);
      if (of_target != nullptr) rows_.target_gradient(part, joined, of_target + start);
      if (out == nullptr) return;
      T* const to = capped ? own_row + start : out + start;
      if (keeps) {
        rows_.finish(part, joined, pieces[c], e + start, to, stream_ && !capped);
      } else {
        rows_.gradient(part, joined, to);
      }
      if (capped) k_.softcap_vjp(x + start, to, out + start, length, options_.softcap);
    });
  }

  LossPart<T> part_of(std::size_t number, const T* z, const T* y) const {
    LossPart<T> part{number, 0, n_, z, y};
    if (logits_.mask == nullptr) return part;
    const Strides& s = logits_.mask_strides;
    const std::size_t inner = logits_.layout.inner;
    part.mask = logits_.mask + number / inner * s.outer + number % inner * s.inner;
    part.mask_stride = s.n;
    if (options_.smoothing == 0) return part;
    part.classes = 0;
    for (std::size_t j = 0; j < n_; ++j) part.classes += part.takes_part(j) ? 1 : 0;
    return part;
  }

  LossPart<T> chunk_of(LossPart<T> part, std::size_t start, std::size_t length) const {
    part.start = start;
    part.length = length;
    part.logits += start;
    if (part.y != nullptr) part.y += start;
    if (part.mask != nullptr) part.mask += start * part.mask_stride;
    return part;
  }

  // Capped logits: what is masked still takes no part.
  void cap(const LossPart<T>& row, const T* x, T* out, std::size_t start, std::size_t length) const {
    k_.softcap(x, out, length, options_.softcap);
    if (row.mask == nullptr) return;
    for (std::size_t i = 0; i < length; ++i) {
      if (!row.takes_part(start + i)) out[i] = excluded_key(logits_);
    }
  }
};

// The first row that nonFinite: 'throw' refuses; ignored rows are not looked at.
template <class T>
Outcome refused_loss(const Logits<T>& logits, const LossMasses<T>& masses) {
  if (logits.rule != NonFinite::kThrow) return {};
  const std::size_t rows = logits.layout.rows();
  std::size_t row = first_refused_row(logits);
  while (row < rows && (masses.ignored(row) || !is_refused_row(logits, row))) ++row;
  return row < rows ? Outcome{Status::kNonFinite, row} : Outcome{};
}

}  // namespace

template <class T>
Outcome cross_entropy(const Logits<T>& logits, const LossTargets<T>& given, const LossOptions<T>& options,
                      LossResults<T>& results) {
  const std::size_t rows = logits.layout.rows();
  LossTargets<T> targets = given;
  const Scratch marks(targets.index == nullptr && targets.ignored >= 0 ? 1 : 0, rows), sums(1, rows * sizeof(double));
  if (!marks.ok() || !sums.ok()) return {Status::kOutOfMemory, 0};
  mark_skipped(logits.layout, targets, marks.template part<std::uint8_t>(0));
  const LossMasses<T> masses(logits.layout.n, targets, options);
  const Outcome outcome = refused_loss(logits, masses);
  if (outcome.status != Status::kOk) return outcome;
  const double total = total_weight(masses, rows);
  double* const losses = sums.template part<double>(0);
  const RowTiles<T> tiles(logits);
  const CrossEntropy<T> operation(logits, tiles, targets, options, results, gradient_scale(options.reduction, total),
                                  losses);
  const Outcome done = each_tile(
      logits, tiles,
      [&](RowTile tile, const T* x, const Workspace<T>& workspace) { operation.tile(tile, x, workspace); },
      CrossEntropy<T>::kArrays, operation.own());
  if (done.status != Status::kOk) return done;
  results.total_weight = total;
  results.loss = reduced(options.reduction, losses, rows, total);
  return {};
}

template Outcome cross_entropy<float>(const Logits<float>&, const LossTargets<float>&, const LossOptions<float>&,
                                      LossResults<float>&);
template Outcome cross_entropy<double>(const Logits<double>&, const LossTargets<double>&, const LossOptions<double>&,
                                       LossResults<double>&);

}  // namespace softmax_native
