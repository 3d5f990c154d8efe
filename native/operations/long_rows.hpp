// Rows of more than one chunk. Each chunk has a maximum of its own and a sum relative to it, so that the row is read
// from memory once; the chunks' sums are brought to the row's maximum in chunk order, in float64. Which thread did
// which chunk leaves no trace. This is the mergeable (max, sum) of online softmax (Milakov and Gimelshein 2018).
#pragma once

#include "row_tiles.hpp"

namespace softmax_native {

inline std::size_t chunk_count(std::size_t n) { return divide_up(n, kChunk); }

// Calls work(chunk, start, length) for the chunks of a row, on several threads where it pays. `backwards` starts with
// what was touched last and is still in cache.
template <class Work>
void each_chunk(std::size_t n, bool backwards, const Work& work) {
  constexpr std::size_t kAtOnce = kTask / kChunk;
  const std::size_t chunks = chunk_count(n), tasks = divide_up(chunks, kAtOnce);
  auto task = [&](std::size_t i, std::size_t) {
    const std::size_t first = (backwards ? tasks - 1 - i : i) * kAtOnce;
    const std::size_t end = first + kAtOnce < chunks ? first + kAtOnce : chunks;
    for (std::size_t c = first; c < end; ++c) {
      const std::size_t start = c * kChunk;
      work(c, start, n - start < kChunk ? n - start : kChunk);
    }
  };
  run_tasks(tasks, Pool::shared().threads(), n, task);
}

// A sum that keeps its rounding errors (Knuth's TwoSum).
class CompensatedSum {
 public:
  void add(double x) {
    const double s = sum_ + x, back = s - sum_;
    lost_ += (sum_ - (s - back)) + (x - back);
    sum_ = s;
  }
  // An infinite sum has lost Infinity - Infinity.
  double total() const { return lost_ - lost_ == 0 ? sum_ + lost_ : sum_; }

 private:
  double sum_ = 0, lost_ = 0;
};

// The sum of what the chunks gave, in their order; an infinite one stays infinite.
inline double sum_in_order(const double* terms, std::size_t count) {
  CompensatedSum sum;
  double plain = 0;
  for (std::size_t i = 0; i < count; ++i) {
    sum.add(terms[i]);
    plain += terms[i];
  }
  return plain - plain == 0 ? sum.total() : plain;
}

// The chunks' maxima and sums, e^(|beta| (chunk max - row max)), and a sum of the operation's own: four runs of doubles
// in the workspace.
struct ChunkParts {
  double *max, *sum, *weight, *own;

  ChunkParts(double* memory, std::size_t chunks)
      : max(memory), sum(memory + chunks), weight(memory + 2 * chunks), own(memory + 3 * chunks) {}
};

// The row's greatest key; NaN if any chunk has one.
inline double row_max(const ChunkParts& parts, std::size_t chunks) {
  return kernels().f64.max(parts.max, chunks, false);
}

// Fills the weights; all maxima are -Infinity or finite, the greatest finite.
inline void weigh(const ChunkParts& parts, std::size_t chunks, double max, double beta) {
  kernels().f64.exp_sum(parts.max, parts.weight, chunks, max, beta < 0 ? -beta : beta);
}

}  // namespace softmax_native
