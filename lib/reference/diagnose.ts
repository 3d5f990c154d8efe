// What a row of logits does to softmax and its gradient. The formulas as they read, with the sums taken over all but one
// maximum: p_max = 1 / S, 1 - p_max = (S - 1) / S, H = log S + sum p d, tr(diag p - p p') = sum p (1 - p), and the greatest
// eigenvalue by bisection.
import type { DiagnoseCall, Verdict } from '../types';
import { expOfGap, Sum, scaledGap } from './precise';
import { eachRow, type Row } from './rows';
import { isUndefined, keyOf, type Standing, sharersOf, standingOf } from './standing';

const names = [
  'max',
  'gap',
  'ties',
  'pMax',
  'oneMinusPMax',
  'entropy',
  'effectiveClasses',
  'jacobianTrace',
  'jacobianNorm',
  'saturated',
  'suggestedScale',
  'relativeErrorBound',
  'firstNonFinite',
] as const;

type Fields = Record<(typeof names)[number], number>;
type Finding = Omit<Fields, 'max' | 'firstNonFinite'>;

export function diagnose(call: DiagnoseCall): Verdict {
  return eachRow(call, (row, index) => {
    const found = fieldsOf(row, call);
    for (const [i, name] of names.entries()) call.out[index * names.length + i] = found[name];
  });
}

function fieldsOf(row: Row, { beta, rule, logits }: DiagnoseCall): Fields {
  const standing = standingOf(row, beta);
  const max = keyOf(standing.max, beta) + 0;
  const firstNonFinite = row.z.findIndex((z, j) => row.counts[j] !== 0 && !Number.isFinite(z));
  if (row.n > 0 && isUndefined(standing, beta, rule)) return { max: NaN, ...notANumber, firstNonFinite };
  if (standing.taking === 0) return { max, ...nothing, firstNonFinite };
  const sharers = sharersOf(row, beta, standing);
  const narrowing = logits.BYTES_PER_ELEMENT === 4 ? 2 ** -24 : 0;
  const found =
    sharers === undefined
      ? ofExponentials(row, beta, standing, narrowing)
      : ofSharers(sharers.length, beta, standing, narrowing);
  return { max, ...found, firstNonFinite };
}

const nothing: Finding = {
  gap: Infinity,
  ties: 0,
  pMax: 0,
  oneMinusPMax: 0,
  entropy: 0,
  effectiveClasses: 0,
  jacobianTrace: 0,
  jacobianNorm: 0,
  saturated: 0,
  suggestedScale: 1,
  relativeErrorBound: 0,
};

const notANumber: Finding = {
  gap: NaN,
  ties: 0,
  pMax: NaN,
  oneMinusPMax: NaN,
  entropy: NaN,
  effectiveClasses: NaN,
  jacobianTrace: NaN,
  jacobianNorm: NaN,
  saturated: 0,
  suggestedScale: NaN,
  relativeErrorBound: NaN,
};

/** Half an ulp of 1. */
const roundoff = 2 ** -53;

/** The limits: k classes share the mass equally. The derivative is 0 where beta is 0 or infinite. */
function ofSharers(k: number, beta: number, { max, taking }: Standing, narrowing: number): Finding {
  const slope = max === Infinity && beta !== 0 && Number.isFinite(beta) ? Math.abs(beta) : 0;
  const saturated = beta !== 0 && taking > 1 && (!Number.isFinite(beta) || k === 1);
  return {
    gap: Infinity,
    ties: k,
    pMax: 1 / k,
    oneMinusPMax: (k - 1) / k,
    entropy: Math.log(k),
    effectiveClasses: k,
    jacobianTrace: slope * ((k - 1) / k),
    jacobianNorm: k === 1 ? 0 : slope / k,
    saturated: saturated ? 1 : 0,
    suggestedScale: saturated ? 0 : 1,
    relativeErrorBound: k === 1 ? 0 : 1.001 * (roundoff + narrowing),
  };
}

function ofExponentials(row: Row, beta: number, standing: Standing, narrowing: number): Finding {
  const max = row.z[standing.first] as number;
  const others = row.z.filter((_, j) => row.counts[j] !== 0 && j !== standing.first);
  const gaps = Array.from(others, (z) => -scaledGap(beta, z, max).high);
  const e = Array.from(others, (z) => expOfGap(beta, z, max));
  const rest = sum(e);
  const total = 1 + rest;
  const spread = sum(e.map((x, j) => (x === 0 ? 0 : x * (gaps[j] as number)))) / total;
  // Each p (1 - p): of the maximum rest / S^2, of another e (S - e) / S^2.
  const mixed = (rest + sum(e.map((x) => x * (total - x)))) / total / total;
  const gap = gaps.reduce((least, d, j) => (others[j] === max ? least : Math.min(least, d)), Infinity);
  const ties = 1 + others.filter((z) => z === max).length;
  const saturated = mixed < 1e-3 && gap < Infinity;
  const below = (total - ties) / total;
  return {
    gap,
    ties,
    pMax: 1 / total,
    oneMinusPMax: rest / total,
    entropy: Math.log1p(rest) + spread,
    effectiveClasses: total * Math.exp(spread),
    jacobianTrace: Math.abs(beta) * mixed,
    jacobianNorm: (Math.abs(beta) * (ties > 1 ? 1 : greatestEigenvalue(e))) / total,
    saturated: saturated ? 1 : 0,
    suggestedScale: saturated ? scaleFor(gaps, gap) : 1,
    // Of softmax as the reference computes it: two roundings, two of the sum, 2 ulp of each exponential but the maximum's.
    relativeErrorBound: 1.001 * (roundoff * (4 + (below > 0 ? 4 + 4 * below : 0)) + narrowing),
  };
}

function sum(terms: readonly number[]): number {
  const total = new Sum();
  for (const term of terms) total.add(term);
  return total.value;
}

/**
 * S times the greatest eigenvalue of diag p - p p', for one maximum: the root y in (e_2, 1) of the secular equation
 * sum p^2 / (p - y / S) = 1 (Golub 1973), which is 1 / (1 - y) = sum e / (y - e).
 */
function greatestEigenvalue(e: readonly number[]): number {
  const second = e.reduce((greatest, x) => Math.max(greatest, x), 0);
  if (second === 0) return 0;
  // y = second + t; where t is too great the left side is.
  return second + bisect(0, 1 - second, (t) => 1 / (1 - second - t) > sum(e.map((x) => x / (t + (second - x)))));
}

/** The factor c with sum e^(-c d) = 1/9: the maximum then has 9/10. */
function scaleFor(gaps: readonly number[], gap: number): number {
  const least = Math.log(9) / gap;
  return bisect(least, least + Math.log(gaps.length) / gap, (c) => sum(gaps.map((d) => Math.exp(-c * d))) < 1 / 9);
}

/** Where a condition that holds for all greater numbers begins to hold. */
function bisect(from: number, to: number, holds: (x: number) => boolean): number {
  let [low, high] = [from, to];
  for (let i = 0; i < 1100; i += 1) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
