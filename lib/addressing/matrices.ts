// What a read needs of matrices besides the products of a backend: transposes, and rows of length 1.
import { Float32Array, Float64Array, kindOf, lengthOf } from '../intrinsics';
import { own } from '../ownership';
import type { FloatArray } from '../types';

const like = (data: FloatArray, length: number): FloatArray =>
  kindOf(data) === 'Float32Array' ? new Float32Array(length) : new Float64Array(length);

/** Numbers that their owner may change meanwhile. */
export function copied(data: FloatArray): FloatArray {
  const copy = own(like(data, lengthOf(data)));
  copy.set(data);
  return copy;
}

/** The transpose of [rows, columns], block by block. */
export function transposed(data: FloatArray, rows: number, columns: number): FloatArray {
  const block = 32;
  const out = like(data, rows * columns);
  for (let top = 0; top < rows; top += block) {
    const bottom = Math.min(rows, top + block);
    for (let c = 0; c < columns; c += 1) {
      for (let r = top; r < bottom; r += 1) out[c * rows + r] = data[r * columns + c] as number;
    }
  }
  return out;
}

/** Each row over its Euclidean length; a row of zeros stays one. */
export function unitRows(data: FloatArray, width: number): FloatArray {
  const out = like(data, data.length);
  for (let from = 0; from < data.length; from += width) {
    const length = lengthOfRow(data, from, width);
    for (let i = from; i < from + width; i += 1) out[i] = length === 0 ? 0 : (data[i] as number) / length;
  }
  return out;
}

/** Scaled by the greatest element: nothing over- or underflows on the way. */
function lengthOfRow(data: FloatArray, from: number, width: number): number {
  let greatest = 0;
  for (let i = from; i < from + width; i += 1) greatest = Math.max(greatest, Math.abs(data[i] as number));
  if (greatest === 0 || !Number.isFinite(greatest)) return greatest;
  let sum = 0;
  for (let i = from; i < from + width; i += 1) sum += ((data[i] as number) / greatest) ** 2;
  return greatest * Math.sqrt(sum);
}

/** The gradient in the rows from that in the unit rows: (g - u <u, g>) / length. In place. */
export function throughUnitRows(data: FloatArray, unit: FloatArray, gradient: FloatArray, width: number): void {
  for (let from = 0; from < data.length; from += width) {
    const length = lengthOfRow(data, from, width);
    const along = dot(unit, from, gradient, from, width);
    for (let i = from; i < from + width; i += 1) {
      const across = (gradient[i] as number) - (unit[i] as number) * along;
      gradient[i] = length === 0 ? 0 : across / length;
    }
  }
}

export function dot(a: FloatArray, fromA: number, b: FloatArray, fromB: number, width: number): number {
  let sum = 0;
  for (let i = 0; i < width; i += 1) sum += (a[fromA + i] as number) * (b[fromB + i] as number);
  return sum;
}

/** to += factor from, of one row each. */
export function addRow(
  factor: number,
  from: FloatArray,
  at: number,
  to: FloatArray,
  into: number,
  width: number,
): void {
  for (let i = 0; i < width; i += 1) to[into + i] = (to[into + i] as number) + factor * (from[at + i] as number);
}
