// How much of the logits of a linear layer is there at a time: tiles of classes, for a group of rows. As many tiles as
// fit in a fixed budget are kept from the forward to the backward pass; the others are made again, to the same bits.
#pragma once

#include "linear_products.hpp"
#include "row_tiles.hpp"

namespace softmax_native {

class ClassTiles {
 public:
  // `bytes` is the size of a logit, `piece` what is kept of each row and tile.
  ClassTiles(std::size_t rows, std::size_t classes, std::size_t bytes, std::size_t piece, std::size_t threads,
             bool backward)
      : classes_(classes) {
    // Rows at a time, in whole blocks of the sums over rows. More would only need more memory: at 1024 rows the weights
    // are read for every 1024 multiply-adds.
    constexpr std::size_t kMostRows = 4 * kDepth, kPieces = std::size_t{12} << 20;
    const std::size_t fit = kPieces / (count() * piece) / kDepth * kDepth;
    group_ = fit < kDepth ? kDepth : fit < kMostRows ? fit : kMostRows;
    if (group_ > rows) group_ = rows;
    // A cache line more than a tile is wide: with a power of two between them, rows would share few sets of the cache.
    const std::size_t line = 64 / bytes, wide = classes < kTileClasses ? classes : kTileClasses;
    stride_ = (wide + line - 1) / line * line + line;
    buffer_bytes_ = group_ * stride_ * bytes;
    std::size_t fitting = buffer_bytes_ == 0 ? 1 : kBudget / buffer_bytes_;
    if (fitting == 0) fitting = 1;
    slots_ = threads < fitting ? threads : fitting;
    if (!backward) {
      buffers_ = slots_;
    } else if (count() <= fitting) {
      buffers_ = kept_ = count();
    } else {
      buffers_ = fitting;
      kept_ = fitting - slots_;
    }
  }

  std::size_t count() const { return classes_ == 0 ? 1 : pieces_of(classes_, kTileClasses); }
  Span operator[](std::size_t i) const { return piece_of(classes_, kTileClasses, i); }
  // Elements from one row of a tile's logits to the next.
  std::size_t stride() const { return stride_; }

  // The groups of rows.
  std::size_t group() const { return group_; }
  std::size_t groups(std::size_t rows) const { return group_ == 0 ? 0 : pieces_of(rows, group_); }

  // Threads that can make tiles side by side.
  std::size_t slots() const { return slots_; }
  std::size_t buffers() const { return buffers_; }
  std::size_t buffer_bytes() const { return buffer_bytes_; }
  // The last tiles are kept, in buffers of their own; the others share those of the threads.
  bool keeps(std::size_t tile) const { return count() - tile <= kept_; }
  std::size_t buffer_of(std::size_t tile, std::size_t slot) const {
    return keeps(tile) ? buffers_ - (count() - tile) : slot;
  }

 private:
  static constexpr std::size_t kBudget = std::size_t{32} << 20;
  std::size_t classes_, group_, stride_, buffer_bytes_, slots_, buffers_ = 0, kept_ = 0;
};

}  // namespace softmax_native
