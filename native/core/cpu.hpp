// What the processor and the operating system can run.
#pragma once

namespace softmax_native {

// AVX2, FMA, F16C and BMI2, with the ymm registers saved by the operating system.
bool cpu_has_avx2();

// The foundation of AVX-512 and its DQ, BW and VL, with the zmm and mask registers saved.
bool cpu_has_avx512();

}  // namespace softmax_native
