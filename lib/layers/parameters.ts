// Parameters lie in SharedArrayBuffers: those cannot be detached, a job may train them in place while JavaScript reads
// them, and worker threads can share them.
import { invalidValue, outOfRange } from '../errors';
import { Float32Array, Float64Array, isShared, kindOf } from '../intrinsics';
import { type Given, measureStorage, readLike } from '../operations/arguments';
import { tensorOf } from '../operations/results';
import { sizeOf } from '../shape';
import type { FloatArray, FloatType, Tensor } from '../types';
import { validateCount, validateFlag } from '../validate';

export const kindOfType = { float32: 'Float32Array', float64: 'Float64Array' } as const;

const bytesOfType = { float32: 4, float64: 8 } as const;

/** The option `type` of a layer or table. Default 'float32'. */
export function readType(value: unknown): FloatType {
  if (value === undefined || value === 'float32') return 'float32';
  if (value === 'float64') return 'float64';
  throw invalidValue('options.type', "must be one of: 'float32', 'float64'", value);
}

/** Zeros in shared memory. */
export function allocateShared(type: FloatType, length: number): FloatArray {
  const buffer = new SharedArrayBuffer(length * bytesOfType[type]);
  return type === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer);
}

/** New parameters, which are zero. */
export const zeros = (type: FloatType, dims: readonly number[]): Tensor =>
  tensorOf(allocateShared(type, sizeOf(dims)), Object.freeze([...dims]));

/**
 * Parameters with the values that were given, undefined where none were. What lies in a SharedArrayBuffer is adopted: it
 * becomes the parameters; anything else is copied. Reads what may run code of the user; `adopt` measures.
 */
export function readParameters(name: string, value: unknown, type: FloatType): Given<FloatArray> | undefined {
  return value === undefined ? undefined : readLike(name, value, kindOfType[type]);
}

export function adopt(given: Given<FloatArray> | undefined, type: FloatType, dims: readonly number[]): Tensor {
  if (given === undefined) return zeros(type, dims);
  measureStorage(given, dims);
  if (isShared(given.data)) return tensorOf(given.data, Object.freeze([...dims]));
  const made = zeros(type, dims);
  made.data.set(given.data);
  return made;
}

/** The options `weight` and `bias` of a linear layer. */
export interface GivenLinear {
  readonly weight: Given<FloatArray> | undefined;
  readonly bias: Given<FloatArray> | undefined;
  readonly hasBias: boolean;
}

export function readLinear({ weight, bias }: { weight?: unknown; bias?: unknown }, type: FloatType): GivenLinear {
  const isFlag = bias === undefined || typeof bias === 'boolean';
  const hasBias = isFlag ? validateFlag('options.bias', bias) : true;
  const givenWeight = readParameters('options.weight', weight, type);
  return { weight: givenWeight, bias: isFlag ? undefined : readParameters('options.bias', bias, type), hasBias };
}

/** [rows, dim] and, if there is one, [rows]. */
export function adoptLinear(given: GivenLinear, type: FloatType, rows: number, dim: number) {
  const weight = adopt(given.weight, type, [rows, dim]);
  return { weight, bias: given.hasBias ? adopt(given.bias, type, [rows]) : undefined };
}

/** An option that counts something of which there is at least one. */
export function readSize(name: string, value: unknown): number {
  const size = validateCount(name, value);
  if (size === 0 || size > 0x7fffffff) throw outOfRange(name, '>= 1 and <= 2147483647', value);
  return size;
}

/** The element type of an array of parameters. */
export const typeOf = (data: FloatArray): FloatType => (kindOf(data) === 'Float32Array' ? 'float32' : 'float64');
