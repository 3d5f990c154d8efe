// Ids and numbers as users give them: checked, and copied, so that they stay what they are.
import { atCallSite, invalidType, invalidValue, outOfRange } from '../errors';
import { Float64Array, Int32Array, isArray, kindOf, lengthOf } from '../intrinsics';

/** Ids of classes: one, or an array of them. */
export type Ids = number | Int32Array | BigInt64Array | readonly number[];

/** The ids, checked and copied. */
export function readIds(name: string, ids: unknown, classes: number): Int32Array {
  if (typeof ids === 'number') return Int32Array.of(readId(name, ids, classes));
  const kind = kindOf(ids);
  if (kind !== 'Int32Array' && kind !== 'BigInt64Array' && !isArray(ids)) {
    throw invalidType(name, 'of type number or an instance of Int32Array, BigInt64Array or Array', ids);
  }
  const length = isArray(ids) ? ids.length : lengthOf(ids);
  const read = new Int32Array(length);
  for (let i = 0; i < length; i += 1) {
    read[i] = readId(`${name}[${i}]`, (ids as readonly unknown[])[i], classes);
  }
  return read;
}

function readId(name: string, value: unknown, classes: number): number {
  if (typeof value !== 'number' && typeof value !== 'bigint') throw invalidType(name, 'of type number', value);
  const id = Number(value);
  if (!(Number.isInteger(id) && id >= 0 && id < classes)) {
    throw outOfRange(name, `an integer >= 0 and < ${classes}`, value);
  }
  return id;
}

/** What each of some numbers must be. */
export interface Range {
  readonly includes: (value: number) => boolean;
  /** Completes "It must be ...". */
  readonly words: string;
}

export const finite: Range = { includes: Number.isFinite, words: 'finite' };

export const belowInfinity: Range = { includes: (value) => value < Infinity, words: 'a number < Infinity' };

/** Numbers, of which there must be one at least. */
export type Numbers = Float64Array | Float32Array | Int32Array | Uint32Array | readonly number[];

const numberKinds: readonly unknown[] = ['Float64Array', 'Float32Array', 'Int32Array', 'Uint32Array'];

export function readNumbers(name: string, values: unknown, range: Range): Float64Array {
  if (!isArray(values) && !numberKinds.includes(kindOf(values))) {
    throw invalidType(name, 'an instance of Float64Array, Float32Array, Int32Array, Uint32Array or Array', values);
  }
  const length = isArray(values) ? values.length : lengthOf(values);
  if (length === 0) throw invalidValue(name, 'must have at least one number', values);
  const read = new Float64Array(length);
  for (let i = 0; i < length; i += 1) {
    read[i] = readNumber(`${name}[${i}]`, (values as readonly unknown[])[i], range);
  }
  return read;
}

export function readNumber(name: string, value: unknown, range: Range): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!range.includes(value)) throw outOfRange(name, range.words, value);
  return value;
}

/** Runs the body of a public function or method, whose errors are shown as made at its call. */
export function called<Result>(entry: (...args: never[]) => unknown, body: () => Result): Result {
  try {
    return body();
  } catch (error) {
    throw atCallSite(error, entry);
  }
}
