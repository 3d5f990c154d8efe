// A seeded generator drives the family, where there is no libFuzzer: fuzz_<family> [inputs] [first seed] [seconds]. An
// input is its seed; a failure names it, and `fuzz_<family> 1 <seed>` repeats it.
#include <chrono>
#include <csignal>
#include <cstdio>

#include "family.hpp"

namespace {

volatile unsigned long long running = 0;

void on_abort(int) { std::fprintf(stderr, "seed of the input: %llu\n", running); }

}  // namespace

int main(int count, char** arguments) {
  using namespace softmax_native::test;
  using Clock = std::chrono::steady_clock;
  std::signal(SIGABRT, on_abort);
  const auto given = [&](int i, unsigned long long otherwise) {
    return count > i ? std::strtoull(arguments[i], nullptr, 10) : otherwise;
  };
  const unsigned long long inputs = given(1, 2000), first = given(2, 20261123);
  const double most = static_cast<double>(given(3, 60));
  const Clock::time_point start = Clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  unsigned long long done = 0;
  for (; done < inputs && (done % 64 != 0 || seconds() < most); ++done) {
    running = first + done;
    Random random(running);
    std::uint8_t bytes[64];
    const std::size_t size = random.below(sizeof(bytes));
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(random.next());
    Input input(bytes, size);
    fuzz(input);
  }
  std::printf("%llu inputs from seed %llu on: nothing wrong (%.1f s)\n", done, first, seconds());
}
