// Shapes without arrays' contents: which axes are rows and which are classes, strides, broadcasting. Row-major always.
import type { Parts } from './types';

/** What the logits are in the canonical layout, which they have as they stand if `inPlace`. */
export interface Layout extends Parts {
  readonly reduced: readonly number[];
  readonly inPlace: boolean;
}

export function sizeOf(dims: readonly number[], from = 0, to = dims.length): number {
  let size = 1;
  for (let axis = from; axis < to; axis += 1) size *= dims[axis] as number;
  return size;
}

/**
 * Neighbouring axes are one axis of their product. Axes with others between them go last, behind all that are kept:
 * the data must then be copied into that order.
 */
export function layoutOf(dims: readonly number[], reduced: readonly number[]): Layout {
  const first = reduced[0] as number;
  const end = (reduced[reduced.length - 1] as number) + 1;
  if (end - first === reduced.length) {
    const n = sizeOf(dims, first, Math.min(end, dims.length));
    return { outer: sizeOf(dims, 0, first), n, inner: sizeOf(dims, end), reduced, inPlace: true };
  }
  const n = sizeOf(reduced.map((axis) => dims[axis] as number));
  return { outer: sizeOf(reducedDims(dims, reduced, false)), n, inner: 1, reduced, inPlace: false };
}

/** The axes of each part of the layout. */
export interface Groups {
  readonly outer: readonly number[];
  readonly n: readonly number[];
  readonly inner: readonly number[];
}

export function groupsOf(dims: readonly number[], { reduced, inPlace }: Layout): Groups {
  const kept = [...dims.keys()].filter((axis) => !reduced.includes(axis));
  const n = reduced.filter((axis) => axis < dims.length);
  if (!inPlace) return { outer: kept, n, inner: [] };
  const first = reduced[0] as number;
  return { outer: kept.filter((axis) => axis < first), n, inner: kept.filter((axis) => axis > first) };
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
export function partStrides(dims: readonly number[], strides: readonly number[], groups: Groups): Parts | undefined {
  const outer = mergedStride(dims, strides, groups.outer);
  const n = mergedStride(dims, strides, groups.n);
  const inner = mergedStride(dims, strides, groups.inner);
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
  const last = dims.length - 1;
  const copy = (axis: number, source: number, target: number): void => {
    const count = axis > last ? 1 : (dims[axis] as number);
    const sourceStep = axis > last ? 0 : (fromStrides[axis] as number);
    const targetStep = axis > last ? 0 : (toStrides[axis] as number);
    for (let i = 0; i < count; i += 1) {
      if (axis >= last) to[target + i * targetStep] = from[source + i * sourceStep] as number;
      else copy(axis + 1, source + i * sourceStep, target + i * targetStep);
    }
  };
  copy(0, 0, 0);
}
