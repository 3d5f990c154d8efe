// Random numbers by counting: Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1,
// 2, 3", 2011. A block of four words is a function of a key and a counter, so that number i of a stream is computed
// without those before it, by whatever thread. lib/random has the same functions; both give the same numbers:
//
//   key = seed; counter = (index, stream), each 64 bits, lower word first; the words of a block are taken in order.
//   A number of 53 bits is two words: the first in the upper 32 bits, the upper 21 bits of the second below.
//   Sequences that begin with a block, as all here do, take two numbers from each.
//
// Calls that draw for many examples take one seed from the generator that they are given (drawSeed of
// lib/random/rng.ts), and example k draws from stream k of that seed, from index 0, as many as it needs: what it draws
// depends neither on threads nor on what other examples draw.
//
// One block at a time: several side by side are no faster without AVX2, which portable objects have not.
#pragma once

#include <cstdint>

namespace softmax_native {

struct PhiloxBlock {
  std::uint32_t word[4];
};

// Block `index` of stream `stream`.
constexpr PhiloxBlock philox4x32(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  std::uint32_t a = static_cast<std::uint32_t>(index), b = static_cast<std::uint32_t>(index >> 32);
  std::uint32_t c = static_cast<std::uint32_t>(stream), d = static_cast<std::uint32_t>(stream >> 32);
  std::uint32_t k = static_cast<std::uint32_t>(seed), l = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p = std::uint64_t{0xd2511f53} * a, q = std::uint64_t{0xcd9e8d57} * c;
    a = static_cast<std::uint32_t>(q >> 32) ^ b ^ k;
    b = static_cast<std::uint32_t>(q);
    c = static_cast<std::uint32_t>(p >> 32) ^ d ^ l;
    d = static_cast<std::uint32_t>(p);
    // The golden ratio and the root of 3, less 1.
    k += 0x9e3779b9;
    l += 0xbb67ae85;
  }
  return {{a, b, c, d}};
}

// The number of 53 bits that two words are.
constexpr std::uint64_t bits53(std::uint32_t first, std::uint32_t second) {
  return std::uint64_t{first} << 21 | second >> 11;
}

// As a real number of the open interval (0, 1): multiples of 2^-53, and 2^-54 for those below the first of them.
constexpr double open_unit(std::uint64_t bits) { return bits == 0 ? 0x1p-54 : static_cast<double>(bits) * 0x1p-53; }

// The numbers of one stream, one after the other.
class Philox {
 public:
  constexpr Philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t index = 0)
      : seed_(seed), stream_(stream), index_(index) {}

  // Uniform in [0, 2^53).
  constexpr std::uint64_t bits() {
    second_ = !second_;
    if (!second_) return bits53(block_.word[2], block_.word[3]);
    block_ = philox4x32(seed_, stream_, index_++);
    return bits53(block_.word[0], block_.word[1]);
  }

  constexpr double uniform() { return open_unit(bits()); }

  // Uniform in [0, n), exactly; 1 <= n <= 2^53. Equal shares of [0, 2^53), and again if it is the rest, which has less
  // than n of them.
  constexpr std::uint64_t below(std::uint64_t n) {
    const std::uint64_t share = (std::uint64_t{1} << 53) / n;
    for (;;) {
      const std::uint64_t drawn = bits() / share;
      if (drawn < n) return drawn;
    }
  }

 private:
  std::uint64_t seed_, stream_, index_;
  PhiloxBlock block_{};
  bool second_ = false;
};

}  // namespace softmax_native
