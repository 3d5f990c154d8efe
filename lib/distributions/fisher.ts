// Products with the Fisher information of categorical distributions, and with its inverse, row by row in O(n).
//   natural coordinates, n of them        C(p) = diag(p) - p p^T, singular
//   minimal coordinates, the first n - 1  C(p) without the last row and column
import { Float64Array } from '../intrinsics';

/** A product of one row: `m` elements of v from `at` on, the probabilities of the n classes from `from` on. */
export type Product = (
  p: Float64Array,
  from: number,
  n: number,
  v: ArrayLike<number>,
  at: number,
  m: number,
  out: Float64Array,
) => void;

/** p (v - <p, v>), where v lacks the last class of a minimal one: it is 0. */
export const timesFisher: Product = (p, from, _n, v, at, m, out) => {
  let mean = 0;
  for (let k = 0; k < m; k += 1) mean += (p[from + k] as number) * (v[at + k] as number);
  for (let k = 0; k < m; k += 1) out[at + k] = (p[from + k] as number) * ((v[at + k] as number) - mean);
};

/**
 * Minimal coordinates: v_k / p_k + sum v / p_n. Natural ones: Q diag(1/p) Q v with Q = I - 1/n, which is the inverse of
 * Moore and Penrose (Tanabe and Sagae, "An exact Cholesky decomposition and the generalized inverse of the
 * variance-covariance matrix of the multinomial distribution", 1992), of the classes that have a probability.
 */
export const timesInverse: Product = (p, from, n, v, at, m, out) => {
  if (m < n) {
    let sum = 0;
    for (let k = 0; k < m; k += 1) sum += v[at + k] as number;
    const last = sum / (p[from + m] as number);
    for (let k = 0; k < m; k += 1) out[at + k] = (v[at + k] as number) / (p[from + k] as number) + last;
    return;
  }
  const centred = (x: ArrayLike<number>): void => {
    let [sum, count] = [0, 0];
    for (let k = 0; k < n; k += 1) {
      if (p[from + k] === 0) continue;
      sum += x[at + k] as number;
      count += 1;
    }
    for (let k = 0; k < n; k += 1) out[at + k] = p[from + k] === 0 ? 0 : (x[at + k] as number) - sum / count;
  };
  centred(v);
  for (let k = 0; k < n; k += 1) {
    if (p[from + k] !== 0) out[at + k] = (out[at + k] as number) / (p[from + k] as number);
  }
  centred(out);
};

/** The rows [n - 1, n - 1] of the Fisher information in minimal coordinates. */
export function denseFisher(p: Float64Array, rows: number, n: number): Float64Array {
  const m = n - 1;
  const out = new Float64Array(rows * m * m);
  for (let row = 0; row < rows; row += 1) {
    for (let i = 0; i < m; i += 1) {
      for (let j = 0; j < m; j += 1) {
        const [pi, pj] = [p[row * n + i] as number, p[row * n + j] as number];
        // The others' sum keeps what 1 - p loses where p is next to 1.
        out[(row * m + i) * m + j] = i === j ? pi * othersOf(p, row * n, n, i) : -pi * pj;
      }
    }
  }
  return out;
}

function othersOf(p: Float64Array, from: number, n: number, i: number): number {
  if ((p[from + i] as number) <= 0.5) return 1 - (p[from + i] as number);
  let sum = 0;
  for (let k = 0; k < n; k += 1) if (k !== i) sum += p[from + k] as number;
  return sum;
}
