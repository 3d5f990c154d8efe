// N.B. compiled with exceptions: std::thread reports a thread that cannot be made by throwing. Idle threads wait on an
// atomic and not on a std::condition_variable, whose symbols are newer than the oldest libstdc++ that Node runs on.
#include "queue.hpp"

#include <new>

#include "priority.hpp"

namespace softmax_native {

using Lock = std::lock_guard<std::mutex>;

Queue& Queue::shared() {
  // Never destroyed: at exit a thread may still be inside, and ending it is release's business.
  alignas(Queue) static unsigned char storage[sizeof(Queue)];
  static Queue* queue = new (storage) Queue;
  return *queue;
}

bool Queue::put(QueuedJob& job, std::size_t threads) {
  {
    const Lock lock(mutex_);
    const std::size_t most = threads < kMaxThreads ? threads : kMaxThreads;
    if (waiting_ >= idle_ && started_ < most) {
      try {
        threads_[started_] = std::thread([this] { work(); });
        ++started_;
        ++idle_;
      } catch (...) {
        // Fewer threads than wished: the job waits for one of those there are.
      }
    }
    if (started_ == 0) return false;
    job.next_ = nullptr;
    (last_ == nullptr ? first_ : last_->next_) = &job;
    last_ = &job;
    ++waiting_;
  }
  news_.fetch_add(1, std::memory_order_seq_cst);
  news_.notify_one();
  return true;
}

bool Queue::take_back(QueuedJob& job) {
  const Lock lock(mutex_);
  QueuedJob* before = nullptr;
  for (QueuedJob* queued = first_; queued != nullptr; before = queued, queued = queued->next_) {
    if (queued != &job) continue;
    (before == nullptr ? first_ : before->next_) = job.next_;
    if (last_ == &job) last_ = before;
    --waiting_;
    return true;
  }
  return false;
}

QueuedJob* Queue::next() {
  const Lock lock(mutex_);
  QueuedJob* job = first_;
  if (job == nullptr) return nullptr;
  first_ = job->next_;
  if (first_ == nullptr) last_ = nullptr;
  --waiting_;
  --idle_;
  return job;
}

void Queue::work() {
  stand_back();
  for (;;) {
    const std::uint32_t seen = news_.load(std::memory_order_seq_cst);
    if (QueuedJob* job = next()) {
      job->run();  // after which it may be gone
      const Lock lock(mutex_);
      ++idle_;
    } else if (stopping_.load(std::memory_order_acquire)) {
      return;
    } else {
      news_.wait(seen, std::memory_order_seq_cst);
    }
  }
}

void Queue::retain() {
  const Lock lock(life_);
  ++environments_;
}

void Queue::release() {
  const Lock life(life_);
  if (--environments_ != 0) return;
  stopping_.store(true, std::memory_order_release);
  news_.fetch_add(1, std::memory_order_seq_cst);
  news_.notify_all();
  for (std::size_t i = 0; i < started_; ++i) threads_[i].join();
  stopping_.store(false, std::memory_order_release);
  started_ = idle_ = 0;
}

}  // namespace softmax_native
