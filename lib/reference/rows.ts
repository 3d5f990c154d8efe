// The rows of a call: each is copied to float64, given to a formula, and its result rounded to the element type.
import type { Call, Canonical, FloatArray, Parts, Verdict } from '../types';

export interface Row {
  readonly n: number;
  readonly z: Float64Array;
  /** Whether element j counts at all: not masked, its weight not 0. */
  readonly counts: Uint8Array;
  /** 1 where no weights are given. */
  readonly weights: Float64Array;
}

/** What rows are read from. */
interface Source extends Canonical {
  readonly logits: FloatArray;
  readonly weights?: FloatArray | undefined;
  readonly weightStrides?: Parts | undefined;
}

/** Computes results of the shape of the logits. `formula` fills `result`, which holds zeros. */
export function mapRows(call: Call, formula: (row: Row, result: Float64Array, index: number) => void): Verdict {
  const result = new Float64Array(call.n);
  return eachRow(call, (row, index) => {
    result.fill(0);
    formula(row, result, index);
    for (let j = 0; j < call.n; j += 1) call.out[placeOf(call, index, j)] = result[j] as number;
  });
}

/** Computes one number for each row, and a sign where one is wanted. */
export function reduceRows(call: Call, formula: (row: Row) => { value: number; sign: number }): Verdict {
  return eachRow(call, (row, index) => {
    const { value, sign } = formula(row);
    call.out[index] = value;
    if (call.sign !== undefined) call.sign[index] = sign;
  });
}

/** Visits the rows, unless the rule refuses one. */
export function eachRow(call: Source, visit: (row: Row, index: number) => void): Verdict {
  const rows = call.outer * call.inner;
  if (call.rule === 'throw') {
    for (let index = 0; index < rows; index += 1) {
      if (!isRegular(readRow({ ...call, weights: undefined }, index))) return index;
    }
  }
  for (let index = 0; index < rows; index += 1) visit(readRow(call, index), index);
  return -1;
}

/** Whether all that counts is finite, and something does. */
export function isRegular({ n, z, counts }: Row): boolean {
  let some = false;
  for (let j = 0; j < n; j += 1) {
    if (counts[j] === 0) continue;
    if (!Number.isFinite(z[j])) return false;
    some = true;
  }
  return some;
}

export function readRow(call: Source, index: number): Row {
  const { n, logits, mask, maskStrides, weights, weightStrides } = call;
  const row = { n, z: new Float64Array(n), counts: new Uint8Array(n).fill(1), weights: new Float64Array(n).fill(1) };
  for (let j = 0; j < n; j += 1) {
    row.z[j] = logits[placeOf(call, index, j)] as number;
    if (mask) row.counts[j] = mask[stridedPlaceOf(call, maskStrides as Parts, index, j)] === 0 ? 0 : 1;
    if (weights) {
      const weight = weights[stridedPlaceOf(call, weightStrides as Parts, index, j)] as number;
      row.weights[j] = weight;
      if (weight === 0) row.counts[j] = 0;
    }
  }
  return row;
}

/** Where element j of a row stands in the canonical layout, and in an array broadcast against it. */
export function placeOf({ n, inner }: Parts, index: number, j: number): number {
  return (Math.floor(index / inner) * n + j) * inner + (index % inner);
}

export function stridedPlaceOf({ inner }: Parts, strides: Parts, index: number, j: number): number {
  return Math.floor(index / inner) * strides.outer + j * strides.n + (index % inner) * strides.inner;
}
