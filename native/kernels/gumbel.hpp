// Gumbel noise: G = -log(-log U) for the numbers U in (0, 1) of a stream of random/philox.hpp, as many blocks at a time
// as a register holds. log is that of elementwise.hpp, in separate roundings: lib/tokens/gumbel.ts has the same bits.
#pragma once

namespace softmax_native::SOFTMAX_ISA {

// Numbers at a time: two of each block.
inline constexpr std::size_t kNoise = 128;

// A word in the lower half of each lane; what is above it counts only where it is said.
struct PhiloxWords {
  I64 a, b, c, d;
};

// Ten rounds, as random/philox.hpp.
inline PhiloxWords philox_rounds(PhiloxWords w, std::uint64_t seed) {
  std::uint32_t k = static_cast<std::uint32_t>(seed), l = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const I64 p = I64::multiply_words(w.a, I64::broadcast(0xd2511f53));
    const I64 q = I64::multiply_words(w.c, I64::broadcast(0xcd9e8d57));
    w = {q.shift_right<32>() ^ w.b ^ I64::broadcast(k), q, p.shift_right<32>() ^ w.d ^ I64::broadcast(l), p};
    k += 0x9e3779b9;
    l += 0xbb67ae85;
  }
  return w;
}

// The number in (0, 1) that two words are: a multiple of 2^-53, or 2^-54. Its 53 bits become a float64 in two parts.
inline F64 unit_of(I64 first, I64 second) {
  const I64 word = I64::broadcast(0xffffffff);
  const I64 bits = (first & word).shift_left<21>() + (second & word).shift_right<11>();
  const F64 high = F64::broadcast(0x1p84), low = F64::broadcast(0x1p52);
  const F64 upper = F64::from_bits(bits.shift_right<32>() + high.bits()) - high;
  const F64 lower = F64::from_bits((bits & word) + low.bits()) - low;
  return F64::max((upper + lower) * F64::broadcast(0x1p-53), F64::broadcast(0x1p-54));
}

// kNoise numbers of stream 0, from a block on.
inline void gumbel_noise(std::uint64_t seed, std::uint64_t block, double* out) {
  double even[kNoise / 2], odd[kNoise / 2];
  const I64 zero = I64::broadcast(0);
  for (std::size_t i = 0; i < kNoise / 2; i += F64::kLanes) {
    std::uint64_t indices[F64::kLanes];
    double lanes[F64::kLanes];
    for (std::size_t lane = 0; lane < F64::kLanes; ++lane) indices[lane] = block + i + lane;
    __builtin_memcpy(lanes, indices, sizeof(lanes));
    const I64 index = F64::load(lanes).bits();
    const PhiloxWords w = philox_rounds({index, index.shift_right<32>(), zero, zero}, seed);
    unit_of(w.a, w.b).store(even + i);
    unit_of(w.c, w.d).store(odd + i);
  }
  for (std::size_t i = 0; i < kNoise / 2; ++i) {
    out[2 * i] = even[i];
    out[2 * i + 1] = odd[i];
  }
  const F64 none = F64::broadcast(0);
  for (std::size_t i = 0; i < kNoise; i += F64::kLanes) {
    F64(none - log_any(none - log_any(F64::load(out + i)))).store(out + i);
  }
}

// x plus float64 noise, rounded once.
template <class V>
SOFTMAX_INLINE V with_noise(V x, const double* noise) {
  F64 parts[V::kWideParts];
  parts[0] = x.template widen<0>() + F64::load(noise);
  if constexpr (V::kWideParts == 2) parts[1] = x.template widen<1>() + F64::load(noise + F64::kLanes);
  return V::narrow(parts);
}

// out[i] = x[i] + the Gumbel number `first` + i of stream 0 of the seed; `first` is even. x may be out.
template <class V>
void add_gumbel(const typename V::Scalar* x, typename V::Scalar* out, std::size_t n, std::uint64_t seed,
                std::uint64_t first) {
  constexpr std::size_t kLanes = V::kLanes;
  double noise[kNoise];
  for (std::size_t i = 0; i < n; i += kNoise) {
    gumbel_noise(seed, (first + i) / 2, noise);
    const std::size_t count = n - i < kNoise ? n - i : kNoise;
    std::size_t j = 0;
    for (; count - j >= kLanes; j += kLanes) with_noise(V::load(x + i + j), noise + j).store(out + i + j);
    if (j == count) continue;
    const V rest = V::load_partial(x + i + j, count - j, V::broadcast(0));
    with_noise(rest, noise + j).store_partial(out + i + j, count - j);
  }
}

}  // namespace softmax_native::SOFTMAX_ISA
