// The documented error bounds, in one place: what the kernels' comments and the README promise is what the tests ask.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>

namespace softmax_native::test::tolerance {

// ulp of the result.
inline constexpr double kExp = 1.0, kLog = 1.0, kLog1p = 1.0;

// e^(beta d) inside the row kernels: what the product beta d rounds off is put back, with one more rounding.
inline double exp_in_row(double beta) { return beta == 1 ? kExp : 1.05; }

inline double rounds(std::size_t n) { return 3 + std::log2(static_cast<double>(n) + 1) / 4; }

// ulp of the element y. The last term is the rounding of x - max: an ulp of y for each unit of the difference.
//
// This is what every row keeps that was tried. A row whose roundings are all to one side could exceed it, as when
// thousands of equal terms carry the same error; proven is, to first order, in halves of an ulp of 1, with d = x - max,
// p the probabilities and S the sum:
//   the exponential of an element 2.1, its difference |d|;  1 / S one;  the product by it half an ulp;
//   S four (three additions in a group, one at the end), and what its terms are off, 2.1 and sum p |d|.
// As |d| = |log y| - log S, and sum p |d| = H - log S with the entropy H <= log n, all of it is below
//   10 + |log y| + log n
// ulp in a row of one chunk; where there are more, the exponentials of the chunks' maxima and their sum add 6.
inline double softmax(std::size_t n, double log_y) { return rounds(n) + std::fabs(log_y); }

// ulp of y itself, also where y is next to 0: there -y is the mass of the others, and its logarithm counts as in
// softmax.
inline double log_softmax(std::size_t n, double y) {
  const double near_zero = y > -1 && y != 0 ? -std::log(-y) : 0;
  return rounds(n) + near_zero;
}

// ulp of the greater of |y| and |beta max|.
inline double log_sum_exp(std::size_t n) { return rounds(n); }
// The same where the maximum is next to 0: what the others add, y - max = log(1 + rest), is then as large as y or
// larger, and right to the rounding of their differences from the maximum, |log rest| roundings of it, as in softmax.
// Of a smooth maximum y, which is divided by beta, with beta y.
inline double log_sum_exp(std::size_t n, double y, double max) {
  const double others = y - max, size = std::fmax(std::fabs(y), std::fabs(max));
  return rounds(n) + (others > 0 && others < 1 ? others / size * -std::log(others) : 0);
}

// exp_sum and exp_rest, ulp of the sum: `spread` is the sum's mean |beta (x - max)|, the rounding of the differences.
inline double sum(std::size_t n, double spread) { return rounds(n) + spread; }

// Derivatives, in units of T's roundoff (half an ulp of 1).
// softmax_vjp: of |beta| p (|g - sum p g| + sum p |g|). Four roundings of the element; five of the sum: a product,
// three additions in T, and the sum itself.
inline constexpr double kSoftmaxVjp = 5;
// log_softmax_vjp: of |beta| (|g - p sum g| + p sum |g|); log_softmax_jvp: of |beta| (|t - sum p t| + sum p |t|). The
// exponential is right to two units.
inline constexpr double kLogSoftmaxVjp = 7, kLogSoftmaxJvp = 7;
// log_sum_exp_vjp in ulp of the element: softmax's, and the product with beta g.
inline double log_sum_exp_vjp(std::size_t n, double log_p) { return softmax(n, log_p) + 1; }
// The fields of a diagnosis, ulp of float64; the root and the zero of a function in parts of themselves.
inline constexpr double kDiagnosis = 12, kJacobianNorm = 1e-13, kSuggestedScale = 1e-9;
// How far relativeErrorBound may lie above the worst error of rows of a kind.
inline constexpr double kErrorBound = 20;
// The loss of a class is log_softmax's. Its gradient is softmax times a factor, two roundings more; log_p is that of p,
// or of 1 - p for the class itself.
inline double loss_gradient(std::size_t n, double log_p) { return softmax(n, log_p) + 2; }

// ulp of the divergence, near rows and far ones.
inline constexpr double kDivergence = 24;

// ulp of softcap; of its slope for each unit of 1 + 2 |x / cap|, by which the exponential's argument is rounded.
template <class T>
inline constexpr double kSoftcap = 4;
template <>
inline constexpr double kSoftcap<float> = 1;
template <class T>
inline constexpr double kSoftcapSlope = 5;
template <>
inline constexpr double kSoftcapSlope<float> = 1;

// |sum of a softmax row - 1|.
template <class T>
inline constexpr double kRowSum = 1e-15;
template <>
inline constexpr double kRowSum<float> = 3e-7;

// linear_cross_entropy on normal numbers, logits of deviation 3, in units of half an ulp of 1: the loss of a batch
// relative to itself, log-sum-exp as it is, gradients relative to the greatest sum of their terms' magnitudes, of a row
// of hidden, or of all. A logit's error is the relative error of its probability, and so of a gradient as of
// log-sum-exp. Proven for each logit: 256 + depth / 256 + 2 units of the sum of its terms' magnitudes
// (kernels/multiply.hpp).
struct Linear {
  double loss, log_sum_exp, gradient;
};
inline constexpr Linear kLinear{2, 96, 96};

// Attention of standard normal queries, keys and values, in units of 2^-24 or 2^-53: the output relative to its
// magnitude plus 0.2, the log-sum-exp to its magnitude plus 1, gradients to the greatest of their array. What is left
// of the output's error is the rounding of scores: half an ulp of one above 4 moves two equal weights by 2 units.
struct OfAttention {
  double output, log_sum_exp, gradient;
};
inline constexpr OfAttention kAttention{24, 4, 16};

}  // namespace softmax_native::test::tolerance
