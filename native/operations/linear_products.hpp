// The matrix products of a linear layer, logits = hidden weight^T + bias, and of its gradients, for a tile of classes
// and a group of rows at a time. Sums over the depth, over the rows and over the classes are made of blocks of kDepth
// terms, added in order: which task does what leaves no trace. Nothing here allocates.
#pragma once

#include <cstring>

#include "../core/dispatch.hpp"
#include "call.hpp"

namespace softmax_native {

// hidden [rows, depth], weight [classes, depth] and bias [classes] (nullptr = none), row-major.
template <class T>
struct LinearLayer {
  const T *hidden, *weight, *bias;
  std::size_t rows, classes, depth;
};

// Neighbouring rows, or classes.
struct Span {
  std::size_t first, count;
};

// The pieces of `all` that are `most` long.
inline std::size_t pieces_of(std::size_t all, std::size_t most) { return all / most + (all % most != 0 ? 1 : 0); }
inline Span piece_of(std::size_t all, std::size_t most, std::size_t i) {
  const std::size_t first = i * most;
  return {first, all - first < most ? all - first : most};
}

template <class T>
class LinearProducts {
 public:
  // Elements of the scratch memory that a task needs.
  static constexpr std::size_t kScratch = 2 * kDepth * kPanel<T>;

  // A row that is `ignored`, or a class that is `excluded`, is read as zeros where it is the factor of a gradient: what
  // it holds, NaN or infinite, must not reach the others. Both may be nullptr.
  LinearProducts(const LinearLayer<T>& layer, const std::uint8_t* excluded)
      : layer_(layer), excluded_(excluded), k_(kernels().of<T>()) {}

  // Panels of the depth, each kPanel columns.
  std::size_t panels() const { return pieces_of(layer_.depth, kPanel<T>); }
  // Elements of the rows of hidden as panels, and of the sums of their gradient.
  std::size_t packed_size(std::size_t rows) const { return panels() * rows * kPanel<T>; }

  // logits[r * stride + c] for the rows and classes; logits is that of the first of both. `classes` begins at a
  // multiple of kPanel.
  void logits(Span rows, Span classes, T* logits, std::size_t stride, T* panel) const {
    const std::size_t depth = layer_.depth;
    for (std::size_t c = 0; c < classes.count; c += kPanel<T>) {
      const Span some{classes.first + c, classes.count - c < kPanel<T> ? classes.count - c : kPanel<T>};
      const T* addend = layer_.bias == nullptr ? nullptr : layer_.bias + some.first;
      std::size_t addend_stride = 0, k = 0;
      do {
        const std::size_t length = depth - k < kDepth ? depth - k : kDepth;
        pack_classes(some, k, length, panel);
        k_.multiply(layer_.hidden + rows.first * depth + k, depth, 1, panel, addend, addend_stride, logits + c, stride,
                    rows.count, length, some.count);
        addend = logits + c;
        addend_stride = stride;
        k += length;
      } while (k < depth);
    }
  }

  // Panel `p` of the rows of hidden, one line of kPanel for each row; `ignored` says which rows are read as zeros.
  void pack_hidden(Span rows, const std::uint8_t* ignored, std::size_t p, T* packed) const {
    copy_panel(layer_.hidden, rows, ignored, p, packed + p * rows.count * kPanel<T>);
  }

  // The gradient of the weights of some of the tile's classes, in panels p of the depth. `g` is the gradient of the
  // tile's logits at the first row and the first of the classes, `hidden` the packed rows; adds to what is there, or
  // begins.
  void weight_gradient(std::size_t rows, Span classes, const T* g, std::size_t stride, const T* hidden, std::size_t p,
                       bool begins, T* gradient) const {
    const std::size_t depth = layer_.depth, column = p * kPanel<T>;
    const std::size_t columns = depth - column < kPanel<T> ? depth - column : kPanel<T>;
    T* out = gradient + classes.first * depth + column;
    const T* panel = hidden + p * rows * kPanel<T>;
    std::size_t r = 0;
    do {
      const std::size_t length = rows - r < kDepth ? rows - r : kDepth;
      k_.multiply(g + r * stride, 1, stride, panel + r * kPanel<T>, begins && r == 0 ? nullptr : out, depth, out, depth,
                  classes.count, length, columns);
      r += length;
    } while (r < rows);
    for (std::size_t c = 0; excluded_ != nullptr && c < classes.count; ++c) {
      if (excluded_[classes.first + c] == 0) continue;
      for (std::size_t l = 0; l < columns; ++l) out[c * depth + l] = 0;
    }
  }

