// The queue of jobs: each runs once, or is taken back and never runs; threads that start and end; a job that is given
// up in the middle. Made to be run under the thread sanitizer too (sanitize.sh thread).
#include "../../native/parallel/queue.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "../../native/operations/softmax.hpp"
#include "../../native/parallel/cancel.hpp"
#include "../../native/parallel/pool.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

class Counted final : public QueuedJob {
 public:
  void run() override {
    // A plain write: two threads in one job are a race that the sanitizer sees.
    ++runs_;
    finished_.fetch_add(1, std::memory_order_acq_rel);
    finished_.notify_all();
  }

  // Each job tells its own end: the plain number may be read afterwards.
  void wait() {
    while (finished_.load(std::memory_order_acquire) == 0) finished_.wait(0, std::memory_order_acquire);
  }

  int runs() const { return runs_; }

 private:
  int runs_ = 0;
  std::atomic<int> finished_{0};
};

class Environment {
 public:
  Environment() { Queue::shared().retain(); }
  ~Environment() { Queue::shared().release(); }
};

// Keeps a thread of the queue busy until it is told to go on.
class Gate final : public QueuedJob {
 public:
  void run() override {
    entered_.store(true);
    entered_.notify_all();
    open_.wait(false);
    left_.store(true);
    left_.notify_all();
  }
  void wait_until_entered() { entered_.wait(false); }
  void open() {
    open_.store(true);
    open_.notify_all();
    left_.wait(false);
  }

 private:
  std::atomic<bool> entered_{false}, open_{false}, left_{false};
};

TEST(every_job_runs_once) {
  const Environment environment;
  for (const std::size_t threads : {std::size_t{1}, std::size_t{2}, std::size_t{4}}) {
    std::vector<Counted> jobs(1000);
    for (Counted& job : jobs) CHECK(Queue::shared().put(job, threads));
    for (Counted& job : jobs) job.wait();
    for (const Counted& job : jobs) CHECK(job.runs() == 1);
  }
}

TEST(jobs_are_begun_in_the_order_in_which_they_came) {
  const Environment environment;
  static std::vector<int>* order;
  std::vector<int> seen;
  order = &seen;
  struct Numbered final : QueuedJob {
    int number = 0;
    std::atomic<bool> finished{false};
    void run() override {
      order->push_back(number);
      finished.store(true);
      finished.notify_all();
    }
  };
  Gate gate;
  CHECK(Queue::shared().put(gate, 1));
  gate.wait_until_entered();
  std::vector<Numbered> jobs(50);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].number = static_cast<int>(i);
    CHECK(Queue::shared().put(jobs[i], 1));
  }
  gate.open();
  for (Numbered& job : jobs) job.finished.wait(false);
  for (std::size_t i = 0; i < seen.size(); ++i) CHECK(seen[i] == static_cast<int>(i));
}

TEST(what_is_taken_back_never_runs) {
  const Environment environment;
  Gate gate;
  CHECK(Queue::shared().put(gate, 1));
  gate.wait_until_entered();
  CHECK(!Queue::shared().take_back(gate));
  std::vector<Counted> jobs(100);
  for (Counted& job : jobs) CHECK(Queue::shared().put(job, 1));
  // First, last, in the middle.
  for (std::size_t i = 0; i < jobs.size(); i += 3) CHECK(Queue::shared().take_back(jobs[i]));
  CHECK(!Queue::shared().take_back(jobs[0]));
  CHECK(Queue::shared().take_back(jobs[98]));
  Counted later;
  CHECK(Queue::shared().put(later, 1));
  gate.open();
  later.wait();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const bool taken = i % 3 == 0 || i == 98;
    if (!taken) jobs[i].wait();
    CHECK(jobs[i].runs() == (taken ? 0 : 1));
  }
}

TEST(threads_end_with_the_last_environment_and_start_again) {
  for (int round = 0; round < 50; ++round) {
    const Environment first;
    Counted job;
    {
      const Environment second;
      CHECK(Queue::shared().put(job, 3));
      job.wait();
    }
    Counted another;
    CHECK(Queue::shared().put(another, 3));
    another.wait();
    CHECK(job.runs() == 1 && another.runs() == 1);
  }
}

TEST(environments_on_several_threads_share_it) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&wrong] {
      for (int round = 0; round < 100; ++round) {
        const Environment environment;
        std::vector<Counted> jobs(5);
        for (Counted& job : jobs) {
          if (!Queue::shared().put(job, 2)) ++wrong;
        }
        for (Counted& job : jobs) {
          if (!Queue::shared().take_back(job)) job.wait();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST(a_job_splits_its_work_over_threads_that_stand_back) {
  const Environment environment;
  struct Splitting final : QueuedJob {
    std::atomic<const Pool*> pool{nullptr};
    void run() override {
      pool.store(&Pool::of_this_thread());
      pool.notify_all();
    }
  };
  Splitting job;
  CHECK(Queue::shared().put(job, 1));
  job.pool.wait(nullptr);
  CHECK(job.pool.load() == &Pool::behind());
  CHECK(&Pool::of_this_thread() == &Pool::shared());
}

// Gives an operation of seconds up after a few milliseconds; returns how many more it took to end.
int milliseconds_late(const Logits<float>& call, float* out) {
  CancelFlag cancelled{false};
  std::thread worker([&] {
    const CancelScope scope(&cancelled);
    while (!cancelled.load()) softmax(call, out);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto given_up = std::chrono::steady_clock::now();
  cancelled.store(true);
  worker.join();
  const auto late = std::chrono::steady_clock::now() - given_up;
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(late).count());
}

// Within the 50 ms that are promised. On a busy machine a thread may wait longer than that for a processor: the least
// of several counts.
TEST(an_operation_that_is_given_up_ends_soon) {
  constexpr std::size_t kRows = 64, kClasses = std::size_t{1} << 18;
  const std::vector<float> logits(kRows * kClasses, 0.5f);
  std::vector<float> out(logits.size());
  const Logits<float> call{logits.data(), {kRows, kClasses, 1}, 1, NonFinite::kLimit, nullptr, {}};
  Pool::shared().retain();
  for (const std::size_t threads : {std::size_t{1}, std::size_t{2}}) {
    Pool::shared().set_threads(threads);
    int late = milliseconds_late(call, out.data());
    for (int again = 0; again < 4 && late > 50; ++again) late = milliseconds_late(call, out.data());
    note("%zu threads: %d ms late", threads, late);
    CHECK(late <= 50);
    CHECK(current_cancel_flag() == nullptr);
  }
  Pool::shared().set_threads(0);
  Pool::shared().release();
}

}  // namespace
}  // namespace softmax_native::test
