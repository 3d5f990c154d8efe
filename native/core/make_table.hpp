// The last include of every isa/*.cpp: the instruction set's table, made from THE list. A kernel that the headers lack
// fails to compile here.
#include "table.hpp"

namespace softmax_native::SOFTMAX_ISA {
namespace {

template <class V>
constexpr KernelsOf<typename V::Scalar> kernels_of() {
  using T = typename V::Scalar;
  (void)sizeof(T);
  return KernelsOf<T>{
#define KERNEL(name, result, arguments) &name<V>,
#include "kernels.def"
#undef KERNEL
  };
}

}  // namespace

extern const KernelTable table;
const KernelTable table{SOFTMAX_ISA_NAME, kernels_of<F32>(), kernels_of<F64>()};

}  // namespace softmax_native::SOFTMAX_ISA
