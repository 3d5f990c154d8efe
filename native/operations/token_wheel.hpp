// Draws from weights: the first of them, in order, at which their sum reaches u times the total. Sums are kept for
// blocks, right to a rounding, so that a draw looks at the blocks by halves and at one block in order.
#pragma once

#include "long_rows.hpp"

namespace softmax_native {

class Wheel {
 public:
  static constexpr std::size_t kBlock = 256;
  static std::size_t blocks(std::size_t count) { return divide_up(count, kBlock); }

  // `sums` and `ends` have a number for each block.
  Wheel(double* weights, std::size_t count, double* sums, double* ends)
      : weights_(weights), count_(count), sums_(sums), ends_(ends) {}

  // The sums of the blocks from the weights.
  void measure() {
    for (std::size_t block = 0; block < blocks(count_); ++block) measure(block);
    add_up(0);
  }
  // The sums of the blocks are there.
  void add_up() { add_up(0); }

  double total() const { return ends_[blocks(count_) - 1]; }

  // Never one of weight 0; the total must be positive.
  std::size_t draw(double uniform) const {
    const double wanted = uniform * total();
    std::size_t low = 0, high = blocks(count_) - 1;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (ends_[middle] >= wanted) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    CompensatedSum sum;
    sum.add(low == 0 ? 0 : ends_[low - 1]);
    const std::size_t first = low * kBlock, end = count_ - first < kBlock ? count_ : first + kBlock;
    std::size_t last = first;
    for (std::size_t i = first; i < end; ++i) {
      if (weights_[i] == 0) continue;
      last = i;
      sum.add(weights_[i]);
      if (sum.total() >= wanted) break;
    }
    return last;
  }

  // Takes one out.
  void remove(std::size_t i) {
    weights_[i] = 0;
    measure(i / kBlock);
    add_up(i / kBlock);
  }

 private:
  double* weights_;
  std::size_t count_;
  double *sums_, *ends_;

  void measure(std::size_t block) {
    const std::size_t first = block * kBlock, end = count_ - first < kBlock ? count_ : first + kBlock;
    CompensatedSum sum;
    for (std::size_t i = first; i < end; ++i) sum.add(weights_[i]);
    sums_[block] = sum.total();
  }

  void add_up(std::size_t from) {
    CompensatedSum sum;
    for (std::size_t block = 0; block < blocks(count_); ++block) {
      sum.add(sums_[block]);
      if (block >= from) ends_[block] = sum.total();
    }
  }
};

}  // namespace softmax_native
