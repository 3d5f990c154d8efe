// The matrix products of a linear layer, logits = hidden weight^T + bias, and of its gradients, for a tile of classes
// and a group of rows at a time. Sums over the depth, over the rows and over the classes are made of blocks of kDepth
// terms, added in order: which task does what leaves no trace. Nothing here allocates.
#pragma once

#include <cstring>

#include "../core/dispatch.hpp"
#include "../core/prefetch.hpp"
#include "call.hpp"

namespace softmax_native {

// Classes of a tile. Part of the numeric contract: a tile's classes have a maximum and a sum of their own. 256 costs 4
// % more time in the passes over short pieces, 1024 nothing less.
inline constexpr std::size_t kTileClasses = 512;

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
  static constexpr std::size_t kScratch = kDepth * kPanel<T>;

  explicit LinearProducts(const LinearLayer<T>& layer) : layer_(layer), k_(kernels().of<T>()) {}

  // Panels of the depth, each kPanel columns.
  std::size_t panels() const { return pieces_of(layer_.depth, kPanel<T>); }
  // Elements of the rows of hidden as panels, and of the sums of their gradient; of a tile's classes.
  std::size_t packed_size(std::size_t rows) const { return panels() * rows * kPanel<T>; }
  std::size_t packed_tile_size() const { return panels() * kLines * kPanel<T>; }

  // logits[r * stride + c] for the rows and classes; logits is that of the first of both. `classes` begins at a
  // multiple of kPanel.
  void logits(Span rows, Span classes, T* logits, std::size_t stride, T* panel) const {
    if (rows.count <= kUnpackedRows) return logits_of_few(rows, classes, logits, stride);
    const std::size_t depth = layer_.depth;
    for (std::size_t c = 0; c < classes.count; c += kPanel<T>) {
      const Span some{classes.first + c, classes.count - c < kPanel<T> ? classes.count - c : kPanel<T>};
      const T* addend = layer_.bias == nullptr ? nullptr : layer_.bias + some.first;
      std::size_t addend_stride = 0, k = 0;
      do {
        const std::size_t length = depth - k < kDepth ? depth - k : kDepth;
        pack_classes(some, k, length, panel);
        // The next block of weights: to the right, or of the next classes.
        const bool down = k + length == depth;
        const std::size_t next = down ? c + kPanel<T> : c, next_k = down ? 0 : k + length;
        Ahead ahead;
        if (next < classes.count) {
          const std::size_t count = classes.count - next < kPanel<T> ? classes.count - next : kPanel<T>;
          const std::size_t next_length = depth - next_k < kDepth ? depth - next_k : kDepth;
          ahead = Ahead(layer_.weight + (classes.first + next) * depth + next_k, count, next_length * sizeof(T),
                        depth * sizeof(T), false);
        }
        each_rows(rows.count, ahead, [&](std::size_t r, std::size_t count) {
          k_.multiply(layer_.hidden + (rows.first + r) * depth + k, depth, 1, panel,
                      addend == nullptr ? nullptr : addend + r * addend_stride, addend_stride, logits + r * stride + c,
                      stride, count, length, some.count);
        });
        addend = logits + c;
        addend_stride = stride;
        k += length;
      } while (k < depth);
    }
  }

  // All classes as panels, each of them [depth, kPanel].
  std::size_t packed_classes_size() const { return pieces_of(layer_.classes, kPanel<T>) * layer_.depth * kPanel<T>; }
  void pack_all_classes(T* packed) const {
    for (std::size_t c = 0; c < layer_.classes; c += kPanel<T>, packed += layer_.depth * kPanel<T>) {
      pack_classes(piece_of(layer_.classes, kPanel<T>, c / kPanel<T>), 0, layer_.depth, packed);
    }
  }

  // The logits of all classes, to the bits of `logits`, from what pack_all_classes made.
  void logits_of_packed(Span rows, const T* packed, T* logits, std::size_t stride) const {
    const std::size_t depth = layer_.depth;
    for (std::size_t c = 0; c < layer_.classes; c += kPanel<T>, packed += depth * kPanel<T>) {
      const std::size_t columns = layer_.classes - c < kPanel<T> ? layer_.classes - c : kPanel<T>;
      const T* addend = layer_.bias == nullptr ? nullptr : layer_.bias + c;
      std::size_t addend_stride = 0, k = 0;
      do {
        const std::size_t length = depth - k < kDepth ? depth - k : kDepth;
        k_.multiply(layer_.hidden + rows.first * depth + k, depth, 1, packed + k * kPanel<T>, addend, addend_stride,
                    logits + c, stride, rows.count, length, columns);
        addend = logits + c;
        addend_stride = stride;
        k += length;
      } while (k < depth);
    }
  }

