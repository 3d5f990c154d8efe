// Jobs that run behind the caller's back, first come first served, on threads of their own: not those of libuv, so that
// files and names need not wait behind them. It knows nothing of softmax, nor of Node.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

namespace softmax_native {

// A job in the queue. Whoever puts it there keeps it alive until it has run or was taken back.
class QueuedJob {
 public:
  virtual void run() = 0;

 protected:
  ~QueuedJob() = default;

 private:
  friend class Queue;
  QueuedJob* next_ = nullptr;
};

class Queue {
 public:
  // One for the process: every environment (main thread, workers) shares it.
  static Queue& shared();

  // Adds a job, to be run by one of at most `threads` threads, which are started as they are needed. False, and no
  // change, if there is no thread and none can be made.
  bool put(QueuedJob& job, std::size_t threads);

  // True if the job had not begun, and now never will.
  bool take_back(QueuedJob& job);

  // Jobs that run now. They share the processors: each has its part of them for what it splits.
  std::size_t running() const { return running_.load(std::memory_order_relaxed); }

  // Environments that may put jobs; at the last release the threads end, since the code they run may be unloaded. No
  // job of the environment may be left.
  void retain();
  void release();

  static constexpr std::size_t kMaxThreads = 64;

 private:
  Queue() = default;
  void work();
  QueuedJob* next();

  std::mutex mutex_;  // of the members down to the next blank line
  QueuedJob *first_ = nullptr, *last_ = nullptr;
  std::size_t waiting_ = 0, idle_ = 0, started_ = 0;
  std::thread threads_[kMaxThreads];

  std::mutex life_;  // held while the threads end, so that nobody retains what is going
  std::size_t environments_ = 0;

  std::atomic<std::uint32_t> news_{0};  // counts what idle threads should look at
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> running_{0};
};

}  // namespace softmax_native
