// The vector types of AVX2 with FMA: F32 (8 lanes), F64 (4 lanes) and their bit patterns I32, I64.
// The members are the same in every simd header; scalar.hpp shows the list with the least noise.
// N.B. max and min are `a > b ? a : b` and `a < b ? a : b`: the second operand when either is NaN, on every set.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "inline.hpp"

namespace softmax_native::SOFTMAX_ISA {

// Lane masks for partial loads: reading from `kLaneMask + 8 - count` gives `count` set lanes.
alignas(32) static const std::int32_t kLaneMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

struct I32 {
  __m256i v;
  static I32 broadcast(std::int32_t x) { return {_mm256_set1_epi32(x)}; }
  friend I32 operator+(I32 a, I32 b) { return {_mm256_add_epi32(a.v, b.v)}; }
  friend I32 operator-(I32 a, I32 b) { return {_mm256_sub_epi32(a.v, b.v)}; }
  friend I32 operator&(I32 a, I32 b) { return {_mm256_and_si256(a.v, b.v)}; }
  // A number of 16 bits in each lane, and back.
  static I32 load_halves(const std::uint16_t* p) {
    return {_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
  }
  void store_halves(std::uint16_t* p) const {
    const __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), packed);
  }
  template <int count>
  I32 shift_left() const {
    return {_mm256_slli_epi32(v, count)};
  }
  template <int count>
  I32 shift_right() const {
    return {_mm256_srli_epi32(v, count)};
  }
};

struct I64 {
  __m256i v;
  static I64 broadcast(std::int64_t x) { return {_mm256_set1_epi64x(x)}; }
  friend I64 operator+(I64 a, I64 b) { return {_mm256_add_epi64(a.v, b.v)}; }
  friend I64 operator-(I64 a, I64 b) { return {_mm256_sub_epi64(a.v, b.v)}; }
  friend I64 operator&(I64 a, I64 b) { return {_mm256_and_si256(a.v, b.v)}; }
  friend I64 operator^(I64 a, I64 b) { return {_mm256_xor_si256(a.v, b.v)}; }
  // The whole product of the lower halves of the lanes.
  static I64 multiply_words(I64 a, I64 b) { return {_mm256_mul_epu32(a.v, b.v)}; }
  void store_halves(std::uint16_t* p) const {
    const __m128i low = _mm256_castsi256_si128(v), high = _mm256_extracti128_si256(v, 1);
    const __m128i words = _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(low), _mm_castsi128_ps(high), 0x88));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi32(words, words));
  }
  template <int count>
  I64 shift_left() const {
    return {_mm256_slli_epi64(v, count)};
  }
  template <int count>
  I64 shift_right() const {
    return {_mm256_srli_epi64(v, count)};
  }
};

struct F64 {
  using Scalar = double;
  using Bits = I64;
  using Mask = __m256d;
  static constexpr std::size_t kLanes = 4;
  static constexpr std::size_t kWideParts = 1;
  __m256d v;

