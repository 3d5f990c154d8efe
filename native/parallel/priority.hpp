// Threads that work behind the caller's back stand back for those that somebody waits for: the event loop, and the
// helpers of its garbage collector, which it waits for. Where all processors are busy, an event loop beside jobs of the
// same priority comes late by whole time slices.
#pragma once

#if defined(__linux__)
#include <sys/resource.h>
#endif

namespace softmax_native {

inline bool& stands_back() {
  static thread_local bool stands_back = false;
  return stands_back;
}

// Of this thread, for good. On Linux, it gets a nice value, which is a thread's own there.
inline void stand_back() {
  stands_back() = true;
#if defined(__linux__)
  constexpr int kNicer = 5;  // a third of the weight, which counts only where others want the processor
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + kNicer);
#endif
}

}  // namespace softmax_native
