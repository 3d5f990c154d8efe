#define SOFTMAX_ISA avx2
#define SOFTMAX_ISA_NAME "avx2"
#include "../simd/avx2.hpp"
#include "../kernels/kernels.hpp"
#include "../core/make_table.hpp"
