// The processor's floating-point mode: every kernel leaves it as it was, subnormals are not flushed, and
// DefaultFloatMode makes the results the same whatever mode the caller was left in.
#include <cmath>
#include <limits>
#include <vector>

#include "../../native/core/float_mode.hpp"
#include "../../native/operations/softmax.hpp"
#include "../../native/parallel/pool.hpp"
#include "kernel_cases.hpp"
#include "memory.hpp"
#include "runner.hpp"

#if defined(__SSE2__)
#include <xmmintrin.h>

namespace softmax_native::test {
namespace {

constexpr unsigned kStatusFlags = 0x3F, kDefault = 0x1F80;
constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x40, kUpwards = 0x4000, kTowardsZero = 0x6000;

unsigned mode() { return _mm_getcsr() & ~kStatusFlags; }

// Arguments and results of one call, over values from the largest to the least.
template <class T>
struct Arguments {
  static constexpr std::size_t kRows = 32, kElements = 64;
  std::vector<T> x = std::vector<T>(kRows * kElements), weight = x, out = x, lanes = x;
  std::vector<std::uint8_t> mask = std::vector<std::uint8_t>(x.size());
  std::vector<double> log_sum = std::vector<double>(x.size());  // add_wide has one for each element

  Call<T> call(const Needs& needs) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = -std::ldexp(T(1), int(i % 200) - 190) - T(0.1) * static_cast<T>(i % 7);
      weight[i] = std::ldexp(T(1), -int(i % 140));
      mask[i] = i % 3 == 0;
    }
    restrict_to(needs.domain, 1, x.data(), x.size());
    out.assign(out.size(), 0);
    Call<T> c;
    c.n = needs.kind == Kind::row ? x.size() : kElements;
    c.rows = needs.kind == Kind::row ? 1 : kRows;
    c.x_stride = kElements;
    c.out_stride = kRows;
    if (needs.kind == Kind::attention) {
      c.n = c.depth = c.x_stride = c.out_stride = 16;
      c.x_step = 1;
    }
    lanes.assign(lanes.size(), T(0.5));
    c.lanes = lanes.data();
    c.x = x.data();
    c.weight = weight.data();
    c.mask = mask.data();
    c.out = out.data();
    c.log_sum = log_sum.data();
    c.beta = 0.9;
    c.max = max_key<T>(x.data(), nullptr, x.size(), c.beta);
    return c;
  }
};

template <class T>
void check_modes() {
  Arguments<T> arguments;
  for (const KernelTable* table : tables()) {
    for (const Case<T>& tested : cases<T>()) {
      _mm_setcsr(kDefault);
      Call<T> c = arguments.call(tested.needs);
      tested.run(table->of<T>(), c);
      if (mode() != kDefault) fail("%s %s %s left mode %#x", table->name, tested.name, type_name<T>(), mode());
      const std::vector<T> wanted = arguments.out;
      const double number = c.number[0];

      // The operations enter under DefaultFloatMode: what was left behind has no effect and is there afterwards.
      for (const unsigned found : {kFlushToZero | kDenormalsAreZero, kUpwards, kTowardsZero | kFlushToZero}) {
        c = arguments.call(tested.needs);
        _mm_setcsr(kDefault | found);
        {
          const DefaultFloatMode standard;
          tested.run(table->of<T>(), c);
        }
        const unsigned left = mode();
        _mm_setcsr(kDefault);
        if (left != (kDefault | found))
          fail("%s %s %s: mode %#x not restored", table->name, tested.name, type_name<T>(), found);
        const std::size_t i = first_difference(arguments.out.data(), wanted.data(), wanted.size());
        if (i < wanted.size() || !same_bits(number, c.number[0])) {
          fail("%s %s %s: mode %#x changed the result", table->name, tested.name, type_name<T>(), found);
        }
      }
    }
  }
}

TEST(kernels_leave_the_mode_float32) { check_modes<float>(); }
TEST(kernels_leave_the_mode_float64) { check_modes<double>(); }

// A thread is born with the mode of the one that makes it: the pool's threads must not keep it.
template <class T>
void check_threads() {
  constexpr std::size_t kElements = 300'000;
  std::vector<T> x(kElements), wanted(kElements), out(kElements);
  for (std::size_t i = 0; i < kElements; ++i) x[i] = -static_cast<T>(i % 1000) / T(7);
  const Logits<T> rows{x.data(), {300, 1000, 1}, 0.9, NonFinite::kLimit, nullptr, {}};
  Pool& pool = Pool::shared();
  pool.set_threads(1);
  softmax(rows, wanted.data());
  for (const unsigned found : {kFlushToZero | kDenormalsAreZero, kUpwards}) {
    pool.retain();
    pool.set_threads(3);
    _mm_setcsr(kDefault | found);
    auto nothing = [](std::size_t, std::size_t) {};
    pool.run(3, 3, true, nothing);
    _mm_setcsr(kDefault);
    for (int i = 0; i < 20; ++i) {
      softmax(rows, out.data());
      if (first_difference(out.data(), wanted.data(), kElements) != kElements) {
        fail("softmax %s on threads born in mode %#x", type_name<T>(), found);
      }
    }
    pool.set_threads(0);
    pool.release();
  }
}

TEST(threads_do_not_inherit_the_mode_float32) { check_threads<float>(); }
TEST(threads_do_not_inherit_the_mode_float64) { check_threads<double>(); }

// Gradual underflow, in arguments and results.
template <class T>
void check_subnormals() {
  using Limits = std::numeric_limits<T>;
  const T least = Limits::denorm_min();
  const double ln2 = std::log(2.0);
  for (const KernelTable* table : tables()) {
    const KernelsOf<T>& k = table->of<T>();
    // 2^-k for the subnormal exponents, a little above: e^x is at least that, and less than its double.
    for (int power = Limits::min_exponent - Limits::digits; power < Limits::min_exponent; ++power) {
      const T x = static_cast<T>(ln2 * power * (1 - 0x1p-20));
      T out = 0;
      k.exp(&x, &out, 1);
      CHECK(out >= std::ldexp(T(1), power) && out < std::ldexp(T(2.01), power));
      k.exp_sum(&x, &out, 1, T(0), 1);
      CHECK(out >= std::ldexp(T(1), power));
    }
    const T half = Limits::min() / 2, small[] = {least, half, -least, Limits::min()};
    T out[4];
    k.scale(small, out, 4, T(1), false);
    for (int i = 0; i < 4; ++i) CHECK(out[i] == small[i]);
    k.scale(small, out, 4, T(0.5), true);
    CHECK(out[3] == half && out[1] == half / 2);
    CHECK(k.max(small, 1, false) == least && k.max(small + 2, 1, true) == least);
    CHECK(k.find_equal(small, 4, T(0)) == 4);
    k.log1p(small, out, 2);
    CHECK(out[0] == least && out[1] == half);
    k.log_softmax(small, out, 4, Limits::min(), 1, T(0), false);
    CHECK(out[1] == -half && out[3] == 0);
  }
}

TEST(underflow_is_gradual_float32) { check_subnormals<float>(); }
TEST(underflow_is_gradual_float64) { check_subnormals<double>(); }

}  // namespace
}  // namespace softmax_native::test

#else

TEST(the_floating_point_mode_is_not_known_here) { softmax_native::test::note("nothing to check on this machine"); }

#endif
