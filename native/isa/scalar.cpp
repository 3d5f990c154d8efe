#define SOFTMAX_ISA scalar
#define SOFTMAX_ISA_NAME "scalar"
#include "../simd/scalar.hpp"
#include "../kernels/kernels.hpp"
#include "../core/make_table.hpp"
