// Whether the job that a thread works for has been given up. The flag belongs to whoever started the job; the thread,
// and those that help it, look at it between one piece of work and the next.
#pragma once

#include <atomic>

namespace softmax_native {

using CancelFlag = std::atomic<bool>;

// The flag of the job that this thread works for, nullptr for a job that nobody can give up.
inline const CancelFlag*& current_cancel_flag() {
  static thread_local const CancelFlag* flag = nullptr;
  return flag;
}

inline bool is_cancelled(const CancelFlag* flag) { return flag != nullptr && flag->load(std::memory_order_relaxed); }

// This thread works for a job with that flag for as long as the object lives.
class CancelScope {
 public:
  explicit CancelScope(const CancelFlag* flag) : before_(current_cancel_flag()) { current_cancel_flag() = flag; }
  ~CancelScope() { current_cancel_flag() = before_; }
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

 private:
  const CancelFlag* before_;
};

}  // namespace softmax_native
