// The top of a tree while ranges of examples are learnt side by side. Every path leads through the nodes near the root:
// if all threads wrote these rows, each step would wait for the other's cache lines, and two threads would be no faster
// than one. So each range has its own copies, and now and then adds to the layer what they have learnt since it last
// did.
#pragma once

#include <atomic>
#include <cstring>

#include "tree.hpp"

namespace softmax_native {

template <class T>
class TreeTop {
 public:
  TreeTop(const TreeLayer<T>& layer, std::size_t ranges)
      : layer_(layer), rows_(ranges < 2                 ? 0
                             : layer.tree.inner < kRows ? layer.tree.inner
                                                        : kRows),
        nodes_(rows_ == 0 ? 0 : 1, kRows * sizeof(std::int32_t)),
        places_(rows_ == 0 ? 0 : 1, layer.tree.inner * sizeof(std::int32_t)),
        copies_(rows_ == 0 ? 0 : ranges, rows_ * layer.dim * sizeof(T)),
        merged_(rows_ == 0 ? 0 : ranges, rows_ * layer.dim * sizeof(T)) {
    if (rows_ == 0 || !ok()) return;
    choose();
    for (std::size_t range = 0; range < ranges; ++range) {
      for (std::size_t i = 0; i < rows_; ++i) {
        const T* row = layer.row(nodes()[i]);
        std::memcpy(copy(range, i), row, layer.dim * sizeof(T));
        std::memcpy(merged(range, i), row, layer.dim * sizeof(T));
      }
    }
  }
  bool ok() const { return nodes_.ok() && places_.ok() && copies_.ok() && merged_.ok(); }

  // The range's own rows in place of the layer's.
  void replace(const std::int32_t* path, std::size_t count, std::size_t range, T** rows) const {
    if (rows_ == 0) return;
    const std::int32_t* places = places_.template part<std::int32_t>(0);
    for (std::size_t i = 0; i < count; ++i) {
      const std::int32_t place = places[path[i]];
      if (place >= 0) rows[i] = copy(range, static_cast<std::size_t>(place));
    }
  }

  // So many more examples have been learnt.
  void count(std::size_t range, std::size_t examples) {
    if (rows_ == 0) return;
    learnt_[range].examples += examples;
    if (learnt_[range].examples < kExamples) return;
    learnt_[range].examples = 0;
    merge(range);
  }

  // layer += copy - what the copy was when it was last merged; the copy then has what others have learnt, too.
  void merge(std::size_t range) {
    if (rows_ == 0) return;
    while (merging_.test_and_set(std::memory_order_acquire)) {
    }
    for (std::size_t i = 0; i < rows_; ++i) {
      T *shared = layer_.row(nodes()[i]), *own = copy(range, i), *before = merged(range, i);
      for (std::size_t j = 0; j < layer_.dim; ++j) {
        const T sum = shared[j] + (own[j] - before[j]);
        shared[j] = own[j] = before[j] = sum;
      }
    }
    merging_.clear(std::memory_order_release);
  }

 private:
  // Rows that fit the second-level cache, and examples between two mergers.
  static constexpr std::size_t kRows = 256, kExamples = 512;
  struct alignas(64) Learnt {
    std::size_t examples = 0;
  };

  const TreeLayer<T>& layer_;
  const std::size_t rows_;
  const Scratch nodes_, places_, copies_, merged_;
  Learnt learnt_[Pool::kMaxThreads];
  std::atomic_flag merging_;

  std::int32_t* nodes() const { return nodes_.template part<std::int32_t>(0); }
  T* copy(std::size_t range, std::size_t i) const { return copies_.template part<T>(range) + i * layer_.dim; }
  T* merged(std::size_t range, std::size_t i) const { return merged_.template part<T>(range) + i * layer_.dim; }

  // Level by level from the root down.
  void choose() {
    const CodeTree& tree = layer_.tree;
    std::int32_t* places = places_.template part<std::int32_t>(0);
    std::memset(places, -1, tree.inner * sizeof(std::int32_t));
    std::size_t found = 1;
    nodes()[0] = ~tree.root;
    for (std::size_t i = 0; i < found; ++i) {
      places[nodes()[i]] = static_cast<std::int32_t>(i);
      for (unsigned bit = 0; bit < 2 && found < rows_; ++bit) {
        const std::int32_t child = tree.child(nodes()[i], bit);
        if (child < 0) nodes()[found++] = ~child;
      }
    }
  }
};

}  // namespace softmax_native
