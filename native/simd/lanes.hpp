// A vector as a plain array of N lanes: every member is a loop that says what the instruction does. scalar.hpp uses it
// with one lane, emulated.hpp with the widths of AVX-512, so that the kernels' tails, masks and folds are tested at 16
// lanes on any machine.
#pragma once

#include <math.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#define SOFTMAX_INLINE inline
#define SOFTMAX_INLINE_LAMBDA

namespace softmax_native::SOFTMAX_ISA {

inline float fused(float a, float b, float c) { return ::fmaf(a, b, c); }
inline double fused(double a, double b, double c) { return ::fma(a, b, c); }

#define EACH_LANE for (std::size_t i = 0; i < N; ++i)

template <class Int, class Unsigned, std::size_t N>
struct IntegerLanes {
  Int v[N];
  static IntegerLanes broadcast(Int x) {
    IntegerLanes r;
    EACH_LANE r.v[i] = x;
    return r;
  }
  friend IntegerLanes operator+(IntegerLanes a, const IntegerLanes& b) {
    EACH_LANE a.v[i] = static_cast<Int>(static_cast<Unsigned>(a.v[i]) + static_cast<Unsigned>(b.v[i]));
    return a;
  }
  friend IntegerLanes operator-(IntegerLanes a, const IntegerLanes& b) {
    EACH_LANE a.v[i] = static_cast<Int>(static_cast<Unsigned>(a.v[i]) - static_cast<Unsigned>(b.v[i]));
    return a;
  }
  friend IntegerLanes operator&(IntegerLanes a, const IntegerLanes& b) {
    EACH_LANE a.v[i] &= b.v[i];
    return a;
  }
  friend IntegerLanes operator^(IntegerLanes a, const IntegerLanes& b) {
    EACH_LANE a.v[i] ^= b.v[i];
    return a;
  }
  // Of lanes of 64 bits: the whole product of the lower halves.
  static IntegerLanes multiply_words(IntegerLanes a, const IntegerLanes& b) {
    EACH_LANE a.v[i] = static_cast<Int>(static_cast<Unsigned>(static_cast<std::uint32_t>(a.v[i])) *
                                        static_cast<std::uint32_t>(b.v[i]));
    return a;
  }
  // A number of 16 bits in each lane, and back.
  static IntegerLanes load_halves(const std::uint16_t* p) {
    IntegerLanes r;
    EACH_LANE r.v[i] = static_cast<Int>(p[i]);
    return r;
  }
  void store_halves(std::uint16_t* p) const { EACH_LANE p[i] = static_cast<std::uint16_t>(v[i]); }
  template <int count>
  IntegerLanes shift_left() const {
    IntegerLanes r;
    EACH_LANE r.v[i] = static_cast<Int>(static_cast<Unsigned>(v[i]) << count);
    return r;
  }
  template <int count>
  IntegerLanes shift_right() const {
    IntegerLanes r;
    EACH_LANE r.v[i] = static_cast<Int>(static_cast<Unsigned>(v[i]) >> count);
    return r;
  }
};

template <std::size_t N>
struct MaskLanes {
  bool v[N];
};

// The float64 vector that holds the (lower) lanes of a vector: itself, for float64.
template <class Self, class WideOf>
struct WideType {
  using Type = WideOf;
};
template <class Self>
struct WideType<Self, void> {
  using Type = Self;
};

// WideN is the lane count of the float64 vector: half of N for float32, or as many when N is 1.
template <class Float, class BitsOf, std::size_t N, class WideOf, std::size_t WideN>
struct FloatLanes {
  using Wide = typename WideType<FloatLanes, WideOf>::Type;
  using Scalar = Float;
  using Bits = BitsOf;
  using Mask = MaskLanes<N>;
  static constexpr std::size_t kLanes = N;
  static constexpr std::size_t kWideParts = N / WideN;
  Float v[N];

  static FloatLanes broadcast(Float x) {
    FloatLanes r;
    EACH_LANE r.v[i] = x;
    return r;
  }
  static FloatLanes load(const Float* p) {
    FloatLanes r;
    EACH_LANE r.v[i] = p[i];
    return r;
  }
  static FloatLanes load_partial(const Float* p, std::size_t count, FloatLanes fill) {
    EACH_LANE if (i < count) fill.v[i] = p[i];
    return fill;
  }
  void store(Float* p) const { EACH_LANE p[i] = v[i]; }
  void store_partial(Float* p, std::size_t count) const { EACH_LANE if (i < count) p[i] = v[i]; }
  void stream(Float* p) const { store(p); }

