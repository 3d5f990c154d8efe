// The vector types of AVX-512 (F, DQ, BW and VL): F32 (16 lanes), F64 (8 lanes) and their bit patterns I32, I64.
// The members are those of avx2.hpp. Masks are registers of their own here, one bit for each lane.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "inline.hpp"

namespace softmax_native::SOFTMAX_ISA {

struct I32 {
  __m512i v;
  static I32 broadcast(std::int32_t x) { return {_mm512_set1_epi32(x)}; }
  friend I32 operator+(I32 a, I32 b) { return {_mm512_add_epi32(a.v, b.v)}; }
  friend I32 operator-(I32 a, I32 b) { return {_mm512_sub_epi32(a.v, b.v)}; }
  friend I32 operator&(I32 a, I32 b) { return {_mm512_and_si512(a.v, b.v)}; }
  static I32 load_halves(const std::uint16_t* p) {
    return {_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
  }
  void store_halves(std::uint16_t* p) const {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(v));
  }
  template <unsigned count>
  I32 shift_left() const {
    return {_mm512_slli_epi32(v, count)};
  }
  template <unsigned count>
  I32 shift_right() const {
    return {_mm512_srli_epi32(v, count)};
  }
};

struct I64 {
  __m512i v;
  static I64 broadcast(std::int64_t x) { return {_mm512_set1_epi64(x)}; }
  friend I64 operator+(I64 a, I64 b) { return {_mm512_add_epi64(a.v, b.v)}; }
  friend I64 operator-(I64 a, I64 b) { return {_mm512_sub_epi64(a.v, b.v)}; }
  friend I64 operator&(I64 a, I64 b) { return {_mm512_and_si512(a.v, b.v)}; }
  friend I64 operator^(I64 a, I64 b) { return {_mm512_xor_si512(a.v, b.v)}; }
  static I64 multiply_words(I64 a, I64 b) { return {_mm512_mul_epu32(a.v, b.v)}; }
  void store_halves(std::uint16_t* p) const {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi64_epi16(v));
  }
  template <unsigned count>
  I64 shift_left() const {
    return {_mm512_slli_epi64(v, count)};
  }
  template <unsigned count>
  I64 shift_right() const {
    return {_mm512_srli_epi64(v, count)};
  }
};

struct F64 {
  using Scalar = double;
  using Bits = I64;
  using Mask = __mmask8;
  static constexpr std::size_t kLanes = 8;
  static constexpr std::size_t kWideParts = 1;
  __m512d v;

  static F64 broadcast(double x) { return {_mm512_set1_pd(x)}; }
  static F64 load(const double* p) { return {_mm512_loadu_pd(p)}; }
  static F64 load_partial(const double* p, std::size_t count, F64 fill) {
    return {_mm512_mask_loadu_pd(fill.v, first(count), p)};
  }
  void store(double* p) const { _mm512_storeu_pd(p, v); }
  // Whole halves and single lanes: AMD runs a masked store from microcode.
  void store_partial(double* p, std::size_t count) const {
    __m256d four = _mm512_castpd512_pd256(v);
    if (count & 4) {
      _mm256_storeu_pd(p, four);
      four = _mm512_extractf64x4_pd(v, 1);
      p += 4;
    }
    __m128d rest = _mm256_castpd256_pd128(four);
    if (count & 2) {
      _mm_storeu_pd(p, rest);
      rest = _mm256_extractf128_pd(four, 1);
      p += 2;
    }
    if (count & 1) _mm_store_sd(p, rest);
  }
  void stream(double* p) const { _mm512_stream_pd(p, v); }

