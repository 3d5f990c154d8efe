// Derivatives of softmax, its logarithm and log-sum-exp: products with them in O(n), and the matrices themselves.
// For beta = 0 and beta = +-Infinity, where the functions do not change, they are 0; but a row of NaN stays NaN.
// A masked class has the derivative +0 in every row.
#pragma once

#include "call.hpp"

namespace softmax_native {

// out = beta p (g - sum p g), p being probabilities in the layout of the call: the Jacobian of softmax, which is
// symmetric, times g. out may be p or g. A class with p = 0 takes no part.
template <class T>
Outcome softmax_vjp(const Logits<T>& p, const T* g, T* out);

// out = beta (g - p sum g) and out = beta (t - sum p t) with p = e^l: the Jacobian of log-softmax, transposed and as it
// is, times g and t. l are log-probabilities; a class with l = -Infinity takes no part.
template <class T>
Outcome log_softmax_vjp(const Logits<T>& l, const T* g, T* out);
template <class T>
Outcome log_softmax_jvp(const Logits<T>& l, const T* t, T* out);

// out = beta softmax(beta z) g[row]: the gradient of log sum e^(beta z). out may be z.
template <class T>
Outcome log_sum_exp_vjp(const Logits<T>& logits, const T* g, T* out);

// out = p (z - sum p z): the derivative of softmax(beta z) in beta. At beta = 0 it is not 0. out may be z.
template <class T>
Outcome softmax_beta_gradient(const Logits<T>& logits, T* out);

// Matrices of n times n, one for each row, one after the other: out[row][i][j] is the derivative of result i in z_j.
//   softmax: beta p_i (delta_ij - p_j)     log-softmax: beta (delta_ij - p_j), a row of zeros where result i is
//   -Infinity
// 1 - p_i is the sum of the other p where p_i > 1/2.
template <class T>
Outcome softmax_jacobian(const Logits<T>& logits, T* out);
template <class T>
Outcome log_softmax_jacobian(const Logits<T>& logits, T* out);

}  // namespace softmax_native
