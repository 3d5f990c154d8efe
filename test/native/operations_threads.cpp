// Operations from several threads at once, as the workers of a process call them, while the number of threads changes.
// Small enough for the thread sanitizer.
#include <atomic>
#include <thread>
#include <vector>

#include "../../native/parallel/pool.hpp"
#include "distributions.hpp"
#include "memory.hpp"
#include "loss_cases.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

template <class T>
const std::vector<Operation<T>> kOperations = every_operation<T>();

struct Shape {
  Layout layout;
  bool masked;
};

// On the pool as many rows, as columns, as chunks of one row, and not at all.
constexpr Shape kShapes[] = {{{4500, 60, 1}, false},  {{300, 1000, 1}, true}, {{2, 300, 500}, false},
                             {{1, 270000, 1}, false}, {{3, 20000, 1}, true},  {{20, 50, 1}, false}};

template <class T>
struct Job {
  const Operation<T>* operation;
  Logits<T> logits;
  Broadcast<T> weights;
  std::vector<T> wanted;
};

template <class T>
void run_together() {
  Pool::shared().retain();
  Random random(seed());
  std::vector<T> x(300 * 1000), w(x.size());
  std::vector<std::uint8_t> mask(x.size());
  fill(Distribution::minus_infinity, random, x.data(), x.size());
  fill(Distribution::log_normal, random, w.data(), w.size());
  for (std::uint8_t& m : mask) m = random.chance(0.8);
  std::vector<Job<T>> jobs;
  Pool::shared().set_threads(1);
  for (const Shape& shape : kShapes) {
    for (const Operation<T>& operation : kOperations<T>) {
      const Strides strides = strides_of(shape.layout);
      Job<T> job{&operation,
                 {x.data(), shape.layout, 0.9, NonFinite::kLimit, shape.masked ? mask.data() : nullptr, strides},
                 {w.data(), strides},
                 {}};
      job.wanted.resize(operation.per_row ? shape.layout.rows() : shape.layout.size());
      operation.run(job.logits, job.weights, job.wanted.data());
      jobs.push_back(job);
    }
  }
  std::atomic<int> wrong{0};
  std::atomic<bool> stop{false};
  std::thread changing([&] {
    for (std::size_t threads = 1; !stop; threads = threads % 4 + 1) {
      Pool::shared().set_threads(threads);
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> callers;
  for (std::size_t t = 0; t < 3; ++t) {
    callers.emplace_back([&, t] {
      Random order(seed() + t);
      std::vector<T> out;
      for (std::size_t i = 0; i < jobs.size(); ++i) {
        const Job<T>& job = jobs[order.below(jobs.size())];
        out.assign(job.wanted.size(), T(0));
        job.operation->run(job.logits, job.weights, out.data());
        if (first_difference(out.data(), job.wanted.data(), out.size()) != out.size()) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  stop = true;
  changing.join();
  Pool::shared().set_threads(0);
  Pool::shared().release();
  CHECK(wrong == 0);
}

TEST(operations_of_several_threads_float32) { run_together<float>(); }
TEST(operations_of_several_threads_float64) { run_together<double>(); }

}  // namespace
}  // namespace softmax_native::test
