// From shaped arguments to one Call in canonical form, with copies only where the layout or the scale demands them.
import { printShape, shapeMismatch } from '../errors';
import { Float32Array, Float64Array, kindOf, Uint8Array } from '../intrinsics';
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
import type { Call, FloatArray, NonFinite, Parts } from '../types';
import { type Given, measure } from './arguments';

export interface Request {
  readonly logits: FloatArray;
  readonly dims: readonly number[];
  readonly layout: Layout;
  /** Whether the result has the logits' shape; else one number for each row. */
  readonly elementwise: boolean;
  readonly out: FloatArray | Int32Array;
  readonly sign: FloatArray | undefined;
  readonly mask: Given<Uint8Array> | undefined;
  readonly weights: Given<FloatArray> | undefined;
  readonly beta: number;
  readonly rule: NonFinite;
  readonly variant: boolean;
}

/** Copies results from where they were computed to where they are wanted. */
export type Finish = () => void;

const nothing: Finish = () => undefined;

// float32 kernels hold beta as a sum of two float32: beyond this range a part would overflow or lose its bits.
const leastScale = 2 ** -60;
const greatestScale = 2 ** 60;

/** Whether float32 logits can be computed in float32 with this scale; else they are computed in float64. */
export function fitsFloat32(beta: number): boolean {
  const size = beta < 0 ? -beta : beta;
  return (size >= leastScale && size <= greatestScale) || size === 0 || size === Infinity;
}

export function allocateLike(kind: string, length: number): FloatArray {
  return kind === 'Float32Array' ? new Float32Array(length) : new Float64Array(length);
}

export function arrange(request: Request): { call: Call; finish: Finish } {
  const { dims, layout, beta, rule, variant } = request;
  const kind = kindOf(request.logits) as string;
  const computed = fitsFloat32(beta) ? kind : 'Float64Array';
  const order = orderOf(dims, layout);
  const logits = arrangeLogits(request, computed, order);
  const results = arrangeResults(request, computed, order);
  const mask = request.mask && arrangeBroadcast(request.mask, request, order);
  const weights = request.weights && arrangeBroadcast(request.weights, request, order);
  const call: Call = {
    logits,
    out: results.out,
    sign: results.sign,
    outer: layout.outer,
    n: layout.n,
    inner: layout.inner,
    mask: mask?.data,
    maskStrides: mask?.strides,
    weights: weights && convert(weights.data, computed),
    weightStrides: weights?.strides,
    beta,
    rule,
    variant,
  };
  return { call, finish: results.finish };
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

function arrangeLogits(request: Request, computed: string, order: Order): FloatArray {
  const { logits, layout, dims } = request;
  if (layout.inPlace) return convert(logits, computed);
  const copy = allocateLike(computed, sizeOf(dims));
  copyStrided(order.dims, logits, order.given, copy, order.strides);
  return copy;
}

interface Results {
  readonly out: FloatArray | Int32Array;
  readonly sign: FloatArray | undefined;
  readonly finish: Finish;
}

function arrangeResults(request: Request, computed: string, order: Order): Results {
  const { out, sign, layout } = request;
  const converted = kindOf(out) !== 'Int32Array' && kindOf(out) !== computed;
  const reordered = request.elementwise && !layout.inPlace;
  if (!converted && !reordered) return { out, sign, finish: nothing };
  const [dims, from, to] = request.elementwise
    ? [order.dims, order.strides, order.given]
    : [[layout.outer * layout.inner], [1], [1]];
  const own = allocateLike(computed, sizeOf(dims));
  const ownSign = sign && allocateLike(computed, sizeOf(dims));
  const finish = () => {
    copyStrided(dims, own, from, out, to);
    if (sign && ownSign) copyStrided(dims, ownSign, from, sign, to);
  };
  return { out: own, sign: ownSign, finish };
}

function arrangeBroadcast<Data extends FloatArray | Uint8Array>(
  given: Given<Data>,
  { dims, layout }: Request,
  order: Order,
): { data: Data; strides: Parts } {
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
  const whole = given.kind === 'Uint8Array' ? new Uint8Array(size) : allocateLike(given.kind, size);
  copyStrided(order.dims, given.data, pick(strides, order.axes), whole, order.strides);
  return { data: whole as Data, strides: { outer: layout.n * layout.inner, n: layout.inner, inner: 1 } };
}

function convert(data: FloatArray, kind: string): FloatArray {
  if (kindOf(data) === kind) return data;
  return kind === 'Float32Array' ? new Float32Array(data) : new Float64Array(data);
}
