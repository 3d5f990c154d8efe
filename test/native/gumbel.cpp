// Gumbel noise: the numbers of the stream, their logarithms near those of the C library, and the same bits on every
// set.
#include <cmath>
#include <vector>

#include "../../native/random/philox.hpp"
#include "distributions.hpp"
#include "kernel_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"

namespace softmax_native::test {
namespace {

TEST(gumbel_numbers_of_the_stream) {
  constexpr std::uint64_t kSeed = 0xfedcba9876543210;
  // Across the 2^32nd block, too.
  for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{1000}, (std::uint64_t{1} << 33) - 100}) {
    for (const std::size_t n : {1, 2, 5, 127, 128, 129, 1000}) {
      const std::vector<double> zeros(n);
      std::vector<double> wanted(n);
      kernels().f64.add_gumbel(zeros.data(), wanted.data(), n, kSeed, first);
      Philox random(kSeed, 0, first / 2);
      for (std::size_t i = 0; i < n; ++i) {
        const double g = -std::log(-std::log(random.uniform()));
        CHECK(std::fabs(wanted[i] - g) <= 0x1p-51 * std::fmax(1, std::fabs(g)));
      }
      for (const KernelTable* table : tables()) {
        std::vector<double> got(n);
        std::vector<float> x(n, 0.3f);
        table->f64.add_gumbel(zeros.data(), got.data(), n, kSeed, first);
        table->f32.add_gumbel(x.data(), x.data(), n, kSeed, first);
        for (std::size_t i = 0; i < n; ++i) {
          CHECK(same_bits(got[i], wanted[i]));
          CHECK(x[i] == static_cast<float>(double(0.3f) + wanted[i]));
        }
      }
    }
  }
}

}  // namespace
}  // namespace softmax_native::test
