// What the processor and the operating system can run.
#pragma once

namespace softmax_native {

// AVX2, FMA, F16C and BMI2, with the ymm registers saved by the operating system.
bool cpu_has_avx2();

}  // namespace softmax_native
