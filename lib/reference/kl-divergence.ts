// KL(p || q) = sum p (log p - log q). With a = beta (z - max z), b the same of the other logits and m = sum p (b - a)
// it is also log1p of the mean of e^(b - a - m) - 1 - (b - a - m) under p (where p > 0) plus what q has elsewhere: terms
// that are all positive, for rows that are near each other.
import type { DivergenceCall, Verdict } from '../types';
import { expOfGap, Sum, scaledGap, sumError } from './precise';
import { isRegular, type Row, readRow } from './rows';
import { isUndefined, keyOf, type Standing, sharersOf, standingOf } from './standing';

export function klDivergence(call: DivergenceCall): Verdict {
  const rows = call.outer * call.inner;
  const read = (index: number): [Row, Row] => [
    readRow(call, index),
    readRow({ ...call, logits: call.otherLogits }, index),
  ];
  if (call.rule === 'throw') {
    for (let index = 0; index < rows; index += 1) if (!read(index).every(isRegular)) return index;
  }
  for (let index = 0; index < rows; index += 1) call.out[index] = divergenceOf(call, ...read(index));
  return -1;
}

function divergenceOf({ beta, rule }: DivergenceCall, row: Row, other: Row): number {
  const standing = standingOf(row, beta);
  const otherStanding = standingOf(other, beta);
  if (isUndefined(standing, beta, rule) || isUndefined(otherStanding, beta, rule)) return NaN;
  if (standing.max === -Infinity) return 0;
  const logP = logProbabilities(row, beta, standing);
  const logQ = logProbabilities(other, beta, otherStanding);
  const takesPart = takingPart(row, beta, standing);
  const takesPartInOther = takingPart(other, beta, otherStanding);
  const direct = new Sum();
  for (const [j, log] of logP.entries()) {
    const p = Math.exp(log);
    if (takesPart(j) && !takesPartInOther(j)) return Infinity;
    if (p !== 0) direct.add(p * (log - (logQ[j] as number)));
  }
  if (!(direct.value < 0.5) || isLimit(row, beta, standing) || isLimit(other, beta, otherStanding)) return direct.value;
  return near(row, other, beta, standing, otherStanding);
}

const isLimit = (row: Row, beta: number, standing: Standing): boolean => sharersOf(row, beta, standing) !== undefined;

/** Whether a class has a probability, which may be rounded to 0. */
function takingPart(row: Row, beta: number, standing: Standing): (j: number) => boolean {
  const sharers = sharersOf(row, beta, standing);
  if (sharers !== undefined) return (j) => sharers.includes(j);
  return (j) => row.counts[j] !== 0 && keyOf(row.z[j] as number, beta) > -Infinity;
}

function logProbabilities(row: Row, beta: number, standing: Standing): Float64Array {
  const log = new Float64Array(row.n).fill(-Infinity);
  const sharers = sharersOf(row, beta, standing);
  if (sharers !== undefined) {
    for (const j of sharers) log[j] = 0 - Math.log(sharers.length);
    return log;
  }
  const logSum = Math.log1p(restOf(row, beta, standing));
  return log.map((_, j) => {
    const { high, low } = scaledGap(beta, row.z[j] as number, row.z[standing.first] as number);
    return row.counts[j] === 0 ? -Infinity : high - logSum + low;
  });
}

/** The sum of all exponentials but the first maximum's. */
function restOf({ n, z, counts }: Row, beta: number, { first }: Standing): number {
  const rest = new Sum();
  for (let j = 0; j < n; j += 1) {
    if (j !== first && counts[j] !== 0) rest.add(expOfGap(beta, z[j] as number, z[first] as number));
  }
  return rest.value;
}

function near(row: Row, other: Row, beta: number, standing: Standing, otherStanding: Standing): number {
  const x = row.z[standing.first] as number;
  const y = other.z[otherStanding.first] as number;
  const total = 1 + restOf(row, beta, standing);
  const classes = [...row.z.keys()].filter((j) => row.counts[j] !== 0);
  const e = (j: number): number => expOfGap(beta, row.z[j] as number, x);
  const gap = (j: number): number => beta * gapOf(other.z[j] as number, row.z[j] as number, y, x);
  const mean = new Sum();
  for (const j of classes) if (e(j) !== 0) mean.add((e(j) / total) * gap(j));
  const excess = new Sum();
  for (const j of classes) {
    const p = e(j);
    const q = Math.exp(scaledGap(beta, other.z[j] as number, y).high - mean.value);
    const d = gap(j) - mean.value;
    excess.add(p === 0 ? q : Math.abs(d) < 0.5 ? p * excessOf(d) : q - p * (1 + d));
  }
  return Math.log1p(Math.max(0, excess.value) / total);
}

/** (a - b) - (c - d), each difference exact. */
function gapOf(a: number, b: number, c: number, d: number): number {
  return a - b - (c - d) + (sumError(a, -b) - sumError(c, -d));
}

/** e^x - 1 - x for a small x, by its series. */
function excessOf(x: number): number {
  let sum = 0;
  for (let k = 18; k >= 2; k -= 1) sum = (x / k) * (1 + sum);
  return x * sum;
}
