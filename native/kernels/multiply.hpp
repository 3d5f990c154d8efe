// Matrix products, one panel of columns at a time.
//   out[i, l] = addend[i, l] + sum_k a[i, k] panel[k, l]
// A panel is a cache line wide and lies packed, so that a step over k reads one line of it and one element of each row
// of a. Lanes are columns and each sum is one chain of fma over k, from 0 on: the width of a register leaves no trace.
// Callers break long sums into blocks (core/table.hpp: kDepth) and add them up through `addend`.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

template <class V>
inline constexpr std::size_t kPanelColumns = 64 / sizeof(typename V::Scalar);

// Rows of a that share what is read of the panel. Six of them by two registers are 12 sums side by side, which with
// fused multiply-adds of latency 4 on two ports leaves room for nothing better on 16 registers.
inline constexpr std::size_t kTileRows = 6;

// Where six rows of a stand at the present k. Two pointers and a stride, so that all of the loop stays in registers.
template <class T>
struct SixRows {
  const T *first, *second;
  std::size_t row;

  SixRows(const T* a, std::size_t a_row, std::size_t) : first(a), second(a + 3 * a_row), row(a_row) {}
  SOFTMAX_INLINE T at(std::size_t i) const { return i < 3 ? first[i * row] : second[(i - 3) * row]; }
  SOFTMAX_INLINE void advance(std::size_t step) {
    first += step;
    second += step;
  }
};

// The same for fewer rows than six: the last one stands for those that are not there, whose sums nobody stores.
template <class T>
struct FewRows {
  const T* rows[kTileRows];

  FewRows(const T* a, std::size_t a_row, std::size_t count) {
    for (std::size_t i = 0; i < kTileRows; ++i) rows[i] = a + (i < count ? i : count - 1) * a_row;
  }
  SOFTMAX_INLINE T at(std::size_t i) const { return *rows[i]; }
  SOFTMAX_INLINE void advance(std::size_t step) {
    for (const T*& row : rows) row += step;
  }
};

template <class V, std::size_t vectors, class Rows>
SOFTMAX_INLINE void multiply_tile(Rows a, std::size_t a_step, const typename V::Scalar* panel, std::size_t depth,
                                  V (&sum)[kTileRows][vectors]) {
  for (std::size_t i = 0; i < kTileRows; ++i) {
    for (std::size_t v = 0; v < vectors; ++v) sum[i][v] = V::broadcast(0);
  }
  for (const auto* end = panel + depth * kPanelColumns<V>; panel != end; panel += kPanelColumns<V>) {
    V line[vectors];
    for (std::size_t v = 0; v < vectors; ++v) line[v] = V::load(panel + v * V::kLanes);
    for (std::size_t i = 0; i < kTileRows; ++i) {
      const V factor = V::broadcast(a.at(i));
      for (std::size_t v = 0; v < vectors; ++v) sum[i][v] = V::fma(factor, line[v], sum[i][v]);
    }
    a.advance(a_step);
  }
}

// out[i * out_stride + l] = addend[i * addend_stride + l] + sum over k < depth of
// a[i * a_row + k * a_step] * panel[k * kPanelColumns + l],  i < rows, l < columns <= kPanelColumns.
// All of the panel's columns are read. addend may be nullptr (nothing is added) or out. NaN and infinities go the way
// of IEEE arithmetic. Each sum is within depth u of the exact one, relative to the sum of its terms' magnitudes.
template <class V>
void multiply(const typename V::Scalar* a, std::size_t a_row, std::size_t a_step, const typename V::Scalar* panel,
              const typename V::Scalar* addend, std::size_t addend_stride, typename V::Scalar* out,
              std::size_t out_stride, std::size_t rows, std::size_t depth, std::size_t columns) {
  using T = typename V::Scalar;
  constexpr std::size_t kLanes = V::kLanes, kVectors = kPanelColumns<V> >= 2 * kLanes ? 2 : 1;
  const V zero = V::broadcast(0);
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    const std::size_t tall = rows - row < kTileRows ? rows - row : kTileRows;
    const T* from = a + row * a_row;
    for (std::size_t first = 0; first < columns; first += kVectors * kLanes) {
      V sum[kTileRows][kVectors];
      if (tall == kTileRows) {
        multiply_tile<V, kVectors>(SixRows<T>(from, a_row, tall), a_step, panel + first, depth, sum);
      } else {
        multiply_tile<V, kVectors>(FewRows<T>(from, a_row, tall), a_step, panel + first, depth, sum);
      }
      for (std::size_t i = 0; i < tall; ++i) {
        for (std::size_t v = 0; v < kVectors; ++v) {
          const std::size_t column = first + v * kLanes;
          if (column >= columns) break;
          const T* add = addend == nullptr ? nullptr : addend + (row + i) * addend_stride + column;
          T* to = out + (row + i) * out_stride + column;
          if (columns - column >= kLanes) {
            V(add == nullptr ? sum[i][v] : V::load(add) + sum[i][v]).store(to);
          } else {
            const std::size_t count = columns - column;
            V(add == nullptr ? sum[i][v] : V::load_partial(add, count, zero) + sum[i][v]).store_partial(to, count);
          }
        }
      }
    }
  }
}

// sum[i] += x[i]
template <class V>
void add_wide(const typename V::Scalar* x, double* sum, std::size_t n) {
  constexpr std::size_t kWide = F64::kLanes;
  std::size_t i = 0;
  for (const std::size_t end = n - n % V::kLanes; i < end; i += V::kLanes) {
    const V v = V::load(x + i);
    F64(F64::load(sum + i) + v.template widen<0>()).store(sum + i);
    if constexpr (V::kWideParts == 2) F64(F64::load(sum + i + kWide) + v.template widen<1>()).store(sum + i + kWide);
  }
  for (; i < n; ++i) sum[i] += static_cast<double>(x[i]);
}

}  // namespace softmax_native::SOFTMAX_ISA
