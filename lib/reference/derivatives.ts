// Derivatives at logits z, with p = softmax(beta z): the gradient of log-sum-exp, the derivative of p in beta, and the
// Jacobian matrices of softmax and of its logarithm. What is masked has the derivative 0.
import type { Call, ProductCall, Verdict } from '../types';
import { Sum, sumError } from './precise';
import { eachRow, mapRows, type Row } from './rows';
import { probabilities } from './softmax';
import { keyOf, sharersOf, standingOf } from './standing';

/** At beta = 0 and +-Infinity neither softmax nor log-sum-exp changes with the logits. */
const slope = (beta: number): number => (Number.isFinite(beta) ? beta : 0);

const withoutWeights = { sign: undefined, weights: undefined, weightStrides: undefined, variant: false };

/**
 * d log sum_j e^(beta z_j) / d z_i = beta p_i, times the g of the row. Where p is 0, a g of Infinity does not count; p of
 * a class that takes part is not 0, though it may be rounded to it.
 */
export function logSumExpVjp(call: ProductCall): Verdict {
  const { beta, rule, direction } = call;
  const ofLogits = { ...call, ...withoutWeights, logits: call.point };
  const refused = eachRow(ofLogits, () => {});
  if (rule === 'throw') {
    const infinite = direction.findIndex((g) => !Number.isFinite(g));
    if (infinite >= 0 && (refused < 0 || infinite < refused)) return infinite;
  }
  if (refused >= 0) return refused;
  return mapRows(ofLogits, (row, result, index) => {
    const g = direction[index] as number;
    const isLimit = sharersOf(row, beta, standingOf(row, beta)) !== undefined;
    const takesPart = (j: number): boolean => keyOf(row.z[j] as number, beta) > -Infinity;
    probabilities(row, beta, rule, result);
    for (let j = 0; j < row.n; j += 1) {
      const p = result[j] as number;
      if (row.counts[j] === 0) result[j] = 0;
      else if (slope(beta) === 0) result[j] = Number.isNaN(p + g) ? NaN : 0;
      else if (p !== 0 || Number.isNaN(g) || rule === 'ieee') result[j] = p * (beta * g);
      else result[j] = Math.abs(g) === Infinity && !isLimit && takesPart(j) ? beta * g : 0;
    }
  });
}

/** dp_i / d beta = p_i (z_i - sum_j p_j z_j). Where an infinity decides, p does not change. */
export function softmaxBetaGradient(call: Call): Verdict {
  const { beta, rule } = call;
  return mapRows(call, (row, result) => {
    const { isNaN, isInfinite, max, first } = standingOf(row, beta);
    probabilities(row, beta, rule, result);
    const isConstant = !Number.isFinite(max) || Math.abs(beta) === Infinity;
    // 0 times Infinity, also where the infinite logit takes no part.
    const isUndefined = isNaN || Number.isNaN(result[0]) || (rule === 'ieee' && isInfinite);
    if (!isUndefined && !isConstant) return centre(row, row.z[first] as number, result);
    for (let j = 0; j < row.n; j += 1) result[j] = isUndefined && row.counts[j] !== 0 ? NaN : 0;
  });
}

/** Replaces p by p (z - E z), with z relative to the maximum. */
function centre({ n, z }: Row, max: number, p: Float64Array): void {
  const mean = new Sum();
  for (let j = 0; j < n; j += 1) {
    if (p[j] === 0) continue;
    mean.add((p[j] as number) * ((z[j] as number) - max));
    mean.add((p[j] as number) * sumError(z[j] as number, -max));
  }
  for (let j = 0; j < n; j += 1) {
    if (p[j] !== 0) p[j] = (p[j] as number) * ((z[j] as number) - max - mean.value);
  }
}

/** J_ij = beta p_i (delta_ij - p_j). */
export function softmaxJacobian(call: Call): Verdict {
  return matrices(call, (p, i, j) => (p[i] as number) * (i === j ? others(p, i) : -(p[j] as number)));
}

/** J_ij = beta (delta_ij - p_j), and 0 where log p_i is -Infinity, whatever z. */
export function logSoftmaxJacobian(call: Call): Verdict {
  const { rule, beta } = call;
  return matrices(call, (p, i, j, row) => {
    const { max } = standingOf(row, beta);
    const key = keyOf(row.z[i] as number, beta);
    const changes = rule === 'ieee' || (key > -Infinity && (max < Infinity || key === max));
    return changes ? (i === j ? others(p, i) : -(p[j] as number)) : Number.isNaN(p[j]) ? NaN : 0;
  });
}

/** 1 - p_i, as the sum of the others. */
function others(p: Float64Array, i: number): number {
  const sum = new Sum();
  for (const [j, x] of p.entries()) if (j !== i) sum.add(x);
  return Number.isNaN(p[i]) ? NaN : sum.value;
}

type Element = (p: Float64Array, i: number, j: number, row: Row) => number;

function matrices(call: Call, element: Element): Verdict {
  const { n, beta, rule, out } = call;
  return eachRow(call, (row, index) => {
    const p = new Float64Array(n);
    probabilities(row, beta, rule, p);
    for (let j = 0; j < n; j += 1) if (row.counts[j] === 0) p[j] = 0;
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j < n; j += 1) {
        const isMasked = row.counts[i] === 0 || row.counts[j] === 0;
        out[(index * n + i) * n + j] = isMasked ? 0 : slope(beta) * element(p, i, j, row) + 0;
      }
    }
  });
}
