#define SOFTMAX_ISA emulated
#define SOFTMAX_ISA_NAME "emulated"
#include "../simd/emulated.hpp"
#include "../kernels/kernels.hpp"
#include "../core/make_table.hpp"
