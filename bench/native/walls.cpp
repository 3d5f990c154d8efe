// See walls.hpp. Written for AVX2 by function attributes, so that this file needs no flags of its own.
#include "walls.hpp"

#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define WALL __attribute__((target("avx2,fma")))
#endif

namespace bench {

void copy(const float* x, float* out, std::size_t n) { std::memcpy(out, x, n * sizeof(float)); }

#ifdef WALL

namespace {

WALL inline __m256 exp_of(__m256 x) {
  // x = k ln 2 + r. Adding the magic number rounds k into the low bits, together with the exponent's bias; ln 2 is in
  // two parts.
  const __m256 magic = _mm256_set1_ps(0x1.8000FEp23f);
  const __m256 rounded = _mm256_fmadd_ps(x, _mm256_set1_ps(0x1.715476p0f), magic);
  const __m256 scale = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(rounded), 23));
  const __m256 k = _mm256_sub_ps(rounded, magic);
  __m256 r = _mm256_fmadd_ps(k, _mm256_set1_ps(-0x1.62E400p-1f), x);
  r = _mm256_fmadd_ps(k, _mm256_set1_ps(-0x1.7F7D1Cp-20f), r);
  // Minimax on [-ln 2 / 2, ln 2 / 2]: the coefficients of XNNPACK's kernels of degree 5.
  __m256 p = _mm256_set1_ps(0x1.0F9F9Cp-7f);
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0x1.573A1Ap-5f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0x1.555A80p-3f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0x1.FFFDC6p-2f));
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(0x1.FFFFF6p-1f));
  return _mm256_fmadd_ps(_mm256_mul_ps(r, scale), p, scale);
}

WALL inline float sum_of(__m256 a) {
  alignas(32) float lanes[8];
  _mm256_store_ps(lanes, a);
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum;
}

}  // namespace

bool has_walls() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

WALL float read(const float* x, std::size_t n) {
  __m256 sum[4] = {};
  for (std::size_t i = 0; i + 32 <= n; i += 32) {
    for (std::size_t k = 0; k < 4; ++k) sum[k] = _mm256_add_ps(sum[k], _mm256_loadu_ps(x + i + 8 * k));
  }
  return sum_of(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
}

WALL float exp_pass(const float* x, std::size_t n) {
  __m256 sum[4] = {};
  for (std::size_t i = 0; i + 32 <= n; i += 32) {
    for (std::size_t k = 0; k < 4; ++k) sum[k] = _mm256_add_ps(sum[k], exp_of(_mm256_loadu_ps(x + i + 8 * k)));
  }
  return sum_of(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
}

WALL double fused_products(std::size_t steps) {
  __m256 sum[12];
  for (__m256& s : sum) s = _mm256_setzero_ps();
  const __m256 x = _mm256_set1_ps(0.5f);
  for (std::size_t i = 0; i < steps; ++i) {
    // The compiler may neither drop nor move them.
#define FUSED(k) __asm__ volatile("vfmadd231ps %1, %1, %0" : "+x"(sum[k]) : "x"(x));
    FUSED(0) FUSED(1) FUSED(2) FUSED(3) FUSED(4) FUSED(5) FUSED(6) FUSED(7) FUSED(8) FUSED(9) FUSED(10) FUSED(11)
#undef FUSED
  }
  return 12 * 8 * static_cast<double>(steps);
}

WALL void copy_streaming(const float* x, float* out, std::size_t n) {
  std::size_t i = 0;
  for (; i < n && reinterpret_cast<std::size_t>(out + i) % 32 != 0; ++i) out[i] = x[i];
  for (; i + 8 <= n; i += 8) _mm256_stream_ps(out + i, _mm256_loadu_ps(x + i));
  for (; i < n; ++i) out[i] = x[i];
  _mm_sfence();
}

#else

bool has_walls() { return false; }
float read(const float*, std::size_t) { return 0; }
float exp_pass(const float*, std::size_t) { return 0; }
double fused_products(std::size_t) { return 0; }
void copy_streaming(const float* x, float* out, std::size_t n) { copy(x, out, n); }

#endif

}  // namespace bench
