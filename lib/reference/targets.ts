// What the classes of a row weigh in its loss, and how the rows' losses become one.
import type { FloatArray, LossCall, Parts, Reduction } from '../types';
import { Sum } from './precise';
import { placeOf } from './rows';

/** u_c = w_c y'_c for each class, y' the target after smoothing. */
export interface Masses {
  readonly isIgnored: boolean;
  /** What the row counts in the mean. */
  readonly rowWeight: number;
  readonly u: Float64Array;
  /** The factor of y_c in u_c. */
  readonly ofTarget: Float64Array;
}

type Source = Parts & Pick<LossCall, 'classes' | 'probabilities' | 'ignored' | 'weight' | 'smoothing' | 'overOthers'>;

/** `counts` says which classes are not masked: smoothing gives to those alone. */
export function massesOf(call: Source, row: number, counts: Uint8Array): Masses {
  const { n, classes, weight, ignored, smoothing, overOthers } = call;
  const taking = counts.reduce((sum, count) => sum + count, 0);
  const target = targetOf(call, row);
  const named = classes?.[row] as number;
  const isIgnored = classes === undefined ? isOnlyOn(target, ignored) : named < 0;
  if (ignored >= 0 && classes === undefined) target[ignored] = 0;
  const others = overOthers ? taking - 1 : taking;
  const all = smoothing > 0 && others > 0 ? smoothing / others : 0;
  // Over others a class gets all (1 - y) where it would get all, and one alone keeps what it has.
  const kept = !overOthers ? 1 - smoothing : others > 0 ? 1 - smoothing - all : 1;
  const u = new Float64Array(n);
  const ofTarget = new Float64Array(n);
  for (let c = 0; c < n; c += 1) {
    const w = weight === undefined ? 1 : (weight[c] as number);
    ofTarget[c] = c === ignored && classes === undefined ? 0 : w * kept;
    u[c] = w * (kept * (target[c] as number) + (counts[c] === 0 ? 0 : all));
  }
  if (named >= 0 && overOthers && others > 0) {
    u[named] = (weight === undefined ? 1 : (weight[named] as number)) * (1 - smoothing);
  }
  const rowWeight = classes === undefined || weight === undefined ? 1 : (weight[named] as number);
  return { isIgnored, rowWeight: isIgnored ? 0 : rowWeight, u, ofTarget };
}

function targetOf(call: Source, row: number): Float64Array {
  const { n, classes, probabilities } = call;
  const target = new Float64Array(n);
  if (classes !== undefined) target[classes[row] as number] = 1;
  else for (let c = 0; c < n; c += 1) target[c] = (probabilities as FloatArray)[placeOf(call, row, c)] as number;
  return target;
}

const isOnlyOn = (target: Float64Array, c: number): boolean =>
  c >= 0 && target[c] !== 0 && target.every((y, j) => j === c || y === 0);

/** The sum of the row weights; what gradients are multiplied by; the loss of all rows. */
export class Totals {
  readonly totalWeight: number;
  readonly scale: number;

  constructor(
    private readonly reduction: Reduction,
    rowWeights: readonly number[],
  ) {
    this.totalWeight = sumOf(rowWeights);
    this.scale = reduction !== 'mean' ? 1 : this.totalWeight > 0 ? 1 / this.totalWeight : 0;
  }

  loss(losses: readonly number[]): number {
    if (this.reduction !== 'mean') return sumOf(losses);
    return this.totalWeight > 0 ? sumOf(losses) / this.totalWeight : NaN;
  }
}

function sumOf(values: Iterable<number>): number {
  const sum = new Sum();
  for (const value of values) sum.add(value);
  return sum.value;
}

/** sum of u_c x_c, in which 0 times anything is 0. */
export function weightedSum(u: Float64Array, x: (c: number) => number): number {
  const sum = new Sum();
  for (const [c, mass] of u.entries()) if (mass !== 0) sum.add(mass * x(c));
  return sum.value;
}

/** The sum of all u but one. */
export const othersOf = (u: Float64Array, c: number): number => sumOf(u.filter((_, j) => j !== c));
