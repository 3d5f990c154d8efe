#define SOFTMAX_ISA avx512
#define SOFTMAX_ISA_NAME "avx512"
#include "../simd/avx512.hpp"
#include "../kernels/kernels.hpp"
#include "../core/make_table.hpp"
