// Arrays that are broadcast to the scores of attention, [..., heads, queries, keys].

import type { ScoreStrides } from '../attention-calls';
import { printShape, shapeMismatch } from '../errors';
import { own } from '../ownership';
import { broadcastStrides, contiguousStrides, copyStrided, partStrides, sizeOf } from '../shape';
import type { FloatArray } from '../types';
import { type Given, measure } from './arguments';
import { allocateLike } from './arrange';
import { shapeOf } from './attention-shapes';

interface Placed<Data> {
  readonly data: Data;
  readonly strides: ScoreStrides;
}

/** The array with its strides, copied only where the axes before the heads have no one stride. */
export function placeOnScores<Data extends FloatArray | Uint8Array>(
  given: Given<Data>,
  dims: readonly number[],
): Placed<Data> {
  const found = shapeOnScores(given, dims);
  const strides = broadcastStrides(found, dims);
  if (strides === undefined) {
    throw shapeMismatch(given.name, `broadcast to shape ${printShape(dims)}`, shapeOf(found));
  }
  const rank = dims.length;
  const batch = [...dims.keys()].slice(0, -3);
  const parts = partStrides(dims, strides, { outer: batch, n: rank < 3 ? [] : [rank - 3], inner: [] });
  if (parts !== undefined) {
    const last = { query: strides[rank - 2] as number, key: strides[rank - 1] as number };
    return { data: given.data, strides: { batch: parts.outer, head: parts.n, query: last.query, key: last.key } };
  }
  const size = sizeOf(dims);
  const whole = given.kind === 'Uint8Array' ? own(new Uint8Array(size)) : allocateLike(given.kind, size);
  copyStrided(dims, given.data, strides, whole, contiguousStrides(dims));
  const [heads, queries, keys] = dims.slice(-3) as [number, number, number];
  const step = queries * keys;
  return { data: whole as Data, strides: { batch: heads * step, head: step, query: keys, key: 1 } };
}

/** Its own shape; that of the scores where it is bare and has as many elements. */
export function shapeOnScores(given: Given<unknown>, dims: readonly number[]): readonly number[] {
  const found = measure(given);
  return given.dims === undefined && found[0] === sizeOf(dims) ? dims : found;
}
