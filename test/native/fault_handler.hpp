// A touch of a page that may not be touched, as something that a test can see.
#pragma once

#include <csetjmp>
#include <csignal>

namespace softmax_native::test {

inline sigjmp_buf before_call;

inline void on_fault(int) { siglongjmp(before_call, 1); }

class FaultHandler {
 public:
  FaultHandler() {
    struct sigaction action = {};
    action.sa_handler = on_fault;
    sigaction(SIGSEGV, &action, &segv_);
    sigaction(SIGBUS, &action, &bus_);
  }
  ~FaultHandler() {
    sigaction(SIGSEGV, &segv_, nullptr);
    sigaction(SIGBUS, &bus_, nullptr);
  }

 private:
  struct sigaction segv_ = {}, bus_ = {};
};

}  // namespace softmax_native::test