  friend F64 operator+(F64 a, F64 b) { return {_mm512_add_pd(a.v, b.v)}; }
  friend F64 operator-(F64 a, F64 b) { return {_mm512_sub_pd(a.v, b.v)}; }
  friend F64 operator*(F64 a, F64 b) { return {_mm512_mul_pd(a.v, b.v)}; }
  friend F64 operator/(F64 a, F64 b) { return {_mm512_div_pd(a.v, b.v)}; }
  friend F64 operator^(F64 a, F64 b) { return {_mm512_xor_pd(a.v, b.v)}; }
  static F64 fma(F64 a, F64 b, F64 c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
  static F64 max(F64 a, F64 b) { return {_mm512_max_pd(a.v, b.v)}; }
  static F64 min(F64 a, F64 b) { return {_mm512_min_pd(a.v, b.v)}; }

  friend Mask operator==(F64 a, F64 b) { return _mm512_cmp_pd_mask(a.v, b.v, _CMP_EQ_OQ); }
  friend Mask operator<(F64 a, F64 b) { return _mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ); }
  static Mask unordered(F64 a, F64 b) { return _mm512_cmp_pd_mask(a.v, b.v, _CMP_UNORD_Q); }
  static Mask either(Mask a, Mask b) { return _kor_mask8(a, b); }
  static bool any(Mask m) { return m != 0; }
  static unsigned lanes_of(Mask m) { return m; }
  static F64 select(Mask m, F64 yes, F64 no) { return {_mm512_mask_blend_pd(m, no.v, yes.v)}; }
  static F64 zero_where(Mask m, F64 a) { return {_mm512_maskz_mov_pd(_knot_mask8(m), a.v)}; }
  static F64 keep_where(Mask m, F64 a) { return {_mm512_maskz_mov_pd(m, a.v)}; }

  I64 bits() const { return {_mm512_castpd_si512(v)}; }
  static F64 from_bits(I64 b) { return {_mm512_castsi512_pd(b.v)}; }
  // Mask of the bytes that are zero; reads exactly kLanes bytes.
  static Mask zero_bytes(const std::uint8_t* p) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    return static_cast<Mask>(_mm_cmpeq_epi8_mask(bytes, _mm_setzero_si128()));
  }

  template <std::size_t>
  F64 widen() const {
    return *this;
  }
  static F64 narrow(const F64* parts) { return parts[0]; }

  SOFTMAX_INLINE static void transpose(F64 (&r)[kLanes]) {
    __m512d pair[8];
    for (int i = 0; i < 8; i += 2) {
      pair[i] = _mm512_unpacklo_pd(r[i].v, r[i + 1].v);
      pair[i + 1] = _mm512_unpackhi_pd(r[i].v, r[i + 1].v);
    }
    for (int c = 0; c < 2; ++c) {
      const __m512d even_low = _mm512_shuffle_f64x2(pair[c], pair[c + 2], 0x88);
      const __m512d even_high = _mm512_shuffle_f64x2(pair[c + 4], pair[c + 6], 0x88);
      const __m512d odd_low = _mm512_shuffle_f64x2(pair[c], pair[c + 2], 0xDD);
      const __m512d odd_high = _mm512_shuffle_f64x2(pair[c + 4], pair[c + 6], 0xDD);
      r[c].v = _mm512_shuffle_f64x2(even_low, even_high, 0x88);
      r[c + 2].v = _mm512_shuffle_f64x2(odd_low, odd_high, 0x88);
      r[c + 4].v = _mm512_shuffle_f64x2(even_low, even_high, 0xDD);
      r[c + 6].v = _mm512_shuffle_f64x2(odd_low, odd_high, 0xDD);
    }
  }

 private:
  static Mask first(std::size_t count) { return static_cast<Mask>((1u << count) - 1); }
};

struct F32 {
  using Scalar = float;
  using Bits = I32;
  using Mask = __mmask16;
  static constexpr std::size_t kLanes = 16;
  static constexpr std::size_t kWideParts = 2;  // F64 registers that hold one F32
  __m512 v;

  static F32 broadcast(float x) { return {_mm512_set1_ps(x)}; }
  static F32 load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static F32 load_partial(const float* p, std::size_t count, F32 fill) {
    return {_mm512_mask_loadu_ps(fill.v, static_cast<Mask>((1u << count) - 1), p)};
  }
  void store(float* p) const { _mm512_storeu_ps(p, v); }
  void store_partial(float* p, std::size_t count) const {
    __m256 eight = _mm512_castps512_ps256(v);
    if (count & 8) {
      _mm256_storeu_ps(p, eight);
      eight = _mm512_extractf32x8_ps(v, 1);
      p += 8;
    }
    __m128 rest = _mm256_castps256_ps128(eight);
    if (count & 4) {
      _mm_storeu_ps(p, rest);
      rest = _mm256_extractf128_ps(eight, 1);
      p += 4;
    }
    if (count & 2) {
      _mm_storel_pi(reinterpret_cast<__m64*>(p), rest);
      rest = _mm_movehl_ps(rest, rest);
      p += 2;
    }
    if (count & 1) _mm_store_ss(p, rest);
  }
  void stream(float* p) const { _mm512_stream_ps(p, v); }

