// The greatest eigenvalue of diag(p) - p p^T for a row with one maximum. In terms of e_j = p_j / p_max it is p_max y,
// where y in (e_2, 1) solves
//   1 / (1 - y) = psi(y) = sum over j below the maximum of e_j / (y - e_j),
// which is the secular equation sum p_j^2 / (p_j - x) = 1 (Golub, "Some modified matrix eigenvalue problems", 1973)
// with what cancels taken out: all terms are positive, so that a root of 1e-300 is as right as one of 0.5.
#pragma once

namespace softmax_native {

// psi and -(y - e_2) psi' at y = e_2 + t.
struct Secular {
  double value, slope;
};

// The root t of 1 / (g - t) = r + s / t, where r and s give psi's value and slope at `t`: the one step of Bunch,
// Nielsen and Sorensen, "Rank-one modification of the symmetric eigenproblem", 1978. Quadratic, and without
// cancellation.
inline double next_root(Secular psi, double t, double g) {
  const double s = t * psi.slope, r = psi.value > psi.slope ? psi.value - psi.slope : 0;
  const double b = 1 + s - r * g, root = __builtin_sqrt(b * b + 4 * r * s * g);
  return b >= 0 ? 2 * s * g / (b + root) : (root - b) / (2 * r);
}

// y for the n numbers e in [0, 1) of which `second` is the greatest, `rest` the sum and `squares` that of squares.
// sums(f) adds up f's two terms (e, value, slope) over them. To about 1e-15.
template <class Sums>
double largest_root(double second, double rest, double squares, const Sums& sums) {
  if (second == 0) return 0;
  const double g = 1 - second;
  // Between the poles lies nothing but the root; where they are neighbours, so is it.
  if (g < 1e-14) return second;
  double t = rest * g / (1 + rest);
  // All but the second from afar: sum e / (y - e) = sum e / y + sum e^2 / y^2 + ... A start that often is the root.
  const double others = rest > second ? rest - second : 0, square = second * second;
  const double other_squares = squares > square ? squares - square : 0;
  for (int i = 0; i < 6; ++i) {
    const double y = t + second, first = others / y, next = other_squares / y / y, pole = second / t;
    t = next_root({pole + first + next, pole + t / y * (first + 2 * next)}, t, g);
  }
  for (int i = 0; i < 40; ++i) {
    const double found = next_root(sums(t), t, g);
    const double step = found > t ? found - t : t - found;
    t = found;
    if (step <= 0x1p-26 * t || step <= 0x1p-52 * second) break;
  }
  return t + second;
}

}  // namespace softmax_native