  // What holds NaN or Infinity is `odd`: it is left out of the products that follow, and comes into a sum only where
  // its factor is not 0. So neither an ignored row nor a class without probability makes NaN of what it has no part in.
  // Odd rows of hidden, in flags from the first of them on:
  void find_odd_rows(Span rows, std::uint8_t* odd) const {
    for (std::size_t r = 0; r < rows.count; ++r) {
      const T* row = layer_.hidden + (rows.first + r) * layer_.depth;
      odd[r] = k_.find_non_finite(row, layer_.depth) == layer_.depth ? 0 : 1;
    }
  }
  // Classes that may be odd, by the logits of any row: with an odd factor, none is finite.
  void find_odd_classes(const T* logits, std::size_t classes, std::uint8_t* odd) const {
    for (std::size_t c = 0; c < classes; ++c) odd[c] = logits[c] - logits[c] == 0 ? 0 : 1;
  }

  // Rows of hidden as panels: element l of line i of panel p is column p * kPanel + l of row i.
  void pack_hidden(Span rows, const std::uint8_t* odd, T* packed) const {
    pack(layer_.hidden, rows, odd, rows.count, packed);
  }
  // Classes of a tile, likewise. They are read in the order of memory: by columns, 2 KiB and more apart, it takes four
  // times longer. `odd` is that of the first of them, and `packed` where it goes.
  void pack_weight(Span classes, const std::uint8_t* odd, T* packed) const {
    pack(layer_.weight, classes, odd, kLines, packed);
  }

  // The gradient of the weights of some of a tile's classes, in panel p of the depth. `g` is the gradient of the logits
  // at the first row and the first of the classes, `hidden` the packed rows; adds to what is there, unless it `begins`.
  void weight_gradient(Span rows, Span classes, const T* g, std::size_t stride, const T* hidden,
                       const std::uint8_t* odd, std::size_t p, bool begins, T* gradient) const {
    const std::size_t depth = layer_.depth, column = p * kPanel<T>, columns = columns_of(p);
    const T* panel = hidden + p * rows.count * kPanel<T>;
    T* out = gradient + classes.first * depth + column;
    std::size_t r = 0;
    do {
      const std::size_t length = rows.count - r < kDepth ? rows.count - r : kDepth;
      const T* addend = begins && r == 0 ? nullptr : out;
      Ahead ahead;
      if (r == 0 && p + 1 < panels()) ahead = Ahead(out + kPanel<T>, classes.count, kLine, depth * sizeof(T), true);
      each_rows(classes.count, ahead, [&](std::size_t c, std::size_t count) {
        k_.multiply(g + r * stride + c, 1, stride, panel + r * kPanel<T>,
                    addend == nullptr ? nullptr : addend + c * depth, depth, out + c * depth, depth, count, length,
                    columns);
      });
      r += length;
    } while (r < rows.count);
    each_odd(odd, rows.count, [&](std::size_t i) {
      const T* row = layer_.hidden + (rows.first + i) * depth + column;
      for (std::size_t c = 0; c < classes.count; ++c) add_unless_zero(g[i * stride + c], row, columns, out + c * depth);
    });
  }

  // Adds what the classes of a tile give to panel p of the gradient of the rows of hidden; `weight` is what pack_weight
  // made of them. Sums are float64, in panels like the packed rows: over many tiles float32 would lose what the
  // kernel's chains keep.
  void add_hidden_gradient(std::size_t rows, Span classes, const T* g, std::size_t stride, const T* weight,
                           const std::uint8_t* odd, std::size_t p, double* sums) const {
    constexpr std::size_t kSome = 96;
    const T* panel = weight + p * kLines * kPanel<T>;
    double* sum = sums + p * rows * kPanel<T>;
    T part[kSome * kPanel<T>];
    for (std::size_t r = 0; r < rows; r += kSome) {
      const std::size_t count = rows - r < kSome ? rows - r : kSome;
      for (std::size_t c = 0; c < classes.count; c += kDepth) {
        k_.multiply(g + r * stride + c, stride, 1, panel + c * kPanel<T>, c == 0 ? nullptr : part, kPanel<T>, part,
                    kPanel<T>, count, classes.count - c < kDepth ? classes.count - c : kDepth, kPanel<T>);
      }
      k_.add_wide(part, sum + r * kPanel<T>, count * kPanel<T>);
    }
    each_odd(odd, classes.count, [&](std::size_t c) {
      const T* row = layer_.weight + (classes.first + c) * layer_.depth + p * kPanel<T>;
      for (std::size_t r = 0; r < rows; ++r)
        add_unless_zero(g[r * stride + c], row, columns_of(p), sum + r * kPanel<T>);
    });
  }

