// Moving elements: transposes between rows and columns, and masks.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// out[c * out_stride + r] = x[r * x_stride + c] for r < rows, c < columns, in register blocks.
template <class V>
void transpose(const typename V::Scalar* x, std::size_t x_stride, typename V::Scalar* out, std::size_t out_stride,
               std::size_t rows, std::size_t columns) {
  constexpr std::size_t kLanes = V::kLanes;
  const V zero = V::broadcast(0);
  for (std::size_t r = 0; r < rows; r += kLanes) {
    const std::size_t tall = rows - r < kLanes ? rows - r : kLanes;
    for (std::size_t c = 0; c < columns; c += kLanes) {
      const std::size_t wide = columns - c < kLanes ? columns - c : kLanes;
      V block[kLanes];
      for (std::size_t i = 0; i < kLanes; ++i) {
        const typename V::Scalar* from = x + (r + i) * x_stride + c;
        block[i] = i >= tall ? zero : wide == kLanes ? V::load(from) : V::load_partial(from, wide, zero);
      }
      V::transpose(block);
      for (std::size_t i = 0; i < wide; ++i) {
        typename V::Scalar* to = out + (c + i) * out_stride + r;
        if (tall == kLanes) {
          block[i].store(to);
        } else {
          block[i].store_partial(to, tall);
        }
      }
    }
  }
}

// out[i] = mask[i] ? x[i] : excluded. x may be out.
template <class V>
void keep_masked(const typename V::Scalar* x, const std::uint8_t* mask, typename V::Scalar* out, std::size_t n,
                 typename V::Scalar excluded) {
  const V no = V::broadcast(excluded);
  std::size_t i = 0;
  for (const std::size_t end = n - n % V::kLanes; i < end; i += V::kLanes) {
    V(V::select(V::zero_bytes(mask + i), no, V::load(x + i))).store(out + i);
  }
  for (; i < n; ++i) out[i] = mask[i] != 0 ? x[i] : excluded;
}

}  // namespace softmax_native::SOFTMAX_ISA
