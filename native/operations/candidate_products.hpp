// Scores of a group of hidden rows against candidates that they share, whose weights lie gathered, and what the
// gradient of the scores is to both. Products and their order are those of linear_products.hpp: the same bits with any
// number of threads.
#pragma once

#include "linear_products.hpp"
#include "row_tiles.hpp"

namespace softmax_native {

template <class T>
class CandidateProducts {
 public:
  // Rows of a group: as many as are one chain of sums in the gradient of the weights.
  static constexpr std::size_t kGroup = kDepth;

  // At most `rows` rows at a time, and scores of `several` targets beside those of the candidates.
  CandidateProducts(std::size_t rows, std::size_t candidates, std::size_t depth, std::size_t several,
                    std::size_t threads)
      : group_(rows < kGroup ? rows : kGroup), candidates_(candidates), depth_(depth),
        lead_((several + kLine - 1) / kLine * kLine), threads_(threads),
        stride_(lead_ + (candidates + kLine - 1) / kLine * kLine + kLine), tiles_(pieces_of(candidates, kTileClasses)),
        scores_(1, group_ * stride_ * sizeof(T)), panels_(threads, LinearProducts<T>::kScratch * sizeof(T)),
        odd_(1, group_ + candidates), packed_(1, size(group_) * sizeof(T)), weights_(tiles_, packed_tile() * sizeof(T)),
        sums_(1, size(group_) * sizeof(double)) {
    if (has_memory()) std::memset(odd(), 0, group_ + candidates);
  }

  bool has_memory() const {
    return scores_.ok() && panels_.ok() && odd_.ok() && packed_.ok() && weights_.ok() && sums_.ok();
  }

  // A row's scores of its candidates; those of its targets stand right before them.
  T* row(std::size_t r) const { return scores_.template part<T>(0) + r * stride_ + lead_; }

  // The scores of the candidates, for `rows` <= kGroup hidden rows. `bias` is what is added, nullptr = nothing.
  void score(const T* hidden, std::size_t rows, const T* weight, const T* bias) const {
    const LinearLayer<T> layer{hidden, weight, bias, rows, candidates_, depth_};
    const LinearProducts<T> products(layer);
    auto task = [&](std::size_t i, std::size_t slot) {
      const Span some = piece_of(candidates_, kSome, i);
      products.logits({0, rows}, some, row(0) + some.first, stride_, panels_.template part<T>(slot));
    };
    run_tasks(pieces_of(candidates_, kSome), threads_, work(rows), task);
  }

  // Calls each(row, slot) for all rows, some at a time.
  template <class Each>
  void each_row(std::size_t rows, const Each& each) const {
    auto task = [&](std::size_t i, std::size_t slot) {
      const Span some = piece_of(rows, kSomeRows, i);
      for (std::size_t r = some.first; r < some.first + some.count; ++r) each(r, slot);
    };
    run_tasks(pieces_of(rows, kSomeRows), threads_, rows * (candidates_ + depth_), task);
  }

  // With the gradient of the scores in their place: the gradient of the hidden rows is written, that of the candidates'
  // weights written where it `begins`, else added to.
  void spread(const T* hidden, std::size_t rows, const T* weight, bool begins, T* hidden_gradient,
              T* weight_gradient) const {
    const LinearLayer<T> layer{hidden, weight, nullptr, rows, candidates_, depth_};
    const LinearProducts<T> products(layer);
    T* packed = packed_.template part<T>(0);
    double* sums = sums_.template part<double>(0);
    products.pack_hidden({0, rows}, odd(), packed);
    for (std::size_t tile = 0; begins && tile < tiles_; ++tile) {
      products.pack_weight(piece_of(candidates_, kTileClasses, tile), odd(), weights_.template part<T>(tile));
    }
    const std::size_t panels = products.panels(), slices = pieces_of(candidates_, kSlice);
    std::memset(sums, 0, products.packed_size(rows) * sizeof(double));
    auto task = [&](std::size_t i, std::size_t) {
      if (i >= slices) return hidden_panel(products, rows, i - slices, hidden_gradient);
      const Span some = piece_of(candidates_, kSlice, i);
      for (std::size_t p = 0; p < panels; ++p) {
        products.weight_gradient({0, rows}, some, row(0) + some.first, stride_, packed, odd(), p, begins,
                                 weight_gradient);
      }
    };
    run_tasks(slices + panels, threads_, 2 * work(rows), task);
  }

  // sums[c] += the gradient of candidate c's score, over the rows.
  void add_scores(std::size_t rows, double* sums) const {
    for (std::size_t r = 0; r < rows; ++r) kernels().of<T>().add_wide(row(r), sums, candidates_);
  }

 private:
  // Elements of a cache line; what is one task: candidates scored, rows, candidates whose gradients are made.
  static constexpr std::size_t kLine = 64 / sizeof(T), kSome = 8 * kPanel<T>, kSomeRows = 16, kSlice = 48;
  // Multiply-adds that take as long as an element of run_tasks.
  static constexpr std::size_t kProducts = 16;

  const std::size_t group_, candidates_, depth_, lead_, threads_, stride_, tiles_;
  const Scratch scores_, panels_, odd_, packed_, weights_, sums_;

  std::size_t size(std::size_t rows) const { return pieces_of(depth_, kPanel<T>) * rows * kPanel<T>; }
  std::size_t packed_tile() const {
    return LinearProducts<T>({nullptr, nullptr, nullptr, 0, 0, depth_}).packed_tile_size();
  }
  std::size_t work(std::size_t rows) const { return rows * candidates_ * (depth_ / kProducts + 1); }
  // None is: NaN and infinities go where arithmetic takes them.
  std::uint8_t* odd() const { return odd_.template part<std::uint8_t>(0); }

  void hidden_panel(const LinearProducts<T>& products, std::size_t rows, std::size_t p, T* gradient) const {
    double* sums = sums_.template part<double>(0);
    for (std::size_t tile = 0; tile < tiles_; ++tile) {
      const Span classes = piece_of(candidates_, kTileClasses, tile);
      products.add_hidden_gradient(rows, classes, row(0) + classes.first, stride_, weights_.template part<T>(tile),
                                   odd(), p, sums);
    }
    products.write_hidden_gradient({0, rows}, p, sums, gradient);
  }
};

}  // namespace softmax_native
