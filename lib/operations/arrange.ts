// From shaped arguments to arrays in canonical form, with copies only where the layout or the scale demands them.
import { detached, printShape, shapeMismatch } from '../errors';
import { Float32Array, Float64Array, kindOf, lengthOf, Uint8Array } from '../intrinsics';
import { own } from '../ownership';
import {
  broadcastStrides,
  contiguousStrides,
  copyStrided,
  type Groups,
  groupsOf,
  type Layout,
  partStrides,
  sizeOf,
} from '../shape';
import type { FloatArray, Floats, Parts } from '../types';
import { type Given, measure } from './arguments';
import { arrayOfKind, type HalfKind, isHalf, narrow, widened, widenedKind } from './halves';

// float32 kernels hold beta as a sum of two float32: beyond this range a part would overflow or lose its bits.
const leastScale = 2 ** -60;
const greatestScale = 2 ** 60;

/** Whether float32 logits can be computed in float32 with this scale; else they are computed in float64. */
export function fitsFloat32(beta: number): boolean {
  const size = beta < 0 ? -beta : beta;
  return (size >= leastScale && size <= greatestScale) || size === 0 || size === Infinity;
}

export function allocateLike(kind: string, length: number): FloatArray {
  return own(kind === 'Float32Array' ? new Float32Array(length) : new Float64Array(length));
}

/** The canonical order of the axes: their sizes, the strides of contiguous data in it, and those of the user's data. */
interface Order {
  readonly groups: Groups;
  readonly axes: readonly number[];
  readonly dims: readonly number[];
  readonly strides: readonly number[];
  readonly given: readonly number[];
}

function orderOf(dims: readonly number[], layout: Layout): Order {
  const groups = groupsOf(dims, layout);
  const axes = [...groups.outer, ...groups.n, ...groups.inner];
  const ordered = pick(dims, axes);
  return {
    groups,
    axes,
    dims: ordered,
    strides: contiguousStrides(ordered),
    given: pick(contiguousStrides(dims), axes),
  };
}

const pick = (values: readonly number[], axes: readonly number[]): number[] =>
  axes.map((axis) => values[axis] as number);

/** A result that is computed in one array and wanted in another, which the user calls `name`. */
interface Copied {
  readonly out: Floats | Int32Array;
  readonly name: string;
  readonly length: number;
  readonly copy: () => void;
}

/**
 * One call's arrays in canonical form: inputs as they are computed with, storage to compute into, and at the end `finish`,
 * which brings results from where they were computed to where they are wanted.
 */
export class Arrangement {
  private readonly computed: string;
  private readonly copies: Copied[] = [];
  private known: Order | undefined;

  /** `kind` is that of the logits; with a beta that float32 cannot hold all is computed in float64. */
  constructor(
    private readonly dims: readonly number[],
    private readonly layout: Layout,
    private readonly kind: string,
    beta: number,
  ) {
    this.computed = fitsFloat32(beta) ? widenedKind(kind) : 'Float64Array';
  }

  /** Asked for only where something is not in place: it costs most of a short call. */
  private get order(): Order {
    this.known ??= orderOf(this.dims, this.layout);
    return this.known;
  }

  /** An array of the logits' shape. */
  input(given: { data: Floats; kind: string }): FloatArray {
    const data = widened(given.kind, given.data);
    if (this.layout.inPlace) return this.convert(data);
    const { order } = this;
    const copy = allocateLike(this.computed, sizeOf(this.dims));
    copyStrided(order.dims, data, order.given, copy, order.strides);
    return copy;
  }

  /** Storage for a result of the logits' shape, which the user calls `name`. */
  elements(out: Floats, name?: string): FloatArray {
    if (this.layout.inPlace) return this.rows(out, name);
    const { order } = this;
    return this.copied(out, name, order.dims, order.strides, order.given);
  }

  /** Storage for a result that does not follow the logits' axes: one number for each row, a matrix for each. */
  rows(out: Int32Array, name?: string): Int32Array;
  rows(out: Floats, name?: string): FloatArray;
  rows(out: Floats | Int32Array, name?: string): FloatArray | Int32Array;
  rows(out: Floats | Int32Array, name?: string): FloatArray | Int32Array {
    const kind = kindOf(out);
    if (kind === 'Int32Array' || kind === this.computed) return out as FloatArray | Int32Array;
    return this.copied(out, name, [lengthOf(out)], [1], [1]);
  }

  /** Storage that is written only when the computation has ended well. */
  apart(out: Floats): FloatArray {
    return this.copied(out, undefined, [lengthOf(out)], [1], [1]);
  }

  /** An array broadcast against the logits' shape. */
  broadcast<Data extends FloatArray | Uint8Array>(given: Given<Data>): { data: Data; strides: Parts } {
    const { dims, layout, order } = this;
    const found = measure(given);
    const bareAndWhole = given.dims === undefined && found[0] === sizeOf(dims);
    const from = bareAndWhole ? dims : found;
    const strides = broadcastStrides(from, dims);
    if (strides === undefined) {
      throw shapeMismatch(given.name, `broadcast to shape ${printShape(dims)}`, `shape ${printShape(from)}`);
    }
    const parts = partStrides(dims, strides, order.groups);
    if (parts !== undefined) return { data: given.data, strides: parts };
    const size = sizeOf(dims);
    const whole = given.kind === 'Uint8Array' ? own(new Uint8Array(size)) : allocateLike(given.kind, size);
    copyStrided(order.dims, given.data, pick(strides, order.axes), whole, order.strides);
    return { data: whole as Data, strides: { outer: layout.n * layout.inner, n: layout.inner, inner: 1 } };
  }

  /** An array of any shape in the type computed with. */
  converted(given: { data: Floats; kind: string }): FloatArray {
    return this.convert(widened(given.kind, given.data));
  }

  convert(data: FloatArray): FloatArray {
    if (kindOf(data) === this.computed) return data;
    return own(this.computed === 'Float32Array' ? new Float32Array(data) : new Float64Array(data));
  }

  /** All results, or none: behind a promise much may have happened to where they are wanted. */
  finish(): void {
    for (const { out, name, length } of this.copies) if (lengthOf(out) !== length) throw detached(name);
    for (const { copy } of this.copies) copy();
  }

  private copied(
    out: Floats | Int32Array,
    name = 'options.out',
    dims: readonly number[],
    from: readonly number[],
    to: readonly number[],
  ): FloatArray {
    const computed = allocateLike(this.computed, sizeOf(dims));
    const copy = (): void => {
      const wide = this.holdsHalves(out) ? new Float32Array(lengthOf(out)) : out;
      copyStrided(dims, computed, from, wide, to);
      if (wide !== out) narrow(this.kind as HalfKind, wide as Float32Array, out);
    };
    this.copies.push({ out, name, length: lengthOf(out), copy });
    return computed;
  }

  private holdsHalves(out: Floats | Int32Array): boolean {
    return isHalf(this.kind) && kindOf(out) === arrayOfKind(this.kind);
  }
}
