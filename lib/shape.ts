// Shapes without arrays' contents: which axes are rows and which are classes, strides, broadcasting. Row-major always.
import type { Parts } from './types';

/** The axes in the order of the canonical layout. They stand in `dims` in that order if `inPlace`. */
export interface Layout extends Parts {
  readonly axes: {
    readonly outer: readonly number[];
    readonly n: readonly number[];
    readonly inner: readonly number[];
  };
  readonly inPlace: boolean;
}

export const sizeOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/**
 * Neighbouring axes are one axis of their product. Axes with others between them go last, behind all that are kept:
 * the data must then be copied into that order.
 */
export function layoutOf(dims: readonly number[], reduced: readonly number[]): Layout {
  const first = reduced[0] as number;
  const last = reduced[reduced.length - 1] as number;
  const all = dims.map((_, axis) => axis);
  const inPlace = last - first === reduced.length - 1;
  const axes = inPlace
    ? { outer: all.slice(0, first), n: all.slice(first, last + 1), inner: all.slice(last + 1) }
    : { outer: all.filter((axis) => !reduced.includes(axis)), n: reduced, inner: [] };
  const size = (group: readonly number[]) => sizeOf(group.map((axis) => dims[axis] as number));
  return { outer: size(axes.outer), n: size(axes.n), inner: size(axes.inner), axes, inPlace };
}

/** The shape of a result of one number for each row. */
export function reducedDims(dims: readonly number[], reduced: readonly number[], keepDims: boolean): number[] {
  if (keepDims) return dims.map((dim, axis) => (reduced.includes(axis) ? 1 : dim));
  return dims.filter((_, axis) => !reduced.includes(axis));
}

export function contiguousStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
    strides[axis] = stride;
    stride *= dims[axis] as number;
  }
  return strides;
}

/** The strides with which data of shape `from` is read as if of shape `to` (NumPy's rule), undefined if it does not fit. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] | undefined {
  const missing = to.length - from.length;
  if (missing < 0) return undefined;
  const strides = contiguousStrides(from);
  const fits = from.every((dim, axis) => dim === 1 || dim === to[axis + missing]);
  if (!fits) return undefined;
  return to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : (strides[axis - missing] as number)));
}

/** Strides for each axis as one stride for each part of the layout, undefined where no single one will do. */
export function partStrides(dims: readonly number[], strides: readonly number[], layout: Layout): Parts | undefined {
  const outer = mergedStride(dims, strides, layout.axes.outer);
  const n = mergedStride(dims, strides, layout.axes.n);
  const inner = mergedStride(dims, strides, layout.axes.inner);
  if (outer === undefined || n === undefined || inner === undefined) return undefined;
  return { outer, n, inner };
}

function mergedStride(
  dims: readonly number[],
  strides: readonly number[],
  group: readonly number[],
): number | undefined {
  let merged = 0;
  let next: number | undefined;
  for (const axis of [...group].reverse()) {
    const dim = dims[axis] as number;
    const stride = strides[axis] as number;
    if (dim === 1) continue;
    if (next === undefined) merged = stride;
    else if (stride !== next) return undefined;
    next = stride * dim;
  }
  return merged;
}

interface Elements {
  readonly length: number;
  [index: number]: number;
}

/** Copies an array of shape `dims` element by element, each side with its own strides. */
export function copyStrided(
  dims: readonly number[],
  from: Readonly<Elements>,
  fromStrides: readonly number[],
  to: Elements,
  toStrides: readonly number[],
): void {
  if (sizeOf(dims) === 0) return;
  const step = (axis: number, source: number, target: number): void => {
    if (axis === dims.length) {
      to[target] = from[source] as number;
      return;
    }
    for (let i = 0; i < (dims[axis] as number); i += 1) {
      step(axis + 1, source + i * (fromStrides[axis] as number), target + i * (toStrides[axis] as number));
    }
  };
  step(0, 0, 0);
}
