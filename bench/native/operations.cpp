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
using softmax_native::Pool;

// What an operation is timed on: logits of deviation 3, and as much room for the result.
template <class T>
struct Rows {
  Rows(std::size_t count, std::size_t length)
      : x(bench::logits<T>(count * length)), out(count * length),
        logits{x.data(), {count, length, 1}, 1, NonFinite::kLimit, nullptr, {0, 0, 0}} {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  std::vector<T> x, out;
  Logits<T> logits;
};

// An operation by the name of its case. A new one is a function of Rows, and lines in the lists below.
template <class T>
struct Operation {
  const char* name;
  void (*call)(Rows<T>&);
};

template <class T>
constexpr Operation<T> kSoftmax = {"softmax", [](Rows<T>& rows) { softmax(rows.logits, rows.out.data()); }};
template <class T>
constexpr Operation<T> kLogSoftmax = {"log-softmax", [](Rows<T>& rows) { log_softmax(rows.logits, rows.out.data()); }};
template <class T>
constexpr Operation<T> kLogSumExp = {"log-sum-exp",
                                     [](Rows<T>& rows) { log_sum_exp(rows.logits, false, rows.out.data()); }};

// Targets in microseconds for one thread and two, without the call from JavaScript; 0 where there is none.
template <class T>
struct Workload {
  const Operation<T>& operation;
  std::size_t rows, n;
  double one, two;
};

constexpr Workload<float> kFloat32[] = {
    {kSoftmax<float>, 1, 10, 0, 0},
    {kSoftmax<float>, 1, 100, 0, 0},
    {kSoftmax<float>, 1, 1000, 0.5, 0},
    {kSoftmax<float>, 1, 32000, 13.4, 0},
    {kSoftmax<float>, 1, 128256, 56, 32},
    {kSoftmax<float>, 32, 1000, 15, 0},
    {kSoftmax<float>, 64, 32000, 1100, 570},
    {kSoftmax<float>, 1000, 10, 7, 0},
    {kSoftmax<float>, 10000, 10, 70, 0},
    {kSoftmax<float>, 4096, 4096, 9500, 5200},
    {kSoftmax<float>, 1, 10000000, 7000, 4200},
    {kLogSoftmax<float>, 1, 1000, 0, 0},
    {kLogSoftmax<float>, 1, 128256, 60, 0},
    {kLogSoftmax<float>, 64, 32000, 950, 500},
    {kLogSoftmax<float>, 1000, 10, 0, 0},
    {kLogSoftmax<float>, 10000, 10, 80, 0},
    {kLogSoftmax<float>, 4096, 4096, 12000, 0},
    {kLogSoftmax<float>, 1, 10000000, 7500, 0},
    {kLogSumExp<float>, 1, 1000, 0, 0},
    {kLogSumExp<float>, 1, 128256, 42, 24},
    {kLogSumExp<float>, 64, 32000, 750, 400},
    {kLogSumExp<float>, 1000, 10, 7, 0},
    {kLogSumExp<float>, 10000, 10, 60, 0},
    {kLogSumExp<float>, 4096, 4096, 7500, 4200},
    {kLogSumExp<float>, 1, 10000000, 4500, 2500},
};

constexpr Workload<double> kFloat64[] = {
    {kSoftmax<double>, 1, 1000, 1.5, 0},     {kSoftmax<double>, 1, 128256, 180, 0},
    {kSoftmax<double>, 64, 32000, 3000, 0},  {kSoftmax<double>, 4096, 4096, 26000, 0},
    {kLogSumExp<double>, 1, 128256, 150, 0},
};

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
void time_workload(const Workload<T>& w, const char* element) {
  const std::size_t size = w.rows * w.n;
  Rows<T> rows(w.rows, w.n);
  const auto with_threads = [&](std::size_t threads) {
    return [&, threads] {
      Pool::shared().set_threads(threads);
      w.operation.call(rows);
    };
  };
  std::vector<Work> works = {{"1 thread", with_threads(1)}};
  if (size >= 8192) works.push_back({"2 threads", with_threads(2)});
  add_walls(rows.x, rows.out, works);

  std::printf("\n  %s %zux%zu %s\n", w.operation.name, w.rows, w.n, element);
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
  for (const Workload<float>& workload : kFloat32) time_workload(workload, "float32");
  for (const Workload<double>& workload : kFloat64) time_workload(workload, "float64");
  Pool::shared().set_threads(0);
  Pool::shared().release();
}

}  // namespace bench