  // Adds what the tile's classes (at most 2 * kDepth) give to panel p of the gradient of the rows of hidden. Sums are
  // float64, as panels like the packed rows: over many tiles float32 would lose what the kernel's chains keep.
  void add_hidden_gradient(std::size_t rows, Span classes, const T* g, std::size_t stride, std::size_t p, T* panel,
                           double* sums) const {
    constexpr std::size_t kRows = 96;
    T part[kRows * kPanel<T>];
    copy_panel(layer_.weight, classes, excluded_ == nullptr ? nullptr : excluded_ + classes.first, p, panel);
    double* sum = sums + p * rows * kPanel<T>;
    for (std::size_t r = 0; r < rows; r += kRows) {
      const std::size_t count = rows - r < kRows ? rows - r : kRows;
      for (std::size_t c = 0; c < classes.count; c += kDepth) {
        const std::size_t length = classes.count - c < kDepth ? classes.count - c : kDepth;
        k_.multiply(g + r * stride + c, stride, 1, panel + c * kPanel<T>, c == 0 ? nullptr : part, kPanel<T>, part,
                    kPanel<T>, count, length, kPanel<T>);
      }
      k_.add_wide(part, sum + r * kPanel<T>, count * kPanel<T>);
    }
  }

  // The sums of panel p as the gradient of the rows of hidden; zeros for ignored rows, whatever has been added.
  void write_hidden_gradient(Span rows, const std::uint8_t* ignored, std::size_t p, const double* sums,
                             T* gradient) const {
    const std::size_t depth = layer_.depth, column = p * kPanel<T>;
    const std::size_t columns = depth - column < kPanel<T> ? depth - column : kPanel<T>;
    const double* sum = sums + p * rows.count * kPanel<T>;
    for (std::size_t r = 0; r < rows.count; ++r) {
      T* out = gradient + (rows.first + r) * depth + column;
      const bool none = ignored != nullptr && ignored[r] != 0;
      for (std::size_t l = 0; l < columns; ++l) out[l] = none ? T(0) : static_cast<T>(sum[r * kPanel<T> + l]);
    }
  }

 private:
  const LinearLayer<T>& layer_;
  const std::uint8_t* excluded_;
  const KernelsOf<T>& k_;

  // Columns k.. of the weights of at most kPanel classes, as the lines of a panel.
  void pack_classes(Span classes, std::size_t k, std::size_t length, T* panel) const {
    if (classes.count < kPanel<T>) std::memset(panel, 0, length * kPanel<T> * sizeof(T));
    k_.transpose(layer_.weight + classes.first * layer_.depth + k, layer_.depth, panel, kPanel<T>, classes.count,
                 length);
  }

  // The p-th kPanel columns of some lines of a matrix, one after the other and filled up with zeros.
  void copy_panel(const T* matrix, Span lines, const std::uint8_t* left_out, std::size_t p, T* panel) const {
    const std::size_t depth = layer_.depth, column = p * kPanel<T>;
    const std::size_t columns = depth - column < kPanel<T> ? depth - column : kPanel<T>;
    const T* from = matrix + lines.first * depth + column;
    if (columns == kPanel<T>) {
      for (std::size_t i = 0; i < lines.count; ++i) std::memcpy(panel + i * kPanel<T>, from + i * depth, 64);
    } else {
      std::memset(panel, 0, lines.count * 64);
      for (std::size_t i = 0; i < lines.count; ++i) {
        for (std::size_t l = 0; l < columns; ++l) panel[i * kPanel<T> + l] = from[i * depth + l];
      }
    }
    for (std::size_t i = 0; left_out != nullptr && i < lines.count; ++i) {
      if (left_out[i] != 0) std::memset(panel + i * kPanel<T>, 0, 64);
    }
  }
};

}  // namespace softmax_native
