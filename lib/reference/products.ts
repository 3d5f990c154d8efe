// Products with the Jacobians of softmax and log-softmax:
//   softmax      beta p_i (g_i - sum_j p_j g_j)        symmetric: J g and J' g are the same
//   log-softmax  J' g = beta (g_i - e^(l_i) sum_j g_j)      J t = beta (t_i - sum_j e^(l_j) t_j)
// A class with p = 0, or l = -Infinity, takes no part: its g does not count, and its result is 0. The rule 'ieee' takes
// the formulas as they stand, with what their type rounds to 0. Where beta is 0 or infinite, nothing changes with the logits: 0, but NaN stays.
import type { Parts, ProductCall, Verdict } from '../types';
import { productError, Sum } from './precise';
import { placeOf, stridedPlaceOf } from './rows';

/** A row of both inputs, and which of its elements count. */
interface Pairs {
  readonly n: number;
  readonly x: Float64Array;
  readonly g: Float64Array;
  readonly counts: Uint8Array;
}

/** What tells the products apart. */
interface Formula {
  /** The x of a class that takes no part. */
  readonly idle: number;
  /** What is summed over the row; as it stands where `plain`. */
  readonly term: (x: number, g: number, plain: boolean) => number;
  /** The result without beta; as it stands where `plain`. */
  readonly element: (x: number, g: number, sum: number, plain: boolean) => number;
}

export const softmaxVjp = (call: ProductCall): Verdict =>
  product(call, { idle: 0, term: (p, g) => p * g, element: (p, g, sum) => p * (g - sum) });

export const logSoftmaxVjp = (call: ProductCall): Verdict =>
  product(call, {
    idle: -Infinity,
    // NaN where l is no logarithm of a probability.
    term: (l, g, plain) => (plain ? g : g + (l - l)),
    element: (l, g, sum, plain) => g - (plain ? Math.exp(l) * sum : timesProbability(l, sum)),
  });

export const logSoftmaxJvp = (call: ProductCall): Verdict =>
  product(call, {
    idle: -Infinity,
    term: (l, t, plain) => (plain ? Math.exp(l) * t : timesProbability(l, t)),
    element: (_l, t, sum) => t - sum,
  });

/** e^l x of a class that takes part: its probability is not 0, though it may be rounded to it. */
function timesProbability(l: number, x: number): number {
  return Number.isFinite(l) && Math.abs(x) === Infinity ? x : Math.exp(l) * x;
}

function product(call: ProductCall, formula: Formula): Verdict {
  const { n, beta, rule, outer, inner, out } = call;
  const isConstant = beta === 0 || Math.abs(beta) === Infinity;
  const plain = rule === 'ieee' && !isConstant;
  const rows = Array.from({ length: outer * inner }, (_, index) => readPairs(call, index, formula.idle, plain));
  if (rule === 'throw') {
    const refused = rows.findIndex((row) => !isRegular(row));
    if (refused >= 0) return refused;
  }
  for (const [index, { x, g, counts }] of rows.entries()) {
    const sum = sumOf(formula, { n, x, g, counts }, plain);
    for (let j = 0; j < n; j += 1) {
      const element = formula.element(x[j] as number, g[j] as number, sum, plain);
      const value = isConstant ? (Number.isNaN(sum) ? NaN : 0) : beta * element;
      out[placeOf(call, index, j)] = counts[j] === 0 ? 0 : value;
    }
  }
  return -1;
}

function sumOf({ term, idle }: Formula, { n, x, g, counts }: Pairs, plain: boolean): number {
  const sum = new Sum();
  for (let j = 0; j < n; j += 1) {
    if (counts[j] === 0) continue;
    const value = term(x[j] as number, g[j] as number, plain);
    sum.add(value);
    if (idle === 0 && Number.isFinite(value)) sum.add(productError(x[j] as number, g[j] as number));
  }
  return sum.value;
}

/** What is masked never counts; what takes no part counts where the formula is taken as it stands. */
function readPairs(call: ProductCall, index: number, idle: number, plain: boolean): Pairs {
  const { n, point, direction, mask, maskStrides } = call;
  const row = { n, x: new Float64Array(n), g: new Float64Array(n), counts: new Uint8Array(n) };
  for (let j = 0; j < n; j += 1) {
    row.x[j] = point[placeOf(call, index, j)] as number;
    row.g[j] = direction[placeOf(call, index, j)] as number;
    const isMasked = mask !== undefined && mask[stridedPlaceOf(call, maskStrides as Parts, index, j)] === 0;
    row.counts[j] = !isMasked && (plain || row.x[j] !== idle) ? 1 : 0;
  }
  return row;
}

/** Whether all that counts is finite, and something does. */
function isRegular({ x, g, counts }: Pairs): boolean {
  const isFinite = (j: number): boolean => Number.isFinite(x[j]) && Number.isFinite(g[j]);
  return counts.includes(1) && counts.every((counted, j) => counted === 0 || isFinite(j));
}
