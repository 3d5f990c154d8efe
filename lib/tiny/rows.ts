// One vector of a few logits at beta = 1, computed here: a call of the binary costs more. Rows of up to eight are
// computed in float64 on both sides, in the same arithmetic, operation for operation (native/kernels/short_rows.hpp,
// kTiny): a row has the same bits alone, in a batch, and wherever it is computed. What this file does not take it leaves
// by returning false, with nothing written.
import { Float64Array } from '../intrinsics';
import type { FloatArray } from '../types';
import { expFloat64, leastFloat64, log1p } from './float64';

type Storage = FloatArray | Int32Array;

/** The longest row that is computed here. */
export const tinyMost = 8;

// The row's differences from its maximum, and their exponentials, +0 beyond its end.
const d = new Float64Array(tinyMost);
const e = new Float64Array(tinyMost);
let maximum = 0;

export function tinySoftmax(logits: FloatArray, out: Storage, n: number): boolean {
  if (!exponentials(logits, n)) return false;
  const factor = 1 / sum();
  for (let i = 0; i < n; i += 1) out[i] = (e[i] as number) * factor;
  return true;
}

export function tinyLogSoftmax(logits: FloatArray, out: Storage, n: number): boolean {
  if (!exponentials(logits, n)) return false;
  const minus = 0 - log1p(rest(n));
  for (let i = 0; i < n; i += 1) out[i] = (d[i] as number) + minus;
  return true;
}

export function tinyLogSumExp(logits: FloatArray, out: Storage, n: number): boolean {
  if (!exponentials(logits, n)) return false;
  out[0] = maximum + log1p(rest(n));
  return true;
}

/** Fills d and e, each logit read once; false where one is not finite or an exponential may be subnormal. */
function exponentials(logits: FloatArray, n: number): boolean {
  let greatest = -Infinity;
  let least = Infinity;
  for (let i = 0; i < n; i += 1) {
    const z = logits[i] as number;
    d[i] = z;
    if (z - z !== 0) return false;
    if (z > greatest) greatest = z;
    if (z < least) least = z;
  }
  if (least - greatest < leastFloat64) return false;
  maximum = greatest + 0;
  for (let i = 0; i < n; i += 1) {
    const difference = (d[i] as number) - maximum;
    d[i] = difference;
    e[i] = difference === 0 ? 1 : expFloat64(difference);
  }
  for (let i = n; i < tinyMost; i += 1) e[i] = 0;
  return true;
}

/** The tree in which the binary adds its eight lanes. */
function sum(): number {
  const even = (e[0] as number) + (e[4] as number) + ((e[2] as number) + (e[6] as number));
  return even + ((e[1] as number) + (e[5] as number) + ((e[3] as number) + (e[7] as number)));
}

/** The sum of all exponentials but one maximum's 1. */
function rest(n: number): number {
  let maxima = 0;
  for (let i = 0; i < n; i += 1) {
    if (d[i] === 0) {
      maxima += 1;
      e[i] = 0;
    }
  }
  return sum() + (maxima - 1);
}