  friend F32 operator+(F32 a, F32 b) { return {_mm512_add_ps(a.v, b.v)}; }
  friend F32 operator-(F32 a, F32 b) { return {_mm512_sub_ps(a.v, b.v)}; }
  friend F32 operator*(F32 a, F32 b) { return {_mm512_mul_ps(a.v, b.v)}; }
  friend F32 operator/(F32 a, F32 b) { return {_mm512_div_ps(a.v, b.v)}; }
  friend F32 operator^(F32 a, F32 b) { return {_mm512_xor_ps(a.v, b.v)}; }
  static F32 fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  static F32 max(F32 a, F32 b) { return {_mm512_max_ps(a.v, b.v)}; }
  static F32 min(F32 a, F32 b) { return {_mm512_min_ps(a.v, b.v)}; }

  friend Mask operator==(F32 a, F32 b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ); }
  friend Mask operator<(F32 a, F32 b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ); }
  static Mask unordered(F32 a, F32 b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_UNORD_Q); }
  static Mask either(Mask a, Mask b) { return _kor_mask16(a, b); }
  static bool any(Mask m) { return m != 0; }
  static unsigned lanes_of(Mask m) { return m; }
  static F32 select(Mask m, F32 yes, F32 no) { return {_mm512_mask_blend_ps(m, no.v, yes.v)}; }
  static F32 zero_where(Mask m, F32 a) { return {_mm512_maskz_mov_ps(_knot_mask16(m), a.v)}; }
  static F32 keep_where(Mask m, F32 a) { return {_mm512_maskz_mov_ps(m, a.v)}; }

  I32 bits() const { return {_mm512_castps_si512(v)}; }
  static F32 from_bits(I32 b) { return {_mm512_castsi512_ps(b.v)}; }
  static Mask zero_bytes(const std::uint8_t* p) {
    return _mm_cmpeq_epi8_mask(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), _mm_setzero_si128());
  }

  template <std::size_t part>
  F64 widen() const {
    return {_mm512_cvtps_pd(part == 0 ? _mm512_castps512_ps256(v) : _mm512_extractf32x8_ps(v, 1))};
  }
  static F32 narrow(const F64* parts) {
    const __m512 low = _mm512_castps256_ps512(_mm512_cvtpd_ps(parts[0].v));
    return {_mm512_insertf32x8(low, _mm512_cvtpd_ps(parts[1].v), 1)};
  }

  // Lane i plus lane i + kLanes / 2, in the lower half.
  static F32 add_halves(F32 a) {
    return {_mm512_castps256_ps512(_mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1)))};
  }

  SOFTMAX_INLINE static void transpose(F32 (&r)[kLanes]) {
    // Four rows by four columns within each quarter, then the quarters.
    __m512 pair[16], four[16];
    for (int i = 0; i < 16; i += 2) {
      pair[i] = _mm512_unpacklo_ps(r[i].v, r[i + 1].v);
      pair[i + 1] = _mm512_unpackhi_ps(r[i].v, r[i + 1].v);
    }
    for (int i = 0; i < 16; i += 4) {
      four[i] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0x44);
      four[i + 1] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0xEE);
      four[i + 2] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
      four[i + 3] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0xEE);
    }
    for (int c = 0; c < 4; ++c) {
      const __m512 even_low = _mm512_shuffle_f32x4(four[c], four[c + 4], 0x88);
      const __m512 even_high = _mm512_shuffle_f32x4(four[c + 8], four[c + 12], 0x88);
      const __m512 odd_low = _mm512_shuffle_f32x4(four[c], four[c + 4], 0xDD);
      const __m512 odd_high = _mm512_shuffle_f32x4(four[c + 8], four[c + 12], 0xDD);
      r[c].v = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
      r[c + 4].v = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
      r[c + 8].v = _mm512_shuffle_f32x4(even_low, even_high, 0xDD);
      r[c + 12].v = _mm512_shuffle_f32x4(odd_low, odd_high, 0xDD);
    }
  }
};

}  // namespace softmax_native::SOFTMAX_ISA