  static F64 broadcast(double x) { return {_mm256_set1_pd(x)}; }
  static F64 load(const double* p) { return {_mm256_loadu_pd(p)}; }
  static F64 load_partial(const double* p, std::size_t count, F64 fill) {
    const __m256i lanes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kLaneMask + 8 - 2 * count));
    return {_mm256_blendv_pd(fill.v, _mm256_maskload_pd(p, lanes), _mm256_castsi256_pd(lanes))};
  }
  void store(double* p) const { _mm256_storeu_pd(p, v); }
  // Whole halves and single lanes: AMD runs a masked store from microcode.
  void store_partial(double* p, std::size_t count) const {
    __m128d rest = _mm256_castpd256_pd128(v);
    if (count & 2) {
      _mm_storeu_pd(p, rest);
      rest = _mm256_extractf128_pd(v, 1);
      p += 2;
    }
    if (count & 1) _mm_store_sd(p, rest);
  }
  void stream(double* p) const { _mm256_stream_pd(p, v); }

  friend F64 operator+(F64 a, F64 b) { return {_mm256_add_pd(a.v, b.v)}; }
  friend F64 operator-(F64 a, F64 b) { return {_mm256_sub_pd(a.v, b.v)}; }
  friend F64 operator*(F64 a, F64 b) { return {_mm256_mul_pd(a.v, b.v)}; }
  friend F64 operator/(F64 a, F64 b) { return {_mm256_div_pd(a.v, b.v)}; }
  friend F64 operator^(F64 a, F64 b) { return {_mm256_xor_pd(a.v, b.v)}; }
  static F64 fma(F64 a, F64 b, F64 c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
  static F64 max(F64 a, F64 b) { return {_mm256_max_pd(a.v, b.v)}; }
  static F64 min(F64 a, F64 b) { return {_mm256_min_pd(a.v, b.v)}; }

  friend Mask operator==(F64 a, F64 b) { return _mm256_cmp_pd(a.v, b.v, _CMP_EQ_OQ); }
  friend Mask operator<(F64 a, F64 b) { return _mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ); }
  static Mask unordered(F64 a, F64 b) { return _mm256_cmp_pd(a.v, b.v, _CMP_UNORD_Q); }
  static Mask either(Mask a, Mask b) { return _mm256_or_pd(a, b); }
  static bool any(Mask m) { return _mm256_movemask_pd(m) != 0; }
  static unsigned lanes_of(Mask m) { return static_cast<unsigned>(_mm256_movemask_pd(m)); }
  static F64 select(Mask m, F64 yes, F64 no) { return {_mm256_blendv_pd(no.v, yes.v, m)}; }
  static F64 zero_where(Mask m, F64 a) { return {_mm256_andnot_pd(m, a.v)}; }
  static F64 keep_where(Mask m, F64 a) { return {_mm256_and_pd(m, a.v)}; }

  I64 bits() const { return {_mm256_castpd_si256(v)}; }
  static F64 from_bits(I64 b) { return {_mm256_castsi256_pd(b.v)}; }
  // Mask of the bytes that are zero; reads exactly kLanes bytes.
  static Mask zero_bytes(const std::uint8_t* p) {
    const std::int32_t four = static_cast<std::int32_t>(p[0] | (p[1] << 8) | (p[2] << 16)) |
                              static_cast<std::int32_t>(static_cast<std::uint32_t>(p[3]) << 24);
    const __m256i wide = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four));
    return _mm256_castsi256_pd(_mm256_cmpeq_epi64(wide, _mm256_setzero_si256()));
  }

  template <std::size_t>
  F64 widen() const {
    return *this;
  }
  static F64 narrow(const F64* parts) { return parts[0]; }

  SOFTMAX_INLINE static void transpose(F64 (&r)[kLanes]) {
    const __m256d a = _mm256_unpacklo_pd(r[0].v, r[1].v), b = _mm256_unpackhi_pd(r[0].v, r[1].v);
    const __m256d c = _mm256_unpacklo_pd(r[2].v, r[3].v), d = _mm256_unpackhi_pd(r[2].v, r[3].v);
    r[0].v = _mm256_permute2f128_pd(a, c, 0x20);
    r[1].v = _mm256_permute2f128_pd(b, d, 0x20);
    r[2].v = _mm256_permute2f128_pd(a, c, 0x31);
    r[3].v = _mm256_permute2f128_pd(b, d, 0x31);
  }
};

struct F32 {
  using Scalar = float;
  using Bits = I32;
  using Mask = __m256;
  static constexpr std::size_t kLanes = 8;
  static constexpr std::size_t kWideParts = 2;  // F64 registers that hold one F32
  __m256 v;

