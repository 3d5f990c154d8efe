// Arguments at which elementary functions go wrong: next to the borders of their range reductions, where reductions
// cancel, at the ends of the range, and where the exact result is nearly half way between two floats.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "distributions.hpp"
#include "exact.hpp"

namespace softmax_native::test {

template <class T>
void add_neighbours(std::vector<T>& list, T x, int count) {
  T below = x, above = x;
  list.push_back(x);
  for (int i = 0; i < count; ++i) {
    below = std::nextafter(below, -std::numeric_limits<T>::infinity());
    above = std::nextafter(above, std::numeric_limits<T>::infinity());
    list.push_back(below);
    list.push_back(above);
  }
}

// For exp on [least, 0]: multiples of ln 2 (the reduced argument cancels) and of half of it (the border between k and
// k + 1), the ends of the normal and the subnormal range, tiny arguments.
template <class T>
std::vector<T> hard_exp_arguments(T least) {
  std::vector<T> list;
  const Quad half_ln2 = exact_log(Quad(2)) / 2;
  for (int k = 0; -k * half_ln2 >= Quad(least); ++k) add_neighbours(list, static_cast<T>(-k * half_ln2), 8);
  add_neighbours(list, least, 8);
  for (T x = T(-0.5); x != 0; x /= 2) add_neighbours(list, x, 3);
  for (T& x : list) x = x > 0 || x < least ? T(0) : x;
  return list;
}

// For log and log1p on [0, Infinity): powers of two and their roots and neighbours (1 among them), both ends.
template <class T>
std::vector<T> hard_log_arguments() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> list;
  const Quad root = exact_exp(exact_log(Quad(2)) / 2);
  for (int k = Limits::min_exponent - Limits::digits; k < Limits::max_exponent; ++k) {
    add_neighbours(list, std::ldexp(T(1), k), 8);
    add_neighbours(list, std::ldexp(static_cast<T>(root), k), 8);
    add_neighbours(list, 1 + std::ldexp(T(1), k < 0 ? k : 0), 3);
    add_neighbours(list, 1 - std::ldexp(T(1), k < 0 ? k : 0), 3);
  }
  add_neighbours(list, Limits::max(), 8);
  for (T& x : list) x = !(x >= 0) || std::isinf(x) ? T(1) : x;
  return list;
}

// Of 2^16 neighbours from x upwards, that whose f is nearest to half way between two floats: 2^-17 ulp or so. Across so
// few neighbours f is a straight line and a parabola, so that three values in 113 bits are enough for all.
template <class T, class Function>
T near_midpoint(T x, const Function& f) {
  constexpr int kNeighbours = 1 << 16;
  const T step = std::nextafter(x, std::numeric_limits<T>::infinity()) - x;
  const Quad ulp = static_cast<Quad>(ulp_of<T>(static_cast<double>(f(Quad(x)))));
  const auto in_ulps = [&](int i) { return f(Quad(x) + Quad(step) * i) / ulp; };
  const Quad first = in_ulps(0), middle = in_ulps(kNeighbours / 2), last = in_ulps(kNeighbours);
  const long double h = kNeighbours / 2;
  const long double bend = static_cast<long double>(last - 2 * middle + first) / (2 * h * h);
  const long double slope = static_cast<long double>(middle - first) / h - bend * h;
  // The whole ulps of f(x) are taken off: what counts is the fraction.
  const Quad whole = static_cast<Quad>(static_cast<std::int64_t>(first));
  const long double start = static_cast<long double>(first - whole);
  T best = x;
  long double nearest = 1;
  for (int i = 0; i < kNeighbours; ++i) {
    const long double value = start + (slope + bend * i) * i;
    const long double distance = std::fabs(value - std::floor(value) - 0.5L);
    if (distance < nearest) {
      nearest = distance;
      best = x + static_cast<T>(i) * step;
    }
  }
  return best;
}

}  // namespace softmax_native::test
