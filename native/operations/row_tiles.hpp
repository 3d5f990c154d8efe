// From a layout to contiguous rows. Rows of the last axis without a mask are used where they stand. All others are
// copied, a tile of neighbouring rows at a time, into scratch: columns by blocked transposes, masked elements as
// the infinity that takes no part; results go back the same way.
#pragma once

#include "../core/dispatch.hpp"
#include "../core/float_mode.hpp"
#include "../parallel/cancel.hpp"
#include "../parallel/pool.hpp"
#include "../parallel/queue.hpp"
#include "call.hpp"
#include "scratch.hpp"

namespace softmax_native {

// A job below this many elements is done by the calling thread alone. From the second one on, sleeping threads are
// woken: that costs the caller some microseconds, and them 60 to 80 before they help; but they then stay awake for the
// calls that follow.
inline constexpr std::size_t kParallel = 32768, kWaking = 65536;
// Elements of a task: about 5 microseconds of work.
inline constexpr std::size_t kTask = 16384;

inline std::size_t divide_up(std::size_t a, std::size_t b) { return a / b + (a % b != 0 ? 1 : 0); }

// Runs task(i, slot) for i < tasks over `elements` elements of work, on at most `slots` threads. When the job is given
// up, the tasks not yet begun are left out: what the operation returns then is worth nothing.
template <class Task>
void run_tasks(std::size_t tasks, std::size_t slots, std::size_t elements, Task& task) {
  if (elements < kParallel) {
    for (std::size_t i = 0; i < tasks; ++i) task(i, 0);
    return;
  }
  const CancelFlag* flag = current_cancel_flag();
  auto in_default_mode = [&task, flag](std::size_t i, std::size_t slot) {
    if (is_cancelled(flag)) return;
    const CancelScope scope(flag);
    const DefaultFloatMode mode;
    task(i, slot);
  };
  Pool& pool = Pool::of_this_thread();
  // Jobs that run at the same time have a part of the processors each.
  const std::size_t sharing = &pool == &Pool::behind() ? Queue::shared().running() : 1;
  pool.run(tasks, sharing < 2 ? slots : divide_up(slots, sharing), elements >= kWaking, in_default_mode);
}

template <class T>
T excluded_key(const Logits<T>& logits) {
  const T infinity = static_cast<T>(__builtin_inf());
  return logits.negate() ? infinity : -infinity;
}

// Neighbouring rows: `count` rows from `first` on, all of one outer index.
struct RowTile {
  std::size_t first, count;
};

template <class T>
class RowTiles {
 public:
  explicit RowTiles(const Logits<T>& logits) : RowTiles(logits, excluded_key(logits)) {}

  // Masked elements read as `excluded`.
  RowTiles(const Logits<T>& logits, T excluded) : logits_(logits), excluded_(excluded) {
    const Layout& layout = logits.layout;
    if (layout.rows() == 0) return;
    const std::size_t n = layout.n == 0 ? 1 : layout.n;
    if (layout.inner == 1) {
      height_ = n >= kTask ? 1 : layout.size() > kTask ? kTask / n : layout.outer;
      return;
    }
    // 16 neighbours are a cache line of float32; fewer when rows are so long that the copy would be huge.
    constexpr std::size_t kNeighbours = 16, kLargest = std::size_t{1} << 24;
    height_ = n >= kLargest / kNeighbours ? (kLargest / n == 0 ? 1 : kLargest / n) : kNeighbours;
    if (n < kTask / kNeighbours) height_ = kTask / n;
    if (height_ > layout.inner) height_ = layout.inner;
    per_outer_ = divide_up(layout.inner, height_);
  }

  bool direct() const { return logits_.layout.inner == 1 && logits_.mask == nullptr; }

  std::size_t count() const {
    const Layout& layout = logits_.layout;
    return layout.inner == 1 ? divide_up(layout.outer, height_) : layout.outer * per_outer_;
  }

  RowTile operator[](std::size_t i) const {
    const Layout& layout = logits_.layout;
    if (layout.inner == 1) {
      const std::size_t first = i * height_;
      return {first, layout.outer - first < height_ ? layout.outer - first : height_};
    }
    const std::size_t column = i % per_outer_ * height_;
    return {i / per_outer_ * layout.inner + column, layout.inner - column < height_ ? layout.inner - column : height_};
  }

  // Elements of scratch that read needs: none where rows are used as they stand.
  std::size_t scratch_size() const { return direct() ? 0 : height_ * logits_.layout.n; }

  // The tile's rows, one after the other: where they stand, or copied into scratch.
  const T* read(RowTile tile, T* scratch) const { return read(logits_.data, tile, excluded_, scratch); }

  // The same for any array of the logits' layout; masked elements read as `excluded`.
  const T* read(const T* array, RowTile tile, T excluded, T* scratch) const {
    if (direct()) return array + tile.first * logits_.layout.n;
    gather(array, tile, scratch);
    exclude(tile, excluded, scratch);
    return scratch;
  }

  // Copies any array of the logits' layout.
  void gather(const T* array, RowTile tile, T* rows) const {
    const Layout& layout = logits_.layout;
    if (layout.inner == 1) {
      const T* from = array + tile.first * layout.n;
      for (std::size_t i = 0; i < tile.count * layout.n; ++i) rows[i] = from[i];
    } else {
      kernels().of<T>().transpose(array + start(tile), layout.inner, rows, layout.n, layout.n, tile.count);
    }
  }

  void scatter(const T* rows, RowTile tile, T* array) const {
    const Layout& layout = logits_.layout;
    if (layout.inner == 1) {
      T* to = array + tile.first * layout.n;
      if (to == rows) return;
      for (std::size_t i = 0; i < tile.count * layout.n; ++i) to[i] = rows[i];
    } else {
      kernels().of<T>().transpose(rows, layout.n, array + start(tile), layout.inner, tile.count, layout.n);
    }
  }

  // Rows as read, masked elements as `excluded`.
  void exclude(RowTile tile, T excluded, T* rows) const {
    if (logits_.mask == nullptr) return;
    const std::size_t n = logits_.layout.n;
    const Strides& s = logits_.mask_strides;
    for (std::size_t r = 0; r < tile.count; ++r) {
      const std::size_t row = tile.first + r, inner = logits_.layout.inner;
      const std::uint8_t* mask = logits_.mask + row / inner * s.outer + row % inner * s.inner;
      T* x = rows + r * n;
      if (s.n == 1) {
        kernels().of<T>().keep_masked(x, mask, x, n, excluded);
      } else {
        for (std::size_t j = 0; j < n; ++j) x[j] = mask[j * s.n] != 0 ? x[j] : excluded;
      }
    }
  }

  bool takes_part(std::size_t row, std::size_t j) const {
    if (logits_.mask == nullptr) return true;
    const Strides& s = logits_.mask_strides;
    const std::size_t inner = logits_.layout.inner;
    return logits_.mask[row / inner * s.outer + j * s.n + row % inner * s.inner] != 0;
  }

 private:
  const Logits<T>& logits_;
  const T excluded_;
  std::size_t height_ = 1, per_outer_ = 1;

  std::size_t start(RowTile tile) const {
    const Layout& layout = logits_.layout;
    return tile.first / layout.inner * layout.n * layout.inner + tile.first % layout.inner;
  }
};

}  // namespace softmax_native
