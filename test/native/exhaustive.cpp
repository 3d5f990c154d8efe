// All floats: exp on [-104, 0], log and log1p on [1, 2^24], float32, against the C library's float64 functions (whose
// error is below 2^-28 of a float32 ulp). By hand, three minutes on two threads:
//   exhaustive [--table NAME] [--threads N] [--sample N]
// --sample N looks at every Nth float only, from a start that the seed chooses.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "exact.hpp"
#include "kernel_cases.hpp"
#include "tolerances.hpp"

namespace softmax_native::test {
namespace {

struct Function {
  const char* name;
  void (*KernelsOf<float>::*kernel)(const float*, float*, std::size_t);
  double (*exact)(double);
  float first, last;  // of one sign: their bits are in order
  double tolerance;
};

std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  return bits;
}

float from_bits(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof(x));
  return x;
}

// Every `step`th float from `first` to `last` (of which the bits rise), `step` > 0.
Worst sweep(const Function& function, const KernelTable& table, std::uint64_t first, std::uint64_t last,
            std::uint64_t step) {
  constexpr std::size_t kBlock = 4096;
  std::vector<float> x(kBlock), out(kBlock);
  Worst worst;
  for (std::uint64_t bits = first; bits <= last;) {
    std::size_t n = 0;
    for (; n < kBlock && bits <= last; bits += step) x[n++] = from_bits(static_cast<std::uint32_t>(bits));
    (table.f32.*function.kernel)(x.data(), out.data(), n);
    for (std::size_t i = 0; i < n; ++i) {
      const double exact = function.exact(static_cast<double>(x[i]));
      const double error = std::fabs(static_cast<double>(out[i]) - exact) / ulp_of<float>(exact);
      worst.see(error, static_cast<double>(x[i]));
    }
  }
  return worst;
}

bool run(const Function& function, const KernelTable& table, std::uint64_t sample, unsigned threads) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const std::uint64_t low = bits_of(function.first), high = bits_of(function.last);
  std::vector<std::thread> running;
  std::vector<Worst> parts(threads);
  const std::uint64_t step = sample * threads;
  for (unsigned t = 0; t < threads; ++t) {
    running.emplace_back(
        [&, t] { parts[t] = sweep(function, table, low + (sample > 1 ? sample / 3 : 0) + t * sample, high, step); });
  }
  for (std::thread& thread : running) thread.join();
  Worst worst;
  for (const Worst& part : parts) worst.see(part.error, part.at);
  const bool good = worst.error <= function.tolerance;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::printf("%s %s %s, %llu floats of [%g, %g]: %.5f ulp at %a (%.0f s)\n", good ? "ok    " : "FAILED", table.name,
              function.name, static_cast<unsigned long long>((high - low) / sample + 1), double(function.first),
              double(function.last), worst.error, worst.at, seconds);
  std::fflush(stdout);
  return good;
}

double exact_exp_of(double x) { return std::exp(x); }
double exact_log_of(double x) { return std::log(x); }
double exact_log1p_of(double x) { return std::log1p(x); }

// The bits of negative floats rise from -0 down.
constexpr Function kFunctions[] = {
    {"exp", &KernelsOf<float>::exp, exact_exp_of, -0.0f, -104.0f, tolerance::kExp},
    {"log", &KernelsOf<float>::log, exact_log_of, 1.0f, 0x1p24f, tolerance::kLog},
    {"log1p", &KernelsOf<float>::log1p, exact_log1p_of, 1.0f, 0x1p24f, tolerance::kLog1p},
};

int main_of(int count, char** arguments) {
  const char* wanted = nullptr;
  std::uint64_t sample = 1;
  unsigned threads = 2;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::strcmp(arguments[i], "--table") == 0) wanted = arguments[i + 1];
    if (std::strcmp(arguments[i], "--sample") == 0) sample = std::strtoull(arguments[i + 1], nullptr, 10);
    if (std::strcmp(arguments[i], "--threads") == 0) threads = static_cast<unsigned>(std::atoi(arguments[i + 1]));
  }
  if (sample == 0 || threads == 0) return 2;
  bool good = true, any = false;
  for (const KernelTable* table : tables()) {
    // Without a name: the table in use, or all of them in a sample.
    const bool chosen = wanted != nullptr ? std::strcmp(table->name, wanted) == 0 : sample > 1 || !any;
    if (!chosen) continue;
    any = true;
    for (const Function& function : kFunctions) good = run(function, *table, sample, threads) && good;
  }
  if (!any) std::printf("no table is named %s here\n", wanted);
  return good && any ? 0 : 1;
}

}  // namespace
}  // namespace softmax_native::test

int main(int count, char** arguments) { return softmax_native::test::main_of(count, arguments); }
