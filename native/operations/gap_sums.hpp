// One pass over a row for everything that a diagnosis sums up: with gaps d_j = |beta| (max - key_j) >= 0 and
// e_j = e^-d_j, sums over all elements but the maxima, whose 1 would swallow what is below an ulp of it.
#pragma once

#include "lane_sums.hpp"

namespace softmax_native {

// What softmax computes the row in, and what of its rounding errors depends on the arithmetic.
struct Arithmetic {
  bool in_float64;
  double least_normal;  // of the element type
};

// Sums over the elements below the maximum, of a chunk or of a whole row.
struct GapSums {
  CompensatedSum rest, squares, spread;  // sum of e, e^2, e d
  CompensatedSum lost;                   // sum of e r: r_j is what rounding took from d_j in softmax's own subtraction
  double most_lost = 0;                  // the greatest r whose e is a normal number
  double nearest = __builtin_inf();      // the least d

  void add(const GapSums& other) {
    rest.add(other.rest.total());
    squares.add(other.squares.total());
    spread.add(other.spread.total());
    lost.add(other.lost.total());
    most_lost = other.most_lost > most_lost ? other.most_lost : most_lost;
    nearest = other.nearest < nearest ? other.nearest : nearest;
  }
};

// The rounding error of a - b (Knuth's TwoSum); NaN where a is infinite.
inline double difference_error(double a, double b) {
  const double s = a - b, back = s - a;
  return (a - (s - back)) - (b + back);
}

// A correction below an ulp of what it corrects; 0 for the NaN of an infinite gap.
inline double tame(double correction) {
  const double low = correction > -1 ? correction : 0;
  return low < 1 ? low : 0;
}

// A chunk of at most kChunk elements of a row with a finite maximum: fills gap[j] = d_j (Infinity for what takes no
// part) and e[j] (0 for the maxima), both apart from x, and sums up. `chunk_max` is the maximum that softmax subtracts
// first, `max` that of the row. e_j is within 2 ulp of exact: unlike in softmax, what z_j - max rounds off is put back.
template <class T>
GapSums gap_sums(const T* x, std::size_t n, T chunk_max, double max, double beta, const Arithmetic& arithmetic,
                 double* gap, double* e) {
  const double magnitude = beta < 0 ? -beta : beta, sign = beta < 0 ? -1 : 1, infinity = __builtin_inf();
  const double near = static_cast<double>(chunk_max), far = near - max;
  // What softmax of a long float64 row rounds off between the maxima of the chunk and of the row.
  const double far_error = far - far == 0 && sizeof(T) == sizeof(double) ? difference_error(near, max) : 0;
  double wide[kChunk];
  for (std::size_t j = 0; j < n; ++j) wide[j] = static_cast<double>(x[j]);
  kernels().f64.exp_sum(wide, e, n, max, beta);
  GapSums sums;
  each_block(n, [&](std::size_t start, std::size_t length) {
    const double* z = wide + start;
    double *d = gap + start, *y = e + start;
    double squares[kBlock], spread[kBlock], rounded[kBlock], lost[kBlock], normal[kBlock], rest[kBlock];
    for (std::size_t j = 0; j < length; ++j) {
      const double key = sign * z[j];
      const double correction = tame(magnitude * difference_error(key, max));
      d[j] = magnitude * (max - key);
      // A maximum is no part of the sums.
      y[j] = (y[j] + y[j] * correction) * (key < max ? 1.0 : 0.0);
      rest[j] = y[j];
      squares[j] = y[j] * y[j];
      spread[j] = y[j] * (d[j] < 1e300 ? d[j] : 1e300);
      rounded[j] = correction;
    }
    if (!arithmetic.in_float64) {
      for (std::size_t j = 0; j < length; ++j) {
        const T key = static_cast<T>(sign) * x[start + j];
        const double exact = static_cast<double>(key) - near;
        rounded[j] = tame(magnitude * (exact - static_cast<double>(static_cast<T>(key - chunk_max))));
      }
    } else if (near != max) {
      for (std::size_t j = 0; j < length; ++j) {
        const double first = tame(magnitude * difference_error(sign * z[j], near));
        const double second = tame(magnitude * far_error);
        rounded[j] = (first < 0 ? -first : first) + (second < 0 ? -second : second);
      }
    }
    for (std::size_t j = 0; j < length; ++j) {
      const double r = rounded[j] < 0 ? -rounded[j] : rounded[j];
      lost[j] = y[j] * r;
      normal[j] = r * (y[j] >= arithmetic.least_normal ? 1.0 : 0.0);
    }
    const double most = greatest(normal, length, 0);
    sums.most_lost = most > sums.most_lost ? most : sums.most_lost;
    for (std::size_t j = 0; j < length; ++j) normal[j] = sign * z[j] < max ? -d[j] : -infinity;
    const double nearest = -greatest(normal, length, -infinity);
    sums.nearest = nearest < sums.nearest ? nearest : sums.nearest;
    sums.rest.add(fold(rest, length));
    sums.squares.add(fold(squares, length));
    sums.spread.add(fold(spread, length));
    sums.lost.add(fold(lost, length));
  });
  return sums;
}

}  // namespace softmax_native
