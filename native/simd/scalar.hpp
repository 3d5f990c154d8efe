// The vector types of one lane, for machines without a vector set of ours. The compiler is told not to vectorise this
// file, so that scalar stays scalar; std::fma gives the same bits as the instruction.
#pragma once

#include "lanes.hpp"

namespace softmax_native::SOFTMAX_ISA {

using I32 = IntegerLanes<std::int32_t, std::uint32_t, 1>;
using I64 = IntegerLanes<std::int64_t, std::uint64_t, 1>;
using F64 = FloatLanes<double, I64, 1, void, 1>;
using F32 = FloatLanes<float, I32, 1, F64, 1>;

}  // namespace softmax_native::SOFTMAX_ISA
