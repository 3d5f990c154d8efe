// What the output layers share: hidden vectors, ids of classes and options as they are given, checked.
// The `read` functions may run code of the user; the `measure` functions run after all reading is done.
import { invalidType, invalidValue, outOfRange, printShape, shapeMismatch } from '../errors';
import { Int32Array, isShared, kindOf } from '../intrinsics';
import { type Given, measure, measureLength, readLike } from '../operations/arguments';
import { allocateLike } from '../operations/arrange';
import { tensorOf } from '../operations/results';
import { type GivenTarget, readTarget } from '../operations/targets';
import { isOwning, own } from '../ownership';
import { sizeOf } from '../shape';
import type { Canonical, FloatArray, FloatType, Tensor } from '../types';
import { validateCount, validateOptions } from '../validate';
import { kindOfType } from './parameters';
import type { SparseGradient } from './types';

/** Runs `next` on a result that is there now, or once it is there. */
export function afterwards<Value>(value: unknown, next: (value: Value) => unknown): unknown {
  return value instanceof Promise ? value.then(next) : next(value as Value);
}

/** A call without mask or scale, of `outer` rows of `n` classes. */
export const canonicalRows = (outer: number, n: number): Canonical => ({
  outer,
  n,
  inner: 1,
  mask: undefined,
  maskStrides: undefined,
  beta: 1,
  rule: 'limit',
});

export const readHidden = (value: unknown, type: FloatType): Given<FloatArray> =>
  readLike('hidden', value, kindOfType[type]);

/** Hidden vectors that are there: `dims` of what is of their shape, and `before`, of one number for each. */
export interface HiddenRows {
  readonly data: FloatArray;
  readonly count: number;
  readonly dims: readonly number[];
  readonly before: readonly number[];
  /** Whether it is a bare array, for which a number is the answer. */
  readonly isOne: boolean;
}

export function measureHidden(given: Given<FloatArray>, dim: number): HiddenRows {
  const dims = measure(given);
  if (dims.length === 0 || dims.length > 2 || dims[dims.length - 1] !== dim) {
    const wanted = given.dims === undefined ? `[${dim}]` : `[batch, ${dim}] or [${dim}]`;
    throw shapeMismatch(given.name, `have shape ${wanted}`, `shape ${printShape(dims)}`);
  }
  const before = dims.slice(0, -1);
  return { data: given.data, count: sizeOf(before), dims, before, isOne: given.dims === undefined };
}

/** A tensor of so many numbers for each hidden vector, in new storage. */
export function allocateFor(hidden: HiddenRows, each: number): Tensor {
  return tensorOf(allocateLike(kindOf(hidden.data) as string, hidden.count * each), [...hidden.before, each]);
}

/** `name` is that of the argument: 'ids' or 'targets'. */
export function readIds(name: string, value: unknown): GivenTarget {
  const given = readTarget(name, value);
  if (given.form !== 'floats') return given;
  const expected = 'of type number, an instance of Int32Array, BigInt64Array or Array, or an object with data and dims';
  throw invalidType(name, expected, value);
}

/** One id for each of `count` rows, copied: integers in [0, classes). */
export function measureIds(given: GivenTarget, count: number, classes: number): Int32Array {
  const dims = measure(given);
  if (sizeOf(dims) !== count || dims.length > 1) {
    const elements = count === 1 ? '1 element' : `${count} elements, one for each row`;
    throw shapeMismatch(given.name, `have ${elements}`, dims.length === 1 ? `${dims[0]}` : `shape ${printShape(dims)}`);
  }
  return copyIndices(given, classes);
}

/** An array of integers in [0, limit), copied, so that no other thread can change one after it was checked. */
export function copyIndices({ data, dims, form, name }: GivenTarget, limit: number): Int32Array {
  const length = measureLength(name, data);
  const copy = own(new Int32Array(length));
  for (let i = 0; i < length; i += 1) {
    const value = data[i] as number | bigint;
    const index = Number(value);
    if (!(index >= 0 && index < limit && Math.floor(index) === index)) {
      const place = form === 'number' ? name : `${name}${dims === undefined ? '' : '.data'}[${i}]`;
      throw outOfRange(place, `an integer >= 0 and < ${limit}`, value);
    }
    copy[i] = index;
  }
  return copy;
}

/** The option `reduction`: whether it is the mean. */
export function readReduction(options: object): boolean {
  validateOptions(options);
  const { reduction } = options as { reduction?: unknown };
  if (reduction === undefined || reduction === 'mean') return true;
  if (reduction === 'sum') return false;
  throw invalidValue('options.reduction', "must be one of: 'mean', 'sum'", reduction);
}

/** The number of classes that topK is asked for. */
export function readK(value: unknown, classes: number): number {
  const k = validateCount('k', value);
  if (k < 1 || k > classes) throw outOfRange('k', `>= 1 and <= ${classes}, the number of classes`, k);
  return k;
}

/**
 * Lets a job read and train parameters where they lie, instead of in a copy: they may change meanwhile, as their owner
 * knows, but shared memory does not go away.
 */
export function ownParameters(...arrays: readonly (FloatArray | undefined)[]): void {
  if (!isOwning()) return;
  for (const array of arrays) if (array !== undefined && isShared(array)) own(array);
}

/** The gradient of all rows of a matrix, as one in sparse form. */
export function gradientOfAll(values: FloatArray, dims: readonly number[]): SparseGradient {
  const ids = new Int32Array(dims[0] as number);
  for (let i = 0; i < ids.length; i += 1) ids[i] = i;
  return { ids, values: tensorOf(values, dims) };
}