  static F32 broadcast(float x) { return {_mm256_set1_ps(x)}; }
  static F32 load(const float* p) { return {_mm256_loadu_ps(p)}; }
  static F32 load_partial(const float* p, std::size_t count, F32 fill) {
    const __m256i lanes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kLaneMask + 8 - count));
    return {_mm256_blendv_ps(fill.v, _mm256_maskload_ps(p, lanes), _mm256_castsi256_ps(lanes))};
  }
  void store(float* p) const { _mm256_storeu_ps(p, v); }
  void store_partial(float* p, std::size_t count) const {
    __m128 rest = _mm256_castps256_ps128(v);
    if (count & 4) {
      _mm_storeu_ps(p, rest);
      rest = _mm256_extractf128_ps(v, 1);
      p += 4;
    }
    if (count & 2) {
      _mm_storel_pi(reinterpret_cast<__m64*>(p), rest);
      rest = _mm_movehl_ps(rest, rest);
      p += 2;
    }
    if (count & 1) _mm_store_ss(p, rest);
  }
  void stream(float* p) const { _mm256_stream_ps(p, v); }

  friend F32 operator+(F32 a, F32 b) { return {_mm256_add_ps(a.v, b.v)}; }
  friend F32 operator-(F32 a, F32 b) { return {_mm256_sub_ps(a.v, b.v)}; }
  friend F32 operator*(F32 a, F32 b) { return {_mm256_mul_ps(a.v, b.v)}; }
  friend F32 operator/(F32 a, F32 b) { return {_mm256_div_ps(a.v, b.v)}; }
  friend F32 operator^(F32 a, F32 b) { return {_mm256_xor_ps(a.v, b.v)}; }
  static F32 fma(F32 a, F32 b, F32 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
  static F32 max(F32 a, F32 b) { return {_mm256_max_ps(a.v, b.v)}; }
  static F32 min(F32 a, F32 b) { return {_mm256_min_ps(a.v, b.v)}; }

  friend Mask operator==(F32 a, F32 b) { return _mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ); }
  friend Mask operator<(F32 a, F32 b) { return _mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ); }
  static Mask unordered(F32 a, F32 b) { return _mm256_cmp_ps(a.v, b.v, _CMP_UNORD_Q); }
  static Mask either(Mask a, Mask b) { return _mm256_or_ps(a, b); }
  static bool any(Mask m) { return _mm256_movemask_ps(m) != 0; }
  static unsigned lanes_of(Mask m) { return static_cast<unsigned>(_mm256_movemask_ps(m)); }
  static F32 select(Mask m, F32 yes, F32 no) { return {_mm256_blendv_ps(no.v, yes.v, m)}; }
  static F32 zero_where(Mask m, F32 a) { return {_mm256_andnot_ps(m, a.v)}; }
  static F32 keep_where(Mask m, F32 a) { return {_mm256_and_ps(m, a.v)}; }

  I32 bits() const { return {_mm256_castps_si256(v)}; }
  static F32 from_bits(I32 b) { return {_mm256_castsi256_ps(b.v)}; }
  static Mask zero_bytes(const std::uint8_t* p) {
    const __m256i wide = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
    return _mm256_castsi256_ps(_mm256_cmpeq_epi32(wide, _mm256_setzero_si256()));
  }

  template <std::size_t part>
  F64 widen() const {
    return {_mm256_cvtps_pd(part == 0 ? _mm256_castps256_ps128(v) : _mm256_extractf128_ps(v, 1))};
  }
  static F32 narrow(const F64* parts) {
    return {_mm256_set_m128(_mm256_cvtpd_ps(parts[1].v), _mm256_cvtpd_ps(parts[0].v))};
  }

  // Lane i plus lane i + kLanes / 2, in the lower half.
  static F32 add_halves(F32 a) {
    return {_mm256_castps128_ps256(_mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1)))};
  }

  SOFTMAX_INLINE static void transpose(F32 (&r)[kLanes]) {
    __m256 a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
      a[i] = _mm256_unpacklo_ps(r[i].v, r[i + 1].v);
      a[i + 1] = _mm256_unpackhi_ps(r[i].v, r[i + 1].v);
    }
    for (int i = 0; i < 8; i += 4) {
      b[i] = _mm256_shuffle_ps(a[i], a[i + 2], 0x44);
      b[i + 1] = _mm256_shuffle_ps(a[i], a[i + 2], 0xEE);
      b[i + 2] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0x44);
      b[i + 3] = _mm256_shuffle_ps(a[i + 1], a[i + 3], 0xEE);
    }
    for (int i = 0; i < 4; ++i) {
      r[i].v = _mm256_permute2f128_ps(b[i], b[i + 4], 0x20);
      r[i + 4].v = _mm256_permute2f128_ps(b[i], b[i + 4], 0x31);
    }
  }
};

}  // namespace softmax_native::SOFTMAX_ISA
