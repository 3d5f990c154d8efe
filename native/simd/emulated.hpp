// The vector types at the widths of AVX-512, in plain arrays: for tests only, never chosen by detection.
#pragma once

#include "lanes.hpp"

namespace softmax_native::SOFTMAX_ISA {

using I32 = IntegerLanes<std::int32_t, std::uint32_t, 16>;
using I64 = IntegerLanes<std::int64_t, std::uint64_t, 8>;
using F64 = FloatLanes<double, I64, 8, void, 8>;
using F32 = FloatLanes<float, I32, 16, F64, 8>;

}  // namespace softmax_native::SOFTMAX_ISA
