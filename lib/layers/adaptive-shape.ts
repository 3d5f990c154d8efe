// Where the clusters of an adaptive softmax end, how wide they are, and where its parameters stand in their one array.
import { outOfRange } from '../errors';
import type { AdaptiveShape } from '../layer-calls';
import { tensorOf } from '../operations/results';
import type { FloatArray, Tensor } from '../types';

export function shapeOf(
  classes: number,
  dim: number,
  cutoffs: readonly number[],
  divValue: number,
  hasBias: boolean,
): AdaptiveShape {
  const widths = cutoffs.map((_, i) => {
    const width = Math.floor(dim / divValue ** (i + 1));
    if (width > 0x7fffffff) throw outOfRange('options.divValue', 'such that no cluster is wider than 2^31', divValue);
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
