// The thread pool: each chunk is done once, by a slot that nobody else has; jobs of several threads at a time, jobs
// inside jobs, starting and stopping. Made to be run under the thread sanitizer too (sanitize.sh thread).
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "../../native/parallel/pool.hpp"
#include "distributions.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

constexpr std::size_t kMostThreads = 4;

// One job whose chunks leave a mark; says what went wrong.
class MarkedJob {
 public:
  explicit MarkedJob(std::size_t chunks) : marks_(chunks) {}

  void run(Pool& pool, bool worth_waking, std::size_t slots) {
    auto chunk = [&](std::size_t i, std::size_t slot) {
      if (i >= marks_.size() || slot >= slots) {
        ++misplaced_;
        return;
      }
      if (inside_[slot].fetch_add(1) != 0) ++shared_;
      // A plain write: two threads in one chunk are a race that the sanitizer sees.
      marks_[i] += i * i + 1;
      inside_[slot].fetch_sub(1);
    };
    pool.run(marks_.size(), slots, worth_waking, chunk);
  }

  bool right(std::size_t runs = 1) const {
    for (std::size_t i = 0; i < marks_.size(); ++i) {
      if (marks_[i] != runs * (i * i + 1)) return false;
    }
    return misplaced_ == 0 && shared_ == 0;
  }

 private:
  std::vector<std::size_t> marks_;
  std::atomic<int> inside_[Pool::kMaxThreads] = {};
  std::atomic<int> misplaced_{0}, shared_{0};
};

// An environment for the time of a test, with so many threads.
class Environment {
 public:
  explicit Environment(std::size_t threads) {
    Pool::shared().retain();
    Pool::shared().set_threads(threads);
  }
  ~Environment() {
    Pool::shared().set_threads(0);
    Pool::shared().release();
  }
};

TEST(each_chunk_is_done_once) {
  for (std::size_t threads = 1; threads <= kMostThreads; ++threads) {
    const Environment environment(threads);
    CHECK(Pool::shared().threads() == threads);
    for (const std::size_t chunks : {0, 1, 2, 3, 4, 5, 17, 100, 1000}) {
      for (const bool worth_waking : {false, true}) {
        for (int i = 0; i < 20; ++i) {
          MarkedJob job(chunks);
          job.run(Pool::shared(), worth_waking, threads);
          if (!job.right()) fail("%zu threads, %zu chunks, worth waking %d", threads, chunks, worth_waking);
        }
      }
    }
  }
}

TEST(a_job_that_is_not_worth_it_starts_no_thread) {
  const Environment environment(kMostThreads);
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<int> elsewhere{0};
  auto chunk = [&](std::size_t, std::size_t) {
    if (std::this_thread::get_id() != caller) ++elsewhere;
  };
  for (int i = 0; i < 100; ++i) Pool::shared().run(50, kMostThreads, false, chunk);
  CHECK(elsewhere == 0);
}

TEST(other_threads_take_part) {
  const Environment environment(2);
  std::atomic<int> others{0};
  const std::thread::id caller = std::this_thread::get_id();
  auto chunk = [&](std::size_t, std::size_t) {
    if (std::this_thread::get_id() != caller) ++others;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  };
  // The first wakes or starts a thread; later ones find it awake, also those not worth waking it.
  for (int i = 0; i < 50; ++i) Pool::shared().run(8, 2, i % 2 == 0, chunk);
  CHECK(others > 0);
}

TEST(sleeping_threads_wake) {
  const Environment environment(kMostThreads);
  for (int i = 0; i < 30; ++i) {
    MarkedJob job(64);
    job.run(Pool::shared(), true, kMostThreads);
    CHECK(job.right());
    // Longer than an idle thread watches, and sometimes about as long: the moment at which it falls asleep.
    std::this_thread::sleep_for(std::chrono::microseconds(i % 3 == 0 ? 3000 : 20 * i));
  }
}

// A job inside a chunk finds the pool taken, and is done where it is.
TEST(a_job_inside_a_job) {
  const Environment environment(kMostThreads);
  std::atomic<int> wrong{0};
  auto outer = [&](std::size_t, std::size_t) {
    MarkedJob inner(20);
    inner.run(Pool::shared(), true, kMostThreads);
    if (!inner.right()) ++wrong;
  };
  for (int i = 0; i < 50; ++i) Pool::shared().run(16, kMostThreads, true, outer);
  CHECK(wrong == 0);
}

TEST(several_threads_at_a_time) {
  for (std::size_t callers = 1; callers <= 4; ++callers) {
    const Environment environment(2);
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < callers; ++t) {
      threads.emplace_back([&, t] {
        Random random(seed() + t);
        for (int i = 0; i < 300; ++i) {
          MarkedJob job(random.below(200));
          job.run(Pool::shared(), random.chance(0.7), 2);
          if (!job.right()) ++wrong;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
  }
}

// Environments come and go while others work, as the workers of a process do.
TEST(environments_come_and_go) {
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      Random random(seed() + t);
      for (int i = 0; i < 60; ++i) {
        Pool::shared().retain();
        for (std::size_t k = random.below(4); k > 0; --k) {
          MarkedJob job(1 + random.below(100));
          job.run(Pool::shared(), true, Pool::kMaxThreads);
          if (!job.right()) ++wrong;
        }
        Pool::shared().release();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST(the_number_of_threads_changes_while_jobs_run) {
  const Environment environment(1);
  std::atomic<bool> stop{false};
  std::thread changing([&] {
    for (std::size_t threads = 1; !stop; threads = threads % kMostThreads + 1) {
      Pool::shared().set_threads(threads);
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < 500; ++i) {
    MarkedJob job(50);
    job.run(Pool::shared(), true, Pool::shared().threads());
    CHECK(job.right());
  }
  stop = true;
  changing.join();
}

TEST(the_threads_end_with_the_last_environment) {
  for (int i = 0; i < 40; ++i) {
    const Environment environment(1 + static_cast<std::size_t>(i) % kMostThreads);
    MarkedJob job(30);
    job.run(Pool::shared(), true, kMostThreads);
    job.run(Pool::shared(), false, kMostThreads);
    CHECK(job.right(2));
  }
  // Without an environment a job still runs.
  MarkedJob job(30);
  job.run(Pool::shared(), false, Pool::kMaxThreads);
  CHECK(job.right());
}

TEST(the_number_of_threads_is_limited) {
  Pool::shared().set_threads(100000);
  CHECK(Pool::shared().threads() == Pool::kMaxThreads);
  Pool::shared().set_threads(0);
  CHECK(Pool::shared().threads() >= 1);
}

}  // namespace
}  // namespace softmax_native::test