  // The sums of panel p as the gradient of the rows of hidden.
  void write_hidden_gradient(Span rows, std::size_t p, const double* sums, T* gradient) const {
    const double* sum = sums + p * rows.count * kPanel<T>;
    for (std::size_t r = 0; r < rows.count; ++r) {
      T* out = gradient + (rows.first + r) * layer_.depth + p * kPanel<T>;
      for (std::size_t l = 0; l < columns_of(p); ++l) out[l] = static_cast<T>(sum[r * kPanel<T> + l]);
    }
  }

 private:
  // Bytes of a panel's line; rows of a product between two looks ahead.
  static constexpr std::size_t kLine = kPanel<T> * sizeof(T), kRows = 12;
  // So many rows take less time one by one than the packing of the classes.
  static constexpr std::size_t kUnpackedRows = 2;
  // From a tile's panel to the next: one more than it has lines, or they would all lie in the same sets of the cache.
  static constexpr std::size_t kLines = kTileClasses + 1;

  const LinearLayer<T>& layer_;
  const KernelsOf<T>& k_;

  std::size_t columns_of(std::size_t p) const {
    const std::size_t left = layer_.depth - p * kPanel<T>;
    return left < kPanel<T> ? left : kPanel<T>;
  }

  // Calls work(index) for the odd ones.
  template <class Work>
  static void each_odd(const std::uint8_t* odd, std::size_t count, const Work& work) {
    const std::uint8_t* const end = odd + count;
    for (const std::uint8_t* at = odd; at != end; ++at) {
      at = static_cast<const std::uint8_t*>(std::memchr(at, 1, static_cast<std::size_t>(end - at)));
      if (at == nullptr) return;
      work(static_cast<std::size_t>(at - odd));
    }
  }

  template <class Sum>
  static void add_unless_zero(T factor, const T* x, std::size_t n, Sum* sum) {
    if (factor == 0) return;
    for (std::size_t l = 0; l < n; ++l) sum[l] += static_cast<Sum>(factor) * static_cast<Sum>(x[l]);
  }

  // Calls work(first, count) for all rows, some at a time, and meanwhile asks for what comes next.
  template <class Work>
  static void each_rows(std::size_t rows, Ahead& ahead, const Work& work) {
    const std::size_t parts = pieces_of(rows, kRows), lines = parts == 0 ? 0 : pieces_of(ahead.lines(), parts);
    for (std::size_t r = 0; r < rows; r += kRows) {
      ahead.ask(lines);
      work(r, rows - r < kRows ? rows - r : kRows);
    }
  }

  // The same, to the bit, for few rows.
  void logits_of_few(Span rows, Span classes, T* logits, std::size_t stride) const {
    const std::size_t depth = layer_.depth;
    for (std::size_t r = 0; r < rows.count; ++r) {
      T* out = logits + r * stride;
      const T* addend = layer_.bias == nullptr ? nullptr : layer_.bias + classes.first;
      std::size_t k = 0;
      do {
        k_.multiply_row(layer_.hidden + (rows.first + r) * depth + k, layer_.weight + classes.first * depth + k, depth,
                        addend, out, classes.count, depth - k < kDepth ? depth - k : kDepth);
        addend = out;
        k += kDepth;
      } while (k < depth);
    }
  }

  // Columns k.. of the weights of at most kPanel classes, as the lines of a panel.
  void pack_classes(Span classes, std::size_t k, std::size_t length, T* panel) const {
    if (classes.count < kPanel<T>) std::memset(panel, 0, length * kPanel<T> * sizeof(T));
    k_.transpose(layer_.weight + classes.first * layer_.depth + k, layer_.depth, panel, kPanel<T>, classes.count,
                 length);
  }

  // Lines of a matrix as panels, each of which has `lines` of them; filled up with zeros.
  void pack(const T* matrix, Span rows, const std::uint8_t* odd, std::size_t lines, T* packed) const {
    const std::size_t depth = layer_.depth, whole = depth / kPanel<T>, rest = depth % kPanel<T>;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const T* from = matrix + (rows.first + i) * depth;
      T* to = packed + i * kPanel<T>;
      for (std::size_t p = 0; p < whole; ++p, from += kPanel<T>, to += lines * kPanel<T>) {
        if (odd[i] == 0) {
          std::memcpy(to, from, kLine);
        } else {
          std::memset(to, 0, kLine);
        }
      }
      for (std::size_t l = 0; rest != 0 && l < kPanel<T>; ++l) to[l] = odd[i] != 0 || l >= rest ? T(0) : from[l];
    }
  }
};

}  // namespace softmax_native
