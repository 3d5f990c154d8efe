// What no implementation gets under: moving the data, and one exponential for each element with the shortest polynomial
// in use (degree 5, about one ulp; no care for subnormals, infinities or order).
#pragma once

#include <cstddef>

namespace bench {

// False where the machine lacks AVX2 and FMA: then only copy() may be called.
bool has_walls();

// The sum of x: reading alone.
float read(const float* x, std::size_t n);

// The sum of e^x for x <= 0: reading and the exponential. The first multiple of 32 elements of x.
float exp_pass(const float* x, std::size_t n);

// `steps` fused multiply-adds on each of twelve registers, with no memory: what a matrix product is made of. Returns
// their number.
double fused_products(std::size_t steps);

// memcpy, and the same with stores that go around the caches.
void copy(const float* x, float* out, std::size_t n);
void copy_streaming(const float* x, float* out, std::size_t n);

}  // namespace bench
