// Inlining that the compiler's size heuristics may not refuse: the branch-free exponential is copied into each vector
// of a group on purpose, so that eight of them run side by side.
#pragma once

#if defined(SOFTMAX_INLINE)
// lanes.hpp leaves it to the compiler: a forced copy for each lane of an array would be all size and no speed.
#elif defined(_MSC_VER) && !defined(__clang__)
#define SOFTMAX_INLINE __forceinline
#define SOFTMAX_INLINE_LAMBDA
#else
#define SOFTMAX_INLINE inline __attribute__((always_inline))
#define SOFTMAX_INLINE_LAMBDA __attribute__((always_inline))
#endif