  friend FloatLanes operator+(FloatLanes a, const FloatLanes& b) {
    EACH_LANE a.v[i] += b.v[i];
    return a;
  }
  friend FloatLanes operator-(FloatLanes a, const FloatLanes& b) {
    EACH_LANE a.v[i] -= b.v[i];
    return a;
  }
  friend FloatLanes operator*(FloatLanes a, const FloatLanes& b) {
    EACH_LANE a.v[i] *= b.v[i];
    return a;
  }
  friend FloatLanes operator/(FloatLanes a, const FloatLanes& b) {
    EACH_LANE a.v[i] /= b.v[i];
    return a;
  }
  // Only ever with +0 or -0 on the right: keeps or flips the sign.
  friend FloatLanes operator^(FloatLanes a, const FloatLanes& b) {
    EACH_LANE a.v[i] = __builtin_signbit(b.v[i]) ? -a.v[i] : a.v[i];
    return a;
  }
  static FloatLanes fma(FloatLanes a, const FloatLanes& b, const FloatLanes& c) {
    EACH_LANE a.v[i] = fused(a.v[i], b.v[i], c.v[i]);
    return a;
  }
  static FloatLanes max(FloatLanes a, const FloatLanes& b) {
    EACH_LANE a.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i];
    return a;
  }
  static FloatLanes min(FloatLanes a, const FloatLanes& b) {
    EACH_LANE a.v[i] = a.v[i] < b.v[i] ? a.v[i] : b.v[i];
    return a;
  }

  friend Mask operator==(const FloatLanes& a, const FloatLanes& b) {
    Mask m;
    EACH_LANE m.v[i] = a.v[i] == b.v[i];
    return m;
  }
  friend Mask operator<(const FloatLanes& a, const FloatLanes& b) {
    Mask m;
    EACH_LANE m.v[i] = a.v[i] < b.v[i];
    return m;
  }
  static Mask unordered(const FloatLanes& a, const FloatLanes& b) {
    Mask m;
    EACH_LANE m.v[i] = a.v[i] != a.v[i] || b.v[i] != b.v[i];
    return m;
  }
  static Mask either(Mask a, const Mask& b) {
    EACH_LANE a.v[i] = a.v[i] || b.v[i];
    return a;
  }
  static bool any(const Mask& m) { return lanes_of(m) != 0; }
  static unsigned lanes_of(const Mask& m) {
    unsigned lanes = 0;
    EACH_LANE lanes |= static_cast<unsigned>(m.v[i]) << i;
    return lanes;
  }
  static FloatLanes select(const Mask& m, FloatLanes yes, const FloatLanes& no) {
    EACH_LANE yes.v[i] = m.v[i] ? yes.v[i] : no.v[i];
    return yes;
  }
  static FloatLanes zero_where(const Mask& m, FloatLanes a) {
    EACH_LANE a.v[i] = m.v[i] ? Float(0) : a.v[i];
    return a;
  }
  static FloatLanes keep_where(const Mask& m, FloatLanes a) {
    EACH_LANE a.v[i] = m.v[i] ? a.v[i] : Float(0);
    return a;
  }
  static Mask zero_bytes(const std::uint8_t* p) {
    Mask m;
    EACH_LANE m.v[i] = p[i] == 0;
    return m;
  }

  Bits bits() const {
    Bits b;
    std::memcpy(b.v, v, sizeof(v));
    return b;
  }
  static FloatLanes from_bits(const Bits& b) {
    FloatLanes r;
    std::memcpy(r.v, b.v, sizeof(r.v));
    return r;
  }

  template <std::size_t part>
  Wide widen() const {
    Wide r;
    for (std::size_t i = 0; i < WideN; ++i) r.v[i] = v[part * WideN + i];
    return r;
  }
  static FloatLanes narrow(const Wide* parts) {
    FloatLanes r;
    EACH_LANE r.v[i] = static_cast<Float>(parts[i / WideN].v[i % WideN]);
    return r;
  }
  // Lane i plus lane i + N / 2, in the lower half.
  static FloatLanes add_halves(FloatLanes a) {
    for (std::size_t i = 0; i < N / 2; ++i) a.v[i] += a.v[i + N / 2];
    return a;
  }

  static void transpose(FloatLanes (&r)[N]) {
    EACH_LANE for (std::size_t j = i + 1; j < N; ++j) {
      const Float upper = r[i].v[j];
      r[i].v[j] = r[j].v[i];
      r[j].v[i] = upper;
    }
  }
};

#undef EACH_LANE

}  // namespace softmax_native::SOFTMAX_ISA
