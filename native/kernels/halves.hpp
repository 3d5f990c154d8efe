// Numbers of 16 bits as runtimes hand them out, widened, which is exact, and narrowed by one rounding to nearest even.
// float16 (IEEE binary16) has 5 bits of exponent and 10 of fraction, bfloat16 8 and 7. Integer arithmetic on the bits:
// the same on every set, those without instructions for float16 included.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// Of a float16: exponent and fraction stand where those of a float32 do, for an exponent that counts from 15 instead of
// 127; a product brings it there, and normalises what is subnormal.
inline F32 from_float16(I32 half) {
  const I32 magnitude = (half & I32::broadcast(0x7fff)).shift_left<13>(), sign = (half & I32::broadcast(0x8000));
  const F32 finite = F32::from_bits(magnitude) * F32::broadcast(0x1p112f);
  const F32 special = F32::from_bits(magnitude + I32::broadcast(0x70000000));
  const F32 value = F32::select(F32::broadcast(65504) < finite, special, finite);
  return value ^ F32::from_bits(sign.shift_left<16>());
}

template <class V>
SOFTMAX_INLINE void store_as(F32 from, typename V::Scalar* out) {
  if constexpr (sizeof(typename V::Scalar) == sizeof(float)) {
    from.store(out);
  } else {
    from.template widen<0>().store(out);
    if constexpr (F32::kWideParts == 2) from.template widen<1>().store(out + F64::kLanes);
  }
}

// out[i] = x[i], a float16 or, where `brain`, a bfloat16.
template <class V>
void widen_halves(const std::uint16_t* x, typename V::Scalar* out, std::size_t n, bool brain) {
  constexpr std::size_t kLanes = F32::kLanes;
  const auto widened = [brain](const std::uint16_t* from) {
    const I32 half = I32::load_halves(from);
    return brain ? F32::from_bits(half.shift_left<16>()) : from_float16(half);
  };
  std::size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) store_as<V>(widened(x + i), out + i);
  if (i == n) return;
  std::uint16_t last[kLanes] = {};
  typename V::Scalar wide[kLanes];
  for (std::size_t j = 0; i + j < n; ++j) last[j] = x[i + j];
  store_as<V>(widened(last), wide);
  for (std::size_t j = 0; i + j < n; ++j) out[i + j] = wide[j];
}

// The bits of v in a format of so many bits of fraction, whose exponents count from `bias`.
template <int fraction, int bias, class V>
SOFTMAX_INLINE typename V::Bits narrowed(V v) {
  using T = typename V::Scalar;
  using Bits = typename V::Bits;
  constexpr bool kIsFloat = sizeof(T) == sizeof(float);
  using Int = decltype(kIsFloat ? 0 : std::int64_t{0});
  constexpr int kFraction = kIsFloat ? 23 : 52, kBias = kIsFloat ? 127 : 1023, kWidth = kIsFloat ? 32 : 64;
  constexpr int kDropped = kFraction - fraction;
  // 2^e for exponents in the range of T.
  constexpr auto power = [](int e) {
    T p = 1;
    for (; e > 0; --e) p *= 2;
    for (; e < 0; ++e) p /= 2;
    return p;
  };
  const Bits all = v.bits(), one = Bits::broadcast(1);
  // All bits but that of the sign.
  constexpr Int kMagnitude = kIsFloat ? Int{0x7fffffff} : static_cast<Int>(0x7fffffffffffffff);
  const Bits bits = all & Bits::broadcast(kMagnitude), sign = all - bits;
  const V size = V::from_bits(bits);
  const Bits odd = bits.template shift_right<kDropped>() & one;
  const Bits rounded = bits + Bits::broadcast((Int{1} << (kDropped - 1)) - 1) + odd;
  const Bits normal = rounded.template shift_right<kDropped>() - Bits::broadcast(Int{kBias - bias} << fraction);
  // The sum's last bit is the least subnormal.
  const V align = V::broadcast(power(kFraction + 1 - bias - fraction));
  const Bits subnormal = V(size + align).bits() - align.bits();
  const V infinity = V::from_bits(Bits::broadcast(Int{2 * bias + 1} << fraction));
  const V nan = V::from_bits(Bits::broadcast((Int{2 * bias + 1} << fraction) + (Int{1} << (fraction - 1))));
  V result = V::select(size < V::broadcast(power(1 - bias)), V::from_bits(subnormal), V::from_bits(normal));
  // From half a unit above the greatest number on.
  const T most = (2 - power(-fraction - 1)) * power(bias);
  result = V::select(size < V::broadcast(most), result, infinity);
  result = V::select(V::unordered(v, v), nan, result);
  return result.bits() + sign.template shift_right<kWidth - 16>();
}

// out[i] = x[i] as a float16 or, where `brain`, a bfloat16.
template <class V>
void narrow_halves(const typename V::Scalar* x, std::uint16_t* out, std::size_t n, bool brain) {
  constexpr std::size_t kLanes = V::kLanes;
  const auto halves = [brain](V v) { return brain ? narrowed<7, 127>(v) : narrowed<10, 15>(v); };
  std::size_t i = 0;
  for (; n - i >= kLanes; i += kLanes) halves(V::load(x + i)).store_halves(out + i);
  if (i == n) return;
  std::uint16_t last[kLanes];
  halves(V::load_partial(x + i, n - i, V::broadcast(0))).store_halves(last);
  for (std::size_t j = 0; i + j < n; ++j) out[i + j] = last[j];
}

}  // namespace softmax_native::SOFTMAX_ISA
