#include "runner.hpp"

#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace softmax_native::test {
namespace {

struct Test {
  const char* name;
  void (*body)();
};

std::vector<Test>& tests() {
  static std::vector<Test> list;
  return list;
}

long failures_of_test = 0;

void print(const char* format, std::va_list arguments) {
  std::fputs("    ", stdout);
  std::vprintf(format, arguments);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

}  // namespace

Registration::Registration(const char* name, void (*body)()) { tests().push_back({name, body}); }

void fail(const char* format, ...) {
  constexpr long kPrinted = 10;
  if (++failures_of_test > kPrinted) return;
  std::va_list arguments;
  va_start(arguments, format);
  print(format, arguments);
  va_end(arguments);
}

void note(const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  print(format, arguments);
  va_end(arguments);
}

std::uint64_t seed() {
  static const std::uint64_t value = [] {
    const char* given = std::getenv("SOFTMAX_NATIVE_SEED");
    return given == nullptr ? std::uint64_t{20261123} : std::strtoull(given, nullptr, 10);
  }();
  return value;
}

bool thorough() { return std::getenv("SOFTMAX_NATIVE_THOROUGH") != nullptr; }

}  // namespace softmax_native::test

int main(int count, char** arguments) {
  using namespace softmax_native::test;
  using Clock = std::chrono::steady_clock;
  const char* wanted = count > 1 ? arguments[1] : "";
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed()));
  long run = 0, failed = 0;
  for (const Test& test : tests()) {
    if (std::strstr(test.name, wanted) == nullptr) continue;
    failures_of_test = 0;
    const Clock::time_point start = Clock::now();
    test.body();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (failures_of_test == 0) {
      std::printf("ok     %s (%.2f s)\n", test.name, seconds);
    } else {
      std::printf("FAILED %s: %ld failures (%.2f s)\n", test.name, failures_of_test, seconds);
    }
    std::fflush(stdout);
    ++run;
    failed += failures_of_test != 0;
  }
  std::printf("%ld tests, %ld failed\n", run, failed);
  return run == 0 || failed != 0;
}
