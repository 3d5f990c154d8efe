// Inlining that the compiler's size heuristics may not refuse: the branch-free exponential is copied into each vector of
// a group on purpose, so that eight of them run side by side.
#pragma once

#if defined(_MSC_VER) && !defined(__clang__)
#define SOFTMAX_INLINE __forceinline
#define SOFTMAX_INLINE_LAMBDA
#else
#define SOFTMAX_INLINE inline __attribute__((always_inline))
#define SOFTMAX_INLINE_LAMBDA __attribute__((always_inline))
#endif
