// Stochastic gradient descent on an output layer and on the table that its hidden vectors come from. The layer says
// what a step is:
//
//   struct Layer {
//     // One step on the examples of a minibatch, which all see the same parameters: adds d loss / d hidden of each to
//     // its row of batch.gradient, updates the layer, and gives the sum of the losses (before the update), in order.
//     double step(const MiniBatch<T>& batch);
//     // Adds the rows that the step on an example will need; `step` asks for some of them between its kernels.
//     void ask(std::size_t example, RowsAhead<T>& ahead) const;
//     // Only of layers that look up which rows these are: asks the caches for that, one example before.
//     void expect(std::size_t example) const;
//     // A range of examples is over.
//     void leave(std::size_t range);
//     // Only of layers that have it: the losses that the steps of a range have kept back, to make one sum of them.
//     double kept(std::size_t range) const;
//   };
//
// One range of examples is exact: same bits on every table. Several, contiguous and of whole minibatches, run side by
// side and update the same parameters without locks, so that now and then an update is lost (Recht et al., "Hogwild!",
// 2011).
#pragma once

#include <cstring>

#include "../core/dispatch.hpp"
#include "row_tiles.hpp"
#include "rows_ahead.hpp"

namespace softmax_native {

// The hidden vector of example k is row rows[k] of the table, or the mean of rows[offsets[k]] to
// rows[offsets[k + 1] - 1], of which there is at least one.
template <class T>
struct Examples {
  T* table;
  std::size_t dim;
  const std::int32_t* rows;
  const std::int32_t* offsets;  // nullptr = one row each
  std::size_t count;
  double table_rate;  // gradients times this are subtracted from the rows of the table
};

// Examples first to first + count - 1, one after the other.
template <class T>
struct MiniBatch {
  std::size_t first, count;
  const T* const* hidden;
  T* gradient;  // [count, dim]
  std::size_t range;
  RowsAhead<T>* ahead;  // of `train`
};

// The hidden vectors of minibatches, and the way back of their gradients; each range has memory of its own.
template <class T>
class HiddenRows {
 public:
  HiddenRows(const Examples<T>& examples, std::size_t batch, std::size_t ranges)
      : examples_(examples), k_(kernels_for_rows<T>(examples.dim)), hidden_(ranges, batch * sizeof(T*)),
        gradient_(ranges, batch * examples.dim * sizeof(T)),
        means_(examples.offsets == nullptr ? 0 : ranges, batch * examples.dim * sizeof(T)) {
    for (T& one : ones_) one = 1;
  }
  bool ok() const { return hidden_.ok() && gradient_.ok() && means_.ok(); }

  MiniBatch<T> gather(std::size_t first, std::size_t count, std::size_t range, RowsAhead<T>* ahead = nullptr) const {
    const T** hidden = hidden_.template part<const T*>(range);
    T* gradient = gradient_.template part<T>(range);
    std::memset(gradient, 0, count * examples_.dim * sizeof(T));
    for (std::size_t i = 0; i < count; ++i) {
      hidden[i] = examples_.offsets == nullptr ? at(first + i)
                                               : mean(first + i, means_.template part<T>(range) + i * examples_.dim);
    }
    return {first, count, hidden, gradient, range, ahead};
  }

  void scatter(const MiniBatch<T>& batch) const {
    for (std::size_t i = 0; i < batch.count; ++i) {
      const std::size_t size = size_of(batch.first + i);
      const T factor = static_cast<T>(-(examples_.table_rate / static_cast<double>(size)));
      T* gradient = batch.gradient + i * examples_.dim;
      each_part(batch.first + i, [&](T* const* rows, std::size_t count) {
        k_.row_updates(gradient, rows, ones_, count, examples_.dim, factor, nullptr);
      });
    }
  }

  // Adds the rows of an example.
  void ask(std::size_t example, RowsAhead<T>& ahead) const {
    const std::size_t first = first_of(example);
    for (std::size_t i = 0; i < size_of(example); ++i) ahead.add(at(first + i));
  }

 private:
  static constexpr std::size_t kSome = 32;
  const Examples<T>& examples_;
  const KernelsOf<T>& k_;
  const Scratch hidden_, gradient_, means_;
  T ones_[kSome];

  T* at(std::size_t i) const { return examples_.table + static_cast<std::size_t>(examples_.rows[i]) * examples_.dim; }
  std::size_t first_of(std::size_t example) const {
    return examples_.offsets == nullptr ? example : static_cast<std::size_t>(examples_.offsets[example]);
  }
  std::size_t size_of(std::size_t example) const {
    return examples_.offsets == nullptr ? 1 : first_of(example + 1) - first_of(example);
  }

  // use(rows, count) for the rows of an example, a few at a time.
  template <class Use>
  void each_part(std::size_t example, const Use& use) const {
    T* rows[kSome];
    const std::size_t end = first_of(example) + size_of(example);
    for (std::size_t i = first_of(example); i < end;) {
      std::size_t count = 0;
      for (; count < kSome && i < end; ++i) rows[count++] = at(i);
      use(rows, count);
    }
  }

  const T* mean(std::size_t example, T* sum) const {
    const std::size_t size = size_of(example);
    std::memset(sum, 0, examples_.dim * sizeof(T));
    each_part(example, [&](T* const* rows, std::size_t count) {
      k_.row_updates(nullptr, rows, ones_, count, examples_.dim, T(0), sum);
    });
    if (size != 1) k_.scale(sum, sum, examples_.dim, static_cast<T>(1 / static_cast<double>(size)), false);
    return sum;
  }
};

// Trains on all examples, or on those until the job is given up; `ranges` <= Pool::kMaxThreads. Gives the sum of all
// losses.
template <class T, class Layer>
Outcome train(const Examples<T>& examples, std::size_t batch, std::size_t ranges, Layer& layer, double* loss) {
  // Minibatches between two looks whether the job has been given up.
  constexpr std::size_t kUnwatched = 64;
  const HiddenRows<T> hidden(examples, batch, ranges);
  if (!hidden.ok()) return {Status::kOutOfMemory, 0};
  const std::size_t batches = divide_up(examples.count, batch);
  double sums[Pool::kMaxThreads] = {};
  const CancelFlag* flag = current_cancel_flag();
  auto range = [&](std::size_t i, std::size_t) {
    const std::size_t begin = batches * i / ranges, end = batches * (i + 1) / ranges;
    const std::size_t last = end * batch < examples.count ? end * batch : examples.count;
    double sum = 0;
    RowsAhead<T> ahead(examples.dim);
    for (std::size_t b = begin; b < end; ++b) {
      if ((b - begin) % kUnwatched == 0 && is_cancelled(flag)) break;
      const std::size_t first = b * batch, count = last - first < batch ? last - first : batch;
      // On its way while this one is computed.
      const std::size_t next = first + count;
      if (next < last) {
        hidden.ask(next, ahead);
        layer.ask(next, ahead);
      }
      if constexpr (requires { layer.expect(next); }) {
        if (next + 1 < last) layer.expect(next + 1);
      }
      ahead.ask();
      const MiniBatch<T> now = hidden.gather(first, count, i, &ahead);
      sum += layer.step(now);
      ahead.ask_all();
      hidden.scatter(now);
    }
    layer.leave(i);
    if constexpr (requires { layer.kept(i); }) sum += layer.kept(i);
    sums[i] = sum;
  };
  // Ranges are worth a thread however short they are: they are made only where the caller asks for threads.
  run_tasks(ranges, ranges, kWaking, range);
  *loss = 0;
  for (std::size_t i = 0; i < ranges; ++i) *loss += sums[i];
  return {};
}

}  // namespace softmax_native
