// The way of log-sum-exp, smooth maximum and arg max from arguments to result, for either backend: one number for each
// row. Options are read first and lengths last. A whole vector takes the short way of `vector`.
import { atCallSite, outOfRange } from '../errors';
import { Float32Array, Float64Array, Int32Array, kindOf } from '../intrinsics';
import { own } from '../ownership';
import { type Layout, layoutOf, reducedDims, sizeOf } from '../shape';
import type { FloatArray, Kernel, NonFinite, Options, PromptKernel } from '../types';
import { validateAxes, validateFlag, validateOptions, validateRule, validateScale } from '../validate';
import {
  isFloats,
  measure,
  measureLength,
  measureStorage,
  measureWidened,
  rankOf,
  readAnyFloats,
  readLogits,
  readMask,
  readStorage,
} from './arguments';
import { allocateLike, fitsFloat32 } from './arrange';
import { type Entry, execute, isPrompt } from './execute';
import { widenedKind } from './halves';
import { validateApart, validateApartOrSame } from './overlap';
import { tensorOf } from './results';

export interface ReductionOperation {
  /** Whether the result is an index: Int32Array, of beta only the sign counts, one axis, and no row may be empty. */
  readonly isIndex: boolean;
  /** Whether the logarithm is divided by beta. */
  readonly variant: boolean;
  /** Whether the options weights and returnSign exist. */
  readonly isWeighted: boolean;
  /** The exact result for one finite logit, where beta leaves one. */
  readonly ofOne: (logit: number, beta: number) => number | undefined;
}

interface ReductionOptions extends Options {
  readonly out?: unknown;
  readonly keepDims?: unknown;
  readonly weights?: unknown;
  readonly returnSign?: unknown;
}

const defaults: ReductionOptions = {};

// Where the number of one vector is left. Nothing runs between its writing and its reading.
const float32Cell = new Float32Array(1);
const float64Cell = new Float64Array(1);
const indexCell = new Int32Array(1);

/** `entry` is the public function: errors are shown at its caller. */
export function reduction(
  operation: ReductionOperation,
  kernel: Kernel,
  entry: Entry,
  logits: unknown,
  options: object = defaults,
): unknown {
  try {
    if (options !== defaults) validateOptions(options);
    const { axis, mask, nonFinite, beta, temperature, base, out, keepDims } = options as ReductionOptions;
    const { weights, returnSign } = operation.isWeighted ? (options as ReductionOptions) : defaults;
    const rule = validateRule(nonFinite);
    const scale = validateScale(beta, temperature, base);
    const factor = operation.isIndex ? Math.sign(scale) : scale;
    const keep = validateFlag('options.keepDims', keepDims);
    const signed = validateFlag('options.returnSign', returnSign);
    const whole = axis === undefined && mask === undefined && weights === undefined && out === undefined && !signed;
    if (whole && isPrompt(kernel) && rule !== 'throw' && isFloats(logits) && fitsFloat32(factor)) {
      const n = measureLength('logits', logits);
      if (n !== 0) return vector(operation, kernel, logits, n, factor, rule);
    }
    return shaped(operation, kernel, logits, { axis, mask, weights, out }, { factor, rule, keep, signed });
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

/** The number of one whole vector: no shape, no strides, no allocation. */
function vector(
  operation: ReductionOperation,
  kernel: PromptKernel,
  logits: FloatArray,
  n: number,
  beta: number,
  rule: NonFinite,
): number {
  if (n === 1) {
    const logit = logits[0] as number;
    const exact = Number.isFinite(logit) ? operation.ofOne(logit, beta) : undefined;
    if (exact !== undefined) return exact;
  }
  const cell = operation.isIndex ? indexCell : kindOf(logits) === 'Float32Array' ? float32Cell : float64Cell;
  kernel.rows(logits, cell, 1, n, beta, rule, operation.variant);
  return cell[0] as number;
}

interface Checked {
  readonly factor: number;
  readonly rule: NonFinite;
  readonly keep: boolean;
  readonly signed: boolean;
}

/** Any shape, axes, mask, weights and storage. */
function shaped(
  operation: ReductionOperation,
  kernel: Kernel,
  given: unknown,
  options: ReductionOptions,
  { factor, rule, keep, signed }: Checked,
): unknown {
  const logits = readLogits(given);
  const mask = options.mask === undefined ? undefined : readMask('options.mask', options.mask);
  const weights = options.weights === undefined ? undefined : readAnyFloats('options.weights', options.weights);
  const kind = operation.isIndex ? 'Int32Array' : widenedKind(logits.kind);
  const storage =
    options.out === undefined ? undefined : readStorage<FloatArray | Int32Array>('options.out', options.out, kind);

  const axes = validateAxes(options.axis, rankOf(logits), operation.isIndex);
  const dims = measure(logits);
  const layout = layoutOf(dims, axes);
  if (operation.isIndex) validateNonEmpty(layout, logits.dims, axes);
  const kept = reducedDims(dims, axes, keep);
  if (storage !== undefined) {
    measureStorage(storage, kept);
    validateApartOrSame('options.out', storage.data, 'logits', logits.data);
    if (mask !== undefined) validateApart('options.out', storage.data, 'options.mask', mask.data);
    if (weights !== undefined) validateApart('options.out', storage.data, 'options.weights', weights.data);
  }
  const out = storage === undefined ? allocate(kind, sizeOf(kept)) : storage.data;
  const sign = signed ? allocateLike(widenedKind(logits.kind), sizeOf(kept)) : undefined;
  const request = {
    logits,
    dims,
    layout,
    elementwise: false,
    out,
    sign,
    mask,
    weights: weights && measureWidened(weights),
    beta: factor,
    rule,
    variant: operation.variant,
  };
  return execute(kernel, request, () => {
    const value = logits.dims === undefined ? out[0] : storage === undefined ? tensorOf(out, kept) : options.out;
    if (sign === undefined) return value;
    return { value, sign: logits.dims === undefined ? sign[0] : tensorOf(sign, kept) };
  });
}

function allocate(kind: string, length: number): FloatArray | Int32Array {
  return kind === 'Int32Array' ? own(new Int32Array(length)) : allocateLike(kind, length);
}

/** Where nothing is, nothing is the largest. */
function validateNonEmpty(layout: Layout, dims: readonly number[] | undefined, axes: readonly number[]): void {
  if (layout.n !== 0 || layout.outer * layout.inner === 0) return;
  throw outOfRange(dims === undefined ? 'logits.length' : `logits.dims[${axes[0]}]`, '>= 1', 0);
}
