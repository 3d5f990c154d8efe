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

// A matrix whose element [i, k] stands at i * row + k * step.
template <class T>
struct Strided {
  T* data;
  std::size_t row, step;
};

// The first `rows` <= kTileRows rows of a product with `vectors` vectors of a panel, of which the result has `columns`.
template <class V, std::size_t rows, std::size_t vectors>
inline void multiply_tile(Strided<const typename V::Scalar> a, const typename V::Scalar* panel,
                          Strided<const typename V::Scalar> addend, Strided<typename V::Scalar> out, std::size_t depth,
                          std::size_t columns) {
  // Two pointers and a stride reach all rows, so that the loop stays in registers.
  const typename V::Scalar *upper = a.data, *lower = rows > 3 ? upper + 3 * a.row : upper;
  V sum[rows][vectors];
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t v = 0; v < vectors; ++v) sum[i][v] = V::broadcast(0);
  }
  for (const auto* end = panel + depth * kPanelColumns<V>; panel != end; panel += kPanelColumns<V>) {
    V line[vectors];
    for (std::size_t v = 0; v < vectors; ++v) line[v] = V::load(panel + v * V::kLanes);
    for (std::size_t i = 0; i < rows; ++i) {
      const V factor = V::broadcast(i < 3 ? upper[i * a.row] : lower[(i - 3) * a.row]);
      for (std::size_t v = 0; v < vectors; ++v) sum[i][v] = V::fma(factor, line[v], sum[i][v]);
    }
    upper += a.step;
    lower += a.step;
  }
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t v = 0; v < vectors; ++v) {
      const std::size_t column = v * V::kLanes;
      if (column >= columns) break;
      const auto* add = addend.data == nullptr ? nullptr : addend.data + i * addend.row + column;
      auto* to = out.data + i * out.row + column;
      if (columns - column >= V::kLanes) {
        V(add == nullptr ? sum[i][v] : V::load(add) + sum[i][v]).store(to);
      } else {
        const std::size_t count = columns - column;
        const V zero = V::broadcast(0);
        V(add == nullptr ? sum[i][v] : V::load_partial(add, count, zero) + sum[i][v]).store_partial(to, count);
      }
    }
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
  constexpr std::size_t kVectors = kPanelColumns<V> >= 2 * V::kLanes ? 2 : 1, kWide = kVectors * V::kLanes;
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    for (std::size_t column = 0; column < columns; column += kWide) {
      const Strided<const T> from{a + row * a_row, a_row, a_step};
      const Strided<const T> add{addend == nullptr ? nullptr : addend + row * addend_stride + column, addend_stride, 1};
      const Strided<T> to{out + row * out_stride + column, out_stride, 1};
      const T* part = panel + column;
      const std::size_t wide = columns - column < kWide ? columns - column : kWide;
      switch (rows - row) {
        case 1:
          multiply_tile<V, 1, kVectors>(from, part, add, to, depth, wide);
          break;
        case 2:
          multiply_tile<V, 2, kVectors>(from, part, add, to, depth, wide);
          break;
        case 3:
          multiply_tile<V, 3, kVectors>(from, part, add, to, depth, wide);
          break;
        case 4:
          multiply_tile<V, 4, kVectors>(from, part, add, to, depth, wide);
          break;
        case 5:
          multiply_tile<V, 5, kVectors>(from, part, add, to, depth, wide);
          break;
        default:
          multiply_tile<V, kTileRows, kVectors>(from, part, add, to, depth, wide);
      }
    }
  }
}

// Rows of a matrix side by side in multiply_row: that many sums are one vector each.
inline constexpr std::size_t kSideBySide = 4;

// out[l] = addend[l] + sum over k < depth of a[k] * rows[l * stride + k], l < count: what multiply gives of one row of
// a, to the bit, but from rows that nobody has packed. For one row of a, packing is most of the work. addend may be
// nullptr (nothing is added) or out.
template <class V>
void multiply_row(const typename V::Scalar* a, const typename V::Scalar* rows, std::size_t stride,
                  const typename V::Scalar* addend, typename V::Scalar* out, std::size_t count, std::size_t depth) {
  using T = typename V::Scalar;
  constexpr std::size_t kLanes = V::kLanes;
  const V zero = V::broadcast(0);
  for (std::size_t first = 0; first < count; first += kSideBySide * kLanes) {
    V sum[kSideBySide];
    for (std::size_t s = 0; s < kSideBySide; ++s) sum[s] = zero;
    for (std::size_t k = 0; k < depth; k += kLanes) {
      const std::size_t wide = depth - k < kLanes ? depth - k : kLanes;
      for (std::size_t s = 0; s < kSideBySide && first + s * kLanes < count; ++s) {
        const std::size_t at = first + s * kLanes, tall = count - at < kLanes ? count - at : kLanes;
        const T* from = rows + at * stride + k;
        V block[kLanes];
        if (tall == kLanes && wide == kLanes) {
          for (std::size_t i = 0; i < kLanes; ++i) block[i] = V::load(from + i * stride);
        } else {
          for (std::size_t i = 0; i < kLanes; ++i) {
            block[i] = i < tall ? V::load_partial(from + i * stride, wide, zero) : zero;
          }
        }
        V::transpose(block);
        if (wide == kLanes) {
          for (std::size_t i = 0; i < kLanes; ++i) sum[s] = V::fma(V::broadcast(a[k + i]), block[i], sum[s]);
        } else {
          for (std::size_t i = 0; i < wide; ++i) sum[s] = V::fma(V::broadcast(a[k + i]), block[i], sum[s]);
        }
      }
    }
    for (std::size_t s = 0; s < kSideBySide && first + s * kLanes < count; ++s) {
      const std::size_t at = first + s * kLanes, tall = count - at < kLanes ? count - at : kLanes;
      const T* add = addend == nullptr ? nullptr : addend + at;
      if (tall == kLanes) {
        V(add == nullptr ? sum[s] : V::load(add) + sum[s]).store(out + at);
      } else {
        V(add == nullptr ? sum[s] : V::load_partial(add, tall, zero) + sum[s]).store_partial(out + at, tall);
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
