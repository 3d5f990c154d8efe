// The call frame: a block of doubles that TypeScript makes once for each environment and gives to attach(). Numbers
// travel through it, because writing a typed array from compiled JavaScript costs next to nothing, where each number
// passed as an argument costs 5 to 10 nanoseconds. lib/native/frame.ts has the same list.
#pragma once

#include <cstddef>

namespace softmax_native::frame {

enum Index : std::size_t {
  kBeta = 0,
  kRule = 1,   // NonFinite
  kFlags = 2,  // Flag, added up
  kOuter = 3,
  kN = 4,
  kInner = 5,
  kMaskStrides = 6,    // outer, n, inner
  kWeightStrides = 9,  // outer, n, inner
  kStatus = 12,        // out: Code
  kDetail = 13,        // out: the row or the argument that the status is about
  kStagedInput = 16,
  kStagedOutput = 144,
  kNumbers = 272,  // of the operation's own: options in, sums out; each binding row says which
  kLength = 288,
};

// Elements that a staged call can carry, of either element type.
inline constexpr std::size_t kStaged = kStagedOutput - kStagedInput;

enum Flag : unsigned { kStagedFloat32 = 1, kOverBeta = 2, kSplitTies = 4 };

enum Code : unsigned {
  kOk = 0,
  kNonFiniteRow = 1,
  kWrongType = 2,
  kDetached = 3,
  kWrongLength = 4,
  kOverlap = 5,
  kOutOfMemory = 6,
  kBadFrame = 7,
};

}  // namespace softmax_native::frame
