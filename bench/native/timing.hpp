// Times of several pieces of work, taken in turns (each round times every one of them once, from a rotating start), so
// that a busy moment of the machine hits all of them alike.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

struct Work {
  std::string name;
  std::function<void()> run;
};

// Nanoseconds a call.
struct Times {
  double p25, median, p75;
};

inline double sample(const Work& work, std::size_t calls) {
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < calls; ++i) work.run();
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
  return time.count() / static_cast<double>(calls);
}

// As many calls as take about 2 ms, found by doubling; this warms up as well.
inline std::size_t calls_of(const Work& work) {
  constexpr double kSample = 2e6;
  std::size_t calls = 1;
  while (sample(work, calls) * static_cast<double>(calls) < kSample) calls *= 2;
  return calls;
}

inline std::vector<Times> measure(const std::vector<Work>& works, std::size_t rounds = 15) {
  std::vector<std::size_t> calls;
  for (const Work& work : works) calls.push_back(calls_of(work));
  std::vector<std::vector<double>> times(works.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t turn = 0; turn < works.size(); ++turn) {
      const std::size_t k = (round + turn) % works.size();
      works[k].run();  // brings the data back into the caches
      times[k].push_back(sample(works[k], calls[k]));
    }
  }
  std::vector<Times> result;
  for (std::vector<double>& t : times) {
    std::sort(t.begin(), t.end());
    result.push_back({t[t.size() / 4], t[t.size() / 2], t[t.size() * 3 / 4]});
  }
  return result;
}

}  // namespace bench
