// The way of softmax, log-softmax and hardmax from arguments to result, for either backend. Options are read first and
// lengths last. A whole vector takes the short way of `vector`, all else the way of `shaped`.
import { atCallSite } from '../errors';
import { kindOf, offsetOf } from '../intrinsics';
import { layoutOf, sizeOf } from '../shape';
import type { FloatArray, Floats, Kernel, NonFinite, Options, PromptKernel } from '../types';
import { validateAxes, validateOptions, validateRule, validateScale } from '../validate';
import {
  isFloats,
  measure,
  measureLength,
  measureStorage,
  rankOf,
  readLogits,
  readMask,
  readStorage,
  wrongLength,
} from './arguments';
import { allocateLike, fitsFloat32 } from './arrange';
import { type Entry, execute, isPrompt } from './execute';
import { allocateOf } from './halves';
import { validateApart, validateApartOrSame } from './overlap';
import { tensorOf } from './results';

export interface ElementwiseOperation {
  /** The exact result for one finite logit. */
  readonly ofOne: number;
  /** Whether it only compares: of beta the sign counts, and there is one axis. */
  readonly compares: boolean;
  /** Reads the option that only this operation has: hardmax's ties. */
  readonly variant: ((options: object) => boolean) | undefined;
}

interface ElementwiseOptions extends Options {
  readonly out?: unknown;
}

const defaults: ElementwiseOptions = {};

/** `entry` is the public function: errors are shown at its caller. */
export function elementwise(
  operation: ElementwiseOperation,
  kernel: Kernel,
  entry: Entry,
  logits: unknown,
  options: object = defaults,
): unknown {
  try {
    if (options !== defaults) validateOptions(options);
    const { axis, mask, nonFinite, beta, temperature, base, out } = options as ElementwiseOptions;
    const variant = operation.variant === undefined ? false : operation.variant(options);
    const rule = validateRule(nonFinite);
    const scale = validateScale(beta, temperature, base);
    const factor = operation.compares ? Math.sign(scale) : scale;
    const whole = axis === undefined && mask === undefined && rule !== 'throw' && fitsFloat32(factor);
    if (whole && isPrompt(kernel) && isFloats(logits) && (out === undefined || kindOf(out) === kindOf(logits))) {
      return vector(operation, kernel, logits, out as FloatArray | undefined, factor, rule, variant);
    }
    return shaped(operation, kernel, logits, { axis, mask, out }, factor, rule, variant);
  } catch (error) {
    throw atCallSite(error, entry);
  }
}

/** One whole vector: no shape, no strides, no allocation but the result. */
function vector(
  operation: ElementwiseOperation,
  kernel: PromptKernel,
  logits: FloatArray,
  given: FloatArray | undefined,
  beta: number,
  rule: NonFinite,
  variant: boolean,
): FloatArray {
  // An element read first tells the compiler what the array is: the accessors after it are then loads instead of calls,
  // which saves 10 ns an array.
  const first = logits[0];
  const n = measureLength('logits', logits);
  let out = given;
  if (out === undefined) {
    out = allocateLike(kindOf(logits) as string, n);
  } else if (out !== logits) {
    void out[0];
    const length = measureLength('options.out', out);
    if (length !== n) throw wrongLength('options.out', [n], length);
    // Two arrays of one length at one offset are the same region, or have nothing in common.
    if (offsetOf(out) !== offsetOf(logits)) validateApartOrSame('options.out', out, 'logits', logits);
  }
  if (n === 1 && Number.isFinite(first)) out[0] = operation.ofOne;
  else if (n > 0) kernel.rows(logits, out, 1, n, beta, rule, variant);
  return out;
}

/** Any shape, axes, mask and storage. */
function shaped(
  operation: ElementwiseOperation,
  kernel: Kernel,
  given: unknown,
  options: ElementwiseOptions,
  beta: number,
  rule: NonFinite,
  variant: boolean,
): unknown {
  const logits = readLogits(given);
  const mask = options.mask === undefined ? undefined : readMask('options.mask', options.mask);
  const storage = options.out === undefined ? undefined : readStorage<Floats>('options.out', options.out, logits.kind);

  const axes = validateAxes(options.axis, rankOf(logits), operation.compares);
  const dims = measure(logits);
  const layout = layoutOf(dims, axes);
  if (storage !== undefined) {
    measureStorage(storage, dims);
    validateApartOrSame('options.out', storage.data, 'logits', logits.data);
    if (mask !== undefined) validateApart('options.out', storage.data, 'options.mask', mask.data);
  }
  const out = storage === undefined ? allocateOf(logits.kind, sizeOf(dims)) : storage.data;
  const request = {
    logits,
    dims,
    layout,
    elementwise: true,
    out,
    sign: undefined,
    mask,
    weights: undefined,
    beta,
    rule,
    variant,
  };
  return execute(kernel, request, () => {
    if (storage !== undefined) return options.out;
    return logits.dims === undefined ? out : tensorOf(out, dims, logits.kind);
  });
}
