// Rows that no exponential decides: NaN, infinite or missing logits, and beta = 0 or +-Infinity. All of them end as one
// value where x equals something and another value elsewhere.
#pragma once

#include "row_tiles.hpp"

namespace softmax_native {

// Whether a row with this greatest key, at this beta, is one of them.
template <class T>
bool is_limit(T max_key, double beta) {
  return max_key - max_key != 0 || beta == 0 || beta - beta != 0;
}

// Whether a logit that takes part is infinite: with beta = 0, IEEE arithmetic makes NaN of it.
template <class T>
bool has_infinity(const Logits<T>& logits, const RowTiles<T>& tiles, std::size_t row, const T* x) {
  for (std::size_t j = 0; j < logits.layout.n; ++j) {
    if (x[j] - x[j] != 0 && tiles.takes_part(row, j)) return true;
  }
  return false;
}

// A row with NaN gives NaN; so does, under 'ieee', what IEEE arithmetic on beta * z would make NaN.
template <class T>
bool is_nan_row(const Logits<T>& logits, const RowTiles<T>& tiles, std::size_t row, const T* x, T max_key) {
  if (max_key != max_key) return true;
  if (logits.rule != NonFinite::kIeee) return false;
  if (max_key - max_key != 0) return true;  // Infinity - Infinity, or 0 / 0
  return logits.beta == 0 && has_infinity(logits, tiles, row, x);
}

// How the mass of such a row is shared: by the x that equal `value`, or by all others.
template <class T>
struct Share {
  T value;
  bool by_equal;
  std::size_t count;
};

template <class T>
Share<T> share(const T* x, std::size_t n, T max_key, const Logits<T>& logits) {
  const T infinity = static_cast<T>(__builtin_inf());
  const KernelsOf<T>& k = kernels().of<T>();
  if (max_key == -infinity) return {excluded_key(logits), true, 0};
  if (logits.beta == 0 && max_key != infinity) {
    return {-infinity, false, n - k.count_equal(x, n, -infinity)};
  }
  const T greatest = logits.negate() ? -max_key : max_key;
  return {greatest, true, k.count_equal(x, n, greatest)};
}

template <class T>
void fill(T* out, std::size_t n, T value) {
  for (std::size_t j = 0; j < n; ++j) out[j] = value;
}

// out = `with` for the elements that share, `without` for the others. x may be out.
template <class T>
void write_share(const T* x, T* out, std::size_t n, const Share<T>& s, T with, T without) {
  if (s.count == 0) {
    fill(out, n, without);
  } else {
    kernels().of<T>().select_equal(x, out, n, s.value, s.by_equal ? with : without, s.by_equal ? without : with);
  }
}

inline double log_of(double x) {
  kernels().f64.log(&x, &x, 1);
  return x;
}

}  // namespace softmax_native
