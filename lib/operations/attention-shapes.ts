// The shapes of attention: which fit each other, and which come of them.
import { printShape, shapeMismatch } from '../errors';
import type { Floats } from '../types';
import { type Given, measure } from './arguments';

/** The shapes, once they are known to fit. */
export interface Shapes {
  readonly query: readonly number[];
  readonly key: readonly number[];
  readonly value: readonly number[];
  readonly output: readonly number[];
  /** One for each query: those of log-sum-exp. */
  readonly rows: readonly number[];
  readonly scores: readonly number[];
}

export function measureShapes(query: Given<Floats>, key: Given<Floats>, value: Given<Floats>): Shapes {
  const dims = measure(query);
  const rank = dims.length;
  if (rank < 2) throw shapeMismatch('query', 'have shape [..., heads, length, d] or [length, d]', shapeOf(dims));
  const [batch, heads, length, depth] = [dims.slice(0, -3), dims.slice(-3, -2), dims[rank - 2], dims[rank - 1]];
  const keyDims = measure(key);
  const keyHeads = keyDims[rank - 3] as number;
  const headsFit = heads.length === 0 || (keyHeads === 0 ? heads[0] === 0 : (heads[0] as number) % keyHeads === 0);
  const isAligned = keyDims.length === rank && batch.every((dim, axis) => dim === keyDims[axis]);
  if (!isAligned || !headsFit || keyDims[rank - 1] !== depth) {
    throw shapeMismatch('key', `have ${keyShape(batch, heads, depth as number)} to match "query"`, shapeOf(keyDims));
  }
  const valueDims = measure(value);
  const outer = keyDims.slice(0, -1);
  if (valueDims.length !== rank || outer.some((dim, axis) => dim !== valueDims[axis])) {
    const wanted = `have shape ${printShape([...outer, 'any'])} to match "key"`;
    throw shapeMismatch('value', wanted, shapeOf(valueDims));
  }
  const rows = [...batch, ...heads, length as number];
  return {
    query: dims,
    key: keyDims,
    value: valueDims,
    output: [...rows, valueDims[rank - 1] as number],
    rows,
    scores: [...rows, keyDims[rank - 2] as number],
  };
}

export const shapeOf = (dims: readonly number[]): string => `shape ${printShape(dims)}`;

function keyShape(batch: readonly number[], heads: readonly number[], depth: number): string {
  const shape = `shape ${printShape([...batch, ...(heads.length === 0 ? [] : ['heads']), 'any', depth])}`;
  return heads.length === 0 ? shape : `${shape} with heads dividing ${heads[0]}`;
}
