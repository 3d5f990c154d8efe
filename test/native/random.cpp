// The random numbers of native code: Philox by the known answers of its authors.
#include "../../native/random/philox.hpp"

#include "runner.hpp"

namespace softmax_native::test {
namespace {

constexpr bool is(PhiloxBlock block, std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return block.word[0] == a && block.word[1] == b && block.word[2] == c && block.word[3] == d;
}

constexpr std::uint64_t kOnes = ~std::uint64_t{0};

// kat_vectors of Random123: zeros, ones, digits of pi.
static_assert(is(philox4x32(0, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
static_assert(is(philox4x32(kOnes, kOnes, kOnes), 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
static_assert(is(philox4x32(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88), 0xd16cfe09, 0x94fdcceb,
                 0x5001e420, 0x24126ea1));

TEST(numbers_are_two_words_each) {
  Philox random(0, 0);
  CHECK(random.bits() == bits53(0x6627e8d5, 0xe169c58d));
  CHECK(random.bits() == bits53(0xbc57ac4c, 0x9b00dbd8));
  const PhiloxBlock next = philox4x32(0, 0, 1);
  CHECK(random.bits() == bits53(next.word[0], next.word[1]));
  Philox later(0, 0, 1);
  CHECK(later.bits() == bits53(next.word[0], next.word[1]));
}

TEST(uniform_numbers_lie_in_the_open_interval) {
  CHECK(open_unit(0) == 0x1p-54);
  CHECK(open_unit(1) == 0x1p-53);
  CHECK(open_unit((std::uint64_t{1} << 53) - 1) == 1 - 0x1p-53);
}

TEST(integers_below_n_are_equally_likely) {
  Philox random(seed(), 7);
  constexpr std::uint64_t kSides = 6, kDraws = 600000;
  double count[kSides] = {};
  for (std::uint64_t i = 0; i < kDraws; ++i) ++count[random.below(kSides)];
  double square = 0;
  for (const double found : count) square += (found - 1e5) * (found - 1e5) / 1e5;
  // Of 5 degrees of freedom: exceeded once in a million.
  CHECK(square < 35.9);
  CHECK(random.below(1) == 0);
  CHECK(random.below(std::uint64_t{1} << 53) < std::uint64_t{1} << 53);
}

}  // namespace
}  // namespace softmax_native::test
