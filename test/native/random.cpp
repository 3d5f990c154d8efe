// The random numbers of native code: Philox by the known answers of its authors; numbers and draws are those of
// test/golden/goldens-random.json, which TypeScript is compared with, too.
#include "../../native/random/alias.hpp"
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

TEST(numbers_are_those_of_typescript) {
  constexpr std::uint64_t kFirst[] = {8018741759353153, 5275750325732021, 6052822306781369,
                                      4283762950340300, 2228394357018329, 6423301058297254};
  Philox random(1, 0);
  for (const std::uint64_t expected : kFirst) CHECK(random.bits() == expected);
  // Over the carry into the upper word of the index.
  constexpr std::uint64_t kFar[] = {2945757708573519, 3472587414143635, 3857847980211913, 6844328588176656};
  Philox far((std::uint64_t{1} << 63) + 5, (std::uint64_t{1} << 40) + 3, (std::uint64_t{1} << 32) - 1);
  for (const std::uint64_t expected : kFar) CHECK(far.bits() == expected);
  constexpr std::uint64_t kSix[] = {2, 1, 5, 4, 1, 3, 1, 1, 0, 2, 3, 1, 3, 1, 1, 1};
  Philox six(7, 1);
  for (const std::uint64_t expected : kSix) CHECK(six.below(6) == expected);
}

// Of the weights 1, 2, 0, 6, 1.
constexpr double kThresholds[] = {900719925474099, 450359962737050, 0, 1125899906842624, 900719925474099, 0, 0, 0};
constexpr std::int32_t kAliases[] = {1, 3, 1, 3, 3, 3, 3, 3};
constexpr double kLogQ[] = {-2.3, -1.6, -99, -0.5, -2.3};

TEST(draws_are_those_of_typescript) {
  const AliasTable table(5, kThresholds, kAliases, 8, kLogQ);
  constexpr std::int32_t kDrawn[] = {3, 3, 1, 3, 3, 3, 1, 3, 3, 1, 4, 3, 3, 3, 3, 3, 0, 3, 3, 4, 3, 3, 1, 3};
  Philox random(3, 0);
  for (const std::int32_t expected : kDrawn) CHECK(table.draw(random) == expected);
  CHECK(table.log_q(3) == -0.5);
}

// Every number of a column's borders: the shares are exact, and the class without a weight has none.
TEST(columns_end_where_they_say) {
  const AliasTable table(5, kThresholds, kAliases, 8, kLogQ);
  constexpr std::uint64_t kWidth = std::uint64_t{1} << 50;
  for (std::uint64_t column = 0; column < 8; ++column) {
    const std::uint64_t first = column * kWidth, border = first + static_cast<std::uint64_t>(kThresholds[column]);
    if (border > first) CHECK(table.at(border - 1) == static_cast<std::int32_t>(column));
    if (border < first + kWidth) CHECK(table.at(border) == kAliases[column]);
    CHECK(table.at(first) != 2 && table.at(first + kWidth - 1) != 2);
  }
}

TEST(one_class_is_never_drawn_when_excluded) {
  const AliasTable table(5, kThresholds, kAliases, 8, kLogQ);
  constexpr double kLogUniform = -1.1;
  const AliasTable uniform(3, nullptr, nullptr, 0, &kLogUniform);
  CHECK(uniform.log_q(2) == kLogUniform);
  Philox random(seed(), 1);
  double count[5] = {}, uniform_count[3] = {};
  for (int i = 0; i < 100000; ++i) {
    ++count[table.draw_other(random, 3)];
    ++uniform_count[uniform.draw_other(random, 1)];
  }
  CHECK(count[2] == 0 && count[3] == 0 && uniform_count[1] == 0);
  // Six standard deviations: q is 1/2 for class 1, and for each of the two that the uniform distribution has left.
  CHECK(count[1] > 50000 - 950 && count[1] < 50000 + 950);
  CHECK(uniform_count[0] > 50000 - 950 && uniform_count[0] < 50000 + 950);
}

}  // namespace
}  // namespace softmax_native::test
