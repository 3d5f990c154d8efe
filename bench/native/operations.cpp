// The operations on the workloads of cases.mjs without JavaScript: one thread and two, beside the walls and the
// targets.
#include <cstdio>
#include <string>
#include <vector>

#include "../../native/operations/log_softmax.hpp"
#include "../../native/operations/log_sum_exp.hpp"
#include "../../native/operations/softmax.hpp"
#include "../../native/parallel/pool.hpp"
#include "kernels.hpp"
#include "logits.hpp"
#include "timing.hpp"
#include "walls.hpp"

namespace bench {
namespace {

using softmax_native::Logits;
using softmax_native::NonFinite;
using softmax_native::Outcome;
using softmax_native::Pool;

enum class Operation { kSoftmax, kLogSoftmax, kLogSumExp };
const char* const kNames[] = {"softmax", "log-softmax", "log-sum-exp"};

// Targets in microseconds for one thread and two, without the call from JavaScript; 0 where there is none.
struct Workload {
  Operation operation;
  std::size_t rows, n;
  double one, two;
};

constexpr Workload kFloat32[] = {
    {Operation::kSoftmax, 1, 10, 0, 0},
    {Operation::kSoftmax, 1, 100, 0, 0},
    {Operation::kSoftmax, 1, 1000, 0.5, 0},
    {Operation::kSoftmax, 1, 32000, 13.4, 0},
    {Operation::kSoftmax, 1, 128256, 56, 32},
    {Operation::kSoftmax, 32, 1000, 15, 0},
    {Operation::kSoftmax, 64, 32000, 1100, 570},
    {Operation::kSoftmax, 1000, 10, 7, 0},
    {Operation::kSoftmax, 10000, 10, 70, 0},
    {Operation::kSoftmax, 4096, 4096, 9500, 5200},
    {Operation::kSoftmax, 1, 10000000, 7000, 4200},
    {Operation::kLogSoftmax, 1, 1000, 0, 0},
    {Operation::kLogSoftmax, 1, 128256, 60, 0},
    {Operation::kLogSoftmax, 64, 32000, 950, 500},
    {Operation::kLogSoftmax, 1000, 10, 0, 0},
    {Operation::kLogSoftmax, 10000, 10, 80, 0},
    {Operation::kLogSoftmax, 4096, 4096, 12000, 0},
    {Operation::kLogSoftmax, 1, 10000000, 7500, 0},
    {Operation::kLogSumExp, 1, 1000, 0, 0},
    {Operation::kLogSumExp, 1, 128256, 42, 24},
    {Operation::kLogSumExp, 64, 32000, 750, 400},
    {Operation::kLogSumExp, 1000, 10, 7, 0},
    {Operation::kLogSumExp, 10000, 10, 60, 0},
    {Operation::kLogSumExp, 4096, 4096, 7500, 4200},
    {Operation::kLogSumExp, 1, 10000000, 4500, 2500},
};

constexpr Workload kFloat64[] = {
    {Operation::kSoftmax, 1, 1000, 1.5, 0},     {Operation::kSoftmax, 1, 128256, 180, 0},
    {Operation::kSoftmax, 64, 32000, 3000, 0},  {Operation::kSoftmax, 4096, 4096, 26000, 0},
    {Operation::kLogSumExp, 1, 128256, 150, 0},
};

template <class T>
Outcome compute(Operation operation, const Logits<T>& logits, T* out) {
  switch (operation) {
    case Operation::kSoftmax:
      return softmax_native::softmax(logits, out);
    case Operation::kLogSoftmax:
      return softmax_native::log_softmax(logits, out);
    default:
      return softmax_native::log_sum_exp(logits, false, out);
  }
}

void print(const char* name, std::size_t size, const Times& t, double target) {
  std::printf("    %-12s %10.2f us  (%.2f .. %.2f)  %7.3f ns/element", name, t.median / 1e3, t.p25 / 1e3, t.p75 / 1e3,
              t.median / static_cast<double>(size));
  if (target > 0) {
    const double factor = t.median / 1e3 / target;
    if (factor <= 1) {
      std::printf("   target %.1f us met", target);
    } else {
      std::printf("   target %.1f us MISSED by %.2f", target, factor);
    }
  }
  std::printf("\n");
}

// The walls' data is the operation's own where that is float32.
void add_walls(const std::vector<float>& x, std::vector<float>& out, std::vector<Work>& works) {
  if (!has_walls()) return;
  works.push_back({"exp pass", [&x] { exp_pass(x.data(), x.size()); }});
  works.push_back({"copy", [&x, &out] { copy(x.data(), out.data(), x.size()); }});
}
void add_walls(const std::vector<double>&, std::vector<double>&, std::vector<Work>&) {}

template <class T>
void time_workload(const Workload& w, const char* element) {
  const std::size_t size = w.rows * w.n;
  std::vector<T> x = logits<T>(size), out(size);
  const Logits<T> arguments{x.data(), {w.rows, w.n, 1}, 1, NonFinite::kLimit, nullptr, {0, 0, 0}};
  const auto with_threads = [&](std::size_t threads) {
    return [&, threads] {
      Pool::shared().set_threads(threads);
      compute(w.operation, arguments, out.data());
    };
  };
  std::vector<Work> works = {{"1 thread", with_threads(1)}};
  if (size >= 8192) works.push_back({"2 threads", with_threads(2)});
  add_walls(x, out, works);

  std::printf("\n  %s %zux%zu %s\n", kNames[static_cast<int>(w.operation)], w.rows, w.n, element);
  const std::vector<Times> times = measure(works);
  for (std::size_t i = 0; i < works.size(); ++i) {
    const double target = works[i].name == "1 thread" ? w.one : works[i].name == "2 threads" ? w.two : 0;
    print(works[i].name.c_str(), size, times[i], target);
  }
}

}  // namespace

void time_operations() {
  std::printf("\noperations, median (p25 .. p75)\n");
  Pool::shared().retain();
  for (const Workload& workload : kFloat32) time_workload<float>(workload, "float32");
  for (const Workload& workload : kFloat64) time_workload<double>(workload, "float64");
  Pool::shared().set_threads(0);
  Pool::shared().release();
}

}  // namespace bench
