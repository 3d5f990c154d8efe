// Seeded random logits, and the kinds of rows that have broken softmax implementations.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace softmax_native::test {

// splitmix64: small, well mixed, the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
  bool chance(double probability) { return uniform() < probability; }
  // In [0, 1), and in [low, high).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal() { return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(6.283185307179586 * uniform()); }

 private:
  std::uint64_t state_;
};

enum class Distribution {
  uniform,
  log_normal,
  cauchy,
  all_equal,
  one_hot,
  huge_range,
  subnormal,
  ties,            // few distinct values, zeros of both signs
  minus_infinity,  // normal logits, a quarter of them -Infinity
  special,         // NaN and infinities of both signs among ordinary values
};

inline constexpr Distribution kDistributions[] = {
    Distribution::uniform,        Distribution::log_normal, Distribution::cauchy,    Distribution::all_equal,
    Distribution::one_hot,        Distribution::huge_range, Distribution::subnormal, Distribution::ties,
    Distribution::minus_infinity, Distribution::special,
};

inline const char* name_of(Distribution distribution) {
  static const char* const kNames[] = {"uniform",    "log-normal", "Cauchy", "all equal", "one hot",
                                       "huge range", "subnormal",  "ties",   "-Infinity", "special"};
  return kNames[static_cast<int>(distribution)];
}

template <class T>
T draw(Distribution distribution, Random& random) {
  using Limits = std::numeric_limits<T>;
  const T infinity = Limits::infinity();
  switch (distribution) {
    case Distribution::uniform:
      return static_cast<T>(random.uniform(-20, 20));
    case Distribution::log_normal:
      return static_cast<T>(std::exp(2 * random.normal()));
    case Distribution::cauchy:
      return static_cast<T>(std::tan(3.14159 * (random.uniform() - 0.5)));
    case Distribution::all_equal:
      return static_cast<T>(3.1);
    case Distribution::one_hot:
      return random.chance(0.02) ? T(60) : T(0);
    case Distribution::huge_range: {
      const double exponent = random.uniform(Limits::min_exponent10, Limits::max_exponent10);
      const T size = static_cast<T>(std::pow(10.0, exponent));
      return random.chance(0.5) ? size : -size;
    }
    case Distribution::subnormal: {
      const T size = static_cast<T>(random.below(1000)) * Limits::denorm_min();
      return random.chance(0.5) ? size : -size;
    }
    case Distribution::ties: {
      const T size = static_cast<T>(random.below(3));
      return random.chance(0.5) ? size : -size;
    }
    case Distribution::minus_infinity:
      return random.chance(0.25) ? -infinity : static_cast<T>(3 * random.normal());
    case Distribution::special:
      switch (random.below(12)) {
        case 0:
          return Limits::quiet_NaN();
        case 1:
          return infinity;
        case 2:
          return -infinity;
        case 3:
          return T(-0.0);
        default:
          return static_cast<T>(30 * random.normal());
      }
  }
  return 0;
}

template <class T>
void fill(Distribution distribution, Random& random, T* x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) x[i] = draw<T>(distribution, random);
}

}  // namespace softmax_native::test
