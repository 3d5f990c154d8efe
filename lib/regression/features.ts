// Rows of features, as fits take them.
import { detached, invalidType, outOfRange, printShape, shapeMismatch } from '../errors';
import { Float32Array, Float64Array, isDetached, kindOf } from '../intrinsics';
import { type Given, measure, readFloats } from '../operations/arguments';
import { isOwn, isOwning, own } from '../ownership';
import type { FloatArray } from '../types';

/** Rows that are there: [rows, width]. */
export interface FeatureRows {
  readonly data: FloatArray;
  readonly rows: number;
  readonly width: number;
}

export function readFeatures(value: unknown): Given<FloatArray> {
  const given = readFloats('features', value);
  if (given.dims === undefined) throw invalidType('features', 'an object with data and dims', value);
  return given;
}

/** `width` is that of the model, if it has one. Behind a promise the rows are copied, unless nobody else has them. */
export function measureFeatures(given: Given<FloatArray>, width?: number): FeatureRows {
  const dims = measure(given);
  const [rows, found] = dims;
  if (dims.length !== 2 || (width !== undefined && found !== width)) {
    throw shapeMismatch('features', `have shape [rows, ${width ?? 'features'}]`, `shape ${printShape(dims)}`);
  }
  if (rows === 0 || found === 0) {
    throw shapeMismatch('features', 'have at least one row and one column', `shape ${printShape(dims)}`);
  }
  return { data: keptRows(given.data), rows: rows as number, width: found as number };
}

/** What stays as it is while a promise is kept: a copy, unless nobody else has it. */
export const keptRows = (data: FloatArray): FloatArray => (isOwning() && !isOwn(data) ? copyOf(data) : data);

const copyOf = (data: FloatArray): FloatArray =>
  own(kindOf(data) === 'Float32Array' ? new Float32Array(data) : new Float64Array(data));

/** What is wrong with rows of which a loss is not finite. */
export function refusal(name: string, { data, width }: FeatureRows): Error {
  if (isDetached(data)) return detached(name);
  let largest = 0;
  for (let i = 0; i < data.length; i += 1) {
    const value = data[i] as number;
    if (!Number.isFinite(value)) {
      return outOfRange(`${name}[${Math.floor(i / width)}, ${i % width}]`, 'finite', value);
    }
    largest = Math.max(largest, Math.abs(value));
  }
  return outOfRange(name, 'so small that their products and sums are finite', largest);
}
