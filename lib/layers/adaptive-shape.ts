// Where the clusters of an adaptive softmax end, how wide they are, and where its parameters stand in their one array.
import { invalidType, outOfRange } from '../errors';
import { isArray, kindOf } from '../intrinsics';
import type { AdaptiveShape } from '../layer-calls';
import { tensorOf } from '../operations/results';
import type { FloatArray, Tensor } from '../types';

const mostClusters = 64;

/** The option `cutoffs`: ascending, above 0 and below the number of classes. */
export function readCutoffs(value: unknown, classes: number): number[] {
  if (!isArray(value) && kindOf(value) !== 'Int32Array') {
    throw invalidType('options.cutoffs', 'an instance of Array or Int32Array', value);
  }
  const cutoffs = Array.from(value as ArrayLike<unknown>);
  if (cutoffs.length < 1 || cutoffs.length > mostClusters) {
    throw outOfRange('options.cutoffs.length', `>= 1 and <= ${mostClusters}`, cutoffs.length);
  }
  let before = 0;
  return cutoffs.map((cutoff, i) => {
    const name = `options.cutoffs[${i}]`;
    if (typeof cutoff !== 'number') throw invalidType(name, 'of type number', cutoff);
    if (!Number.isInteger(cutoff) || cutoff <= before || cutoff >= classes) {
      throw outOfRange(name, `an integer > ${before} and < ${classes}`, cutoff);
    }
    before = cutoff;
    return cutoff;
  });
}

export function readDivValue(value: unknown): number {
  if (value === undefined) return 4;
  if (typeof value !== 'number') throw invalidType('options.divValue', 'of type number', value);
  if (!(value > 0 && value < Infinity)) throw outOfRange('options.divValue', 'finite and > 0', value);
  return value;
}

export function shapeOf(
  classes: number,
  dim: number,
  cutoffs: readonly number[],
  divValue: number,
  hasBias: boolean,
): AdaptiveShape {
  const widths = cutoffs.map((_, i) => {
    const width = Math.floor(dim / divValue ** (i + 1));
    if (width > 0x7fffffff) throw outOfRange('options.divValue', `such that no cluster is wider than 2^31`, divValue);
    return Math.max(1, width);
  });
  return { dim, hasBias, ends: [...cutoffs, classes], widths };
}

/** Where each part of the parameters begins, and its shape. */
export interface Part {
  readonly start: number;
  readonly dims: readonly number[];
}

export interface Parts {
  readonly weight: Part;
  readonly bias: Part | undefined;
  readonly projections: readonly Part[];
  readonly tails: readonly Part[];
  readonly size: number;
}

export function partsOf({ dim, hasBias, ends, widths }: AdaptiveShape): Parts {
  let size = 0;
  const next = (...dims: number[]): Part => {
    const start = size;
    size += dims.reduce((product, n) => product * n, 1);
    return { start, dims: Object.freeze(dims) };
  };
  const head = (ends[0] as number) + widths.length;
  const weight = next(head, dim);
  const bias = hasBias ? next(head) : undefined;
  const projections: Part[] = [];
  const tails: Part[] = [];
  widths.forEach((width, i) => {
    projections.push(next(width, dim));
    tails.push(next((ends[i + 1] as number) - (ends[i] as number), width));
  });
  return { weight, bias, projections, tails, size };
}

/** A part of the parameters, or of their gradient, where it stands. */
export function viewOf(all: FloatArray, { start, dims }: Part): Tensor {
  return tensorOf(all.subarray(start, start + dims.reduce((product, n) => product * n, 1)), dims);
}
