// log |sum_j w_j e^(beta z_j)| = beta max + log|S|, S = sum_j w_j e^(beta (z_j - max)), and the sign of S. The smooth
// maximum is the same divided by beta, without weights: max + log(S) / beta.
import type { Call, Verdict } from '../types';
import { expOfGap, productError, Sum, sumError } from './precise';
import { type Row, reduceRows } from './rows';
import { keyOf, type Standing, sharersOf, standingOf } from './standing';

interface Signed {
  readonly value: number;
  readonly sign: number;
}

const undefinedSum: Signed = { value: NaN, sign: NaN };

export function logSumExp(call: Call): Verdict {
  const { beta, rule, variant, weights, sign } = call;
  return reduceRows(call, (row) => {
    const standing = standingOf(row, beta);
    if (standing.isNaN || hasUndefinedWeight(row, beta)) return undefinedSum;
    if (rule === 'ieee' && beta === 0 && standing.isInfinite) return undefinedSum;
    if (variant) return { value: smoothMax(row, beta, standing), sign: 1 };
    const result = logOfSum(row, beta, standing);
    if (weights === undefined) return { value: result.value, sign: result.value === -Infinity ? 0 : 1 };
    // Without the sign there is no real logarithm of a negative sum.
    return sign === undefined && result.sign < 0 ? undefinedSum : result;
  });
}

function smoothMax(row: Row, beta: number, { max, first, taking }: Standing): number {
  const z = keyOf(max, beta);
  if (!Number.isFinite(max) || Math.abs(beta) === Infinity) return z;
  if (beta === 0) return taking === 1 ? z : Infinity;
  return z + Math.log1p(restOf(row, beta, first)) / beta;
}

function logOfSum(row: Row, beta: number, standing: Standing): Signed {
  const sharers = sharersOf(row, beta, standing);
  if (sharers !== undefined) return logOfSharers(row, beta, standing, sharers);
  const max = row.z[standing.first] as number;
  const { value: log, sign } = logOf(row.weights[standing.first] as number, restOf(row, beta, standing.first));
  const shift = beta * max;
  const low = productError(beta, max) + (Number.isFinite(log) ? sumError(shift, log) : 0);
  return { value: Number.isFinite(shift + log) ? shift + log + low : shift + log, sign };
}

/** The limits: e^(beta z) is the same for all that share, and 0, 1 or Infinity. */
function logOfSharers({ weights }: Row, beta: number, { max }: Standing, sharers: readonly number[]): Signed {
  const sum = new Sum();
  for (const j of sharers) sum.add(weights[j] as number);
  const total = sum.value;
  const exponent = max === Infinity ? Infinity : beta === 0 ? 0 : Math.abs(beta) * max || 0;
  if (exponent === Infinity && total === 0) return undefinedSum;
  return { value: total === 0 ? -Infinity : exponent + Math.log(Math.abs(total)), sign: Math.sign(total) };
}

/** sum of w_j e^(beta (z_j - max)) over all but the first maximum. */
function restOf({ n, z, counts, weights }: Row, beta: number, first: number): number {
  const rest = new Sum();
  for (let j = 0; j < n; j += 1) {
    if (j === first || counts[j] === 0) continue;
    const weight = weights[j] as number;
    const e = expOfGap(beta, z[j] as number, z[first] as number);
    rest.add(weight * e);
    if (e !== 0) rest.add(productError(weight, e));
  }
  return rest.value;
}

/** log |weight + rest| and its sign, right for sums near 1 of either sign. */
function logOf(weight: number, rest: number): Signed {
  const sum = weight + rest;
  const sign = Math.sign(sum);
  if (Math.abs(sum) < 0.5 || Math.abs(sum) > 2) {
    return { value: weight === 1 && rest > 0 ? Math.log1p(rest) : Math.log(Math.abs(sum)), sign };
  }
  // |sum| - 1, with the parts added in the order that cancels exactly.
  const beyond = Math.abs(weight) > Math.abs(rest) ? sign * weight - 1 + sign * rest : sign * rest - 1 + sign * weight;
  return { value: Math.log1p(beyond), sign };
}

function hasUndefinedWeight({ z, counts, weights }: Row, beta: number): boolean {
  return weights.some((w, j) => Number.isNaN(w) && counts[j] !== 0 && keyOf(z[j] as number, beta) > -Infinity);
}
