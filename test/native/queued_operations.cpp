// Operations as the binary's jobs run them: from the queue, in memory of their own, for environments that come and go
// on threads of their own, some taken back and some given up. Made for the thread sanitizer (sanitize.sh thread).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "../../native/binding/job_memory.hpp"
#include "../../native/parallel/cancel.hpp"
#include "../../native/parallel/pool.hpp"
#include "../../native/parallel/queue.hpp"
#include "distributions.hpp"
#include "linear_cases.hpp"
#include "loss_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

// Computes something in memory of its own; says whether it came out as it did when it was computed alone.
using Work = std::function<bool()>;

template <class T>
T* take_array(std::size_t size) {
  return static_cast<T*>(take_memory(size * sizeof(T)));
}

// As many rows, as columns, as chunks of one row, and masked.
constexpr Layout kLayouts[] = {{300, 61, 1}, {2, 100, 41}, {1, 70001, 1}, {3, 5003, 1}};

template <class T>
void add_operations(std::vector<Work>& works, Random& random) {
  auto x = std::make_shared<std::vector<T>>(70001), w = std::make_shared<std::vector<T>>(70001);
  auto mask = std::make_shared<std::vector<std::uint8_t>>(70001);
  fill(Distribution::minus_infinity, random, x->data(), x->size());
  fill(Distribution::log_normal, random, w->data(), w->size());
  for (std::uint8_t& m : *mask) m = random.chance(0.8);
  for (const Operation<T>& operation : every_operation<T>()) {
    for (const Layout& layout : kLayouts) {
      const std::size_t size = layout.size(), results = operation.per_row ? layout.rows() : size;
      const std::uint8_t* masked = layout.outer == 3 ? mask->data() : nullptr;
      const auto run = [=](const T* logits, T* out) {
        return operation.run({logits, layout, 0.9, NonFinite::kLimit, masked, strides_of(layout)},
                             {w->data(), strides_of(layout)}, out);
      };
      std::vector<T> wanted(results);
      CHECK(run(x->data(), wanted.data()).status == Status::kOk);
      works.push_back([=, held = mask] {
        T* const logits = take_array<T>(size);
        T* const out = take_array<T>(results);
        std::copy_n(x->data(), size, logits);
        std::fill_n(out, results, T(0));
        run(logits, out);
        const bool same = first_difference(out, wanted.data(), results) == results;
        give_back_memory(logits);
        give_back_memory(out);
        return same;
      });
    }
  }
}

template <class T>
void add_linear_layers(std::vector<Work>& works, Random& random) {
  for (const Extras extras : {Extras::kNone, Extras::kMaskedAndCapped, Extras::kProbabilities}) {
    const auto layer = std::make_shared<LinearCase<T>>(LinearShape{40, 33, 700}, extras, random);
    const LinearResult<T> wanted = layer->run();
    works.push_back([=] {
      // A copy, as `run` notes things in the case.
      return LinearCase<T>(*layer).run().difference(wanted) == nullptr;
    });
  }
}

class Job final : public QueuedJob {
 public:
  explicit Job(const Work& work) : work_(work) {}
  void run() override {
    {
      const CancelScope scope(&cancelled_);
      same_ = work_();
    }
    ended_.store(true, std::memory_order_release);
    ended_.notify_all();
  }
  void give_up() { cancelled_.store(true, std::memory_order_relaxed); }
  // Whether the result is as it should be, where there is one.
  bool wait() {
    ended_.wait(false, std::memory_order_acquire);
    return same_ || cancelled_.load(std::memory_order_relaxed);
  }

 private:
  const Work& work_;
  CancelFlag cancelled_{false};
  bool same_ = false;
  std::atomic<bool> ended_{false};
};

// What an environment begins and ends with.
class Environment {
 public:
  Environment() {
    Pool::shared().retain();
    Pool::behind().retain();
    retain_memory();
    Queue::shared().retain();
  }
  ~Environment() {
    release_memory();
    Queue::shared().release();
    Pool::behind().release();
    Pool::shared().release();
  }
};

// One environment's jobs: several in flight; every eighth is given up at once, every seventh taken back if it can be.
int wrong_of(const std::vector<Work>& works, std::uint64_t from, int rounds) {
  Random random(from);
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    const Environment environment;
    std::vector<std::unique_ptr<Job>> jobs;
    for (int i = 0; i < 8; ++i) {
      jobs.push_back(std::make_unique<Job>(works[random.below(works.size())]));
      if (!Queue::shared().put(*jobs.back(), 3)) ++wrong;
    }
    // What is computed at once, beside the jobs.
    if (!works[random.below(works.size())]()) ++wrong;
    for (const std::unique_ptr<Job>& job : jobs) {
      if (random.below(8) == 0) job->give_up();
      if (random.below(7) == 0 && Queue::shared().take_back(*job)) continue;
      if (!job->wait()) ++wrong;
    }
  }
  return wrong;
}

std::vector<Work> every_work() {
  std::vector<Work> works;
  Random random(seed());
  const Environment environment;
  Pool::shared().set_threads(1);
  add_operations<float>(works, random);
  add_operations<double>(works, random);
  add_linear_layers<float>(works, random);
  add_linear_layers<double>(works, random);
  Pool::shared().set_threads(0);
  return works;
}

// What is left out leaves memory that nobody has written: the sanitizers see whether it is believed.
TEST(given_up_before_it_begins) {
  const Environment environment;
  for (const Work& work : every_work()) {
    Job job(work);
    job.give_up();
    job.run();
    CHECK(job.wait());
    CHECK(current_cancel_flag() == nullptr);
    CHECK(work());
  }
}

TEST(jobs_of_environments_that_come_and_go) {
  const std::vector<Work> works = every_work();
  note("%zu kinds of work", works.size());
  std::atomic<int> wrong{0};
  std::atomic<bool> stop{false};
  std::thread changing([&] {
    for (std::size_t threads = 1; !stop; threads = threads % 4 + 1) {
      Pool::shared().set_threads(threads);
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  std::vector<std::thread> environments;
  for (std::uint64_t t = 0; t < 3; ++t) {
    environments.emplace_back([&, t] { wrong += wrong_of(works, seed() + t, thorough() ? 1000 : 60); });
  }
  for (std::thread& thread : environments) thread.join();
  stop = true;
  changing.join();
  Pool::shared().set_threads(0);
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace softmax_native::test
