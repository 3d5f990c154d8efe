// Drawing classes by given probabilities in constant time: alias tables (Walker, "An efficient method for generating
// discrete random variables with general distributions", 1977). lib/random/alias.ts makes them, says what they hold,
// and draws the same classes from the same numbers.
//
// A table has 2^k columns, at least one for each class, each 2^(53 - k) numbers of 53 bits wide: those below the
// column's threshold belong to the class of its index, the others to its alias. So the probability of a class is a
// count of 2^-53, known exactly. A table without columns is the uniform distribution.
#pragma once

#include "philox.hpp"

namespace softmax_native {

class AliasTable {
 public:
  // `log_q` has the logarithm of each class's probability, or of a uniform distribution the one of all.
  AliasTable(std::int64_t classes, const double* thresholds, const std::int32_t* aliases, std::uint64_t columns,
             const double* log_q)
      : classes_(static_cast<std::uint64_t>(classes)), thresholds_(thresholds), aliases_(aliases), columns_(columns),
        log_q_(log_q) {
    while (columns > 1) {
      columns /= 2;
      --shift_;
    }
  }

  // The class of a number of 53 bits; there are columns.
  std::int32_t at(std::uint64_t bits) const {
    const std::uint64_t column = bits >> shift_;
    const double rest = static_cast<double>(static_cast<std::int64_t>(bits - (column << shift_)));
    // Without a branch, which would be mispredicted as often as not.
    const std::int32_t all = -static_cast<std::int32_t>(rest < thresholds_[column]);
    return (static_cast<std::int32_t>(column) & all) | (aliases_[column] & ~all);
  }

  std::int32_t draw(Philox& random) const { return class_of(number(random)); }

  // A draw in two steps, between which there is time for something else: the number that decides, whose column is asked
  // for, and its class. The table of a large vocabulary does not stay in a cache.
  std::uint64_t number(Philox& random) const {
    if (columns_ == 0) return random.below(classes_);
    const std::uint64_t bits = random.bits();
#if defined(__GNUC__)
    __builtin_prefetch(thresholds_ + (bits >> shift_), 0, 3);
    __builtin_prefetch(aliases_ + (bits >> shift_), 0, 3);
#endif
    return bits;
  }
  std::int32_t class_of(std::uint64_t number) const {
    return columns_ == 0 ? static_cast<std::int32_t>(number) : at(number);
  }

  // A class other than `excluded`, by the probabilities q / (1 - q_excluded), which must not be all 0.
  std::int32_t draw_other(Philox& random, std::int32_t excluded) const {
    for (;;) {
      const std::int32_t drawn = draw(random);
      if (drawn != excluded) return drawn;
    }
  }

  double log_q(std::int32_t id) const { return log_q_[columns_ == 0 ? 0 : id]; }

 private:
  std::uint64_t classes_;
  const double* thresholds_;
  const std::int32_t* aliases_;
  std::uint64_t columns_;
  const double* log_q_;
  unsigned shift_ = 53;
};

}  // namespace softmax_native
