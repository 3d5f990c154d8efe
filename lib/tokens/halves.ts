// Arrays of 16 bits as runtimes hand them out: a Float16Array, or the bits of float16 (IEEE binary16) or bfloat16 (the
// upper half of a float32) in a Uint16Array. They are handed on as bits: a backend widens them itself.
import { invalidType, invalidValue } from '../errors';
import { bufferOf, isDetached, kindOf, lengthOf, offsetOf } from '../intrinsics';
import { type Given, readDims, readLogits } from '../operations/arguments';
import { isOwn, own } from '../ownership';
import type { HalfType } from '../token-calls';
import type { FloatArray } from '../types';

/** Floats of any type. */
export interface Floats extends Given<FloatArray | Uint16Array> {
  /** What the bits mean, where the data are bits. */
  readonly half: HalfType | undefined;
}

export function readAnyLogits(value: unknown): Floats {
  return readHalves('logits', value) ?? withoutHalves(readLogits(value));
}

export const withoutHalves = (given: Given<FloatArray>): Floats => ({
  name: given.name,
  data: given.data,
  kind: given.kind,
  dims: given.dims,
  half: undefined,
});

/** Halves of the same kind as the logits. */
export function readSameHalves(name: string, value: unknown, { kind, half }: Floats): Floats {
  const found = readHalves(name, value);
  if (found?.kind === kind && found.half === half) return found;
  const words = kind === 'Float16Array' ? 'an instance of Float16Array, or ' : '';
  const type = kind === 'Float16Array' ? '' : ` and type '${half}'`;
  throw invalidType(name, `${words}an object with ${kind} data, dims${type}, as the logits are`, value);
}

/** Undefined for what is not of 16 bits. */
function readHalves(name: string, value: unknown): Floats | undefined {
  if (kindOf(value) === 'Float16Array') return bitsOf(name, value, undefined);
  if (typeof value !== 'object' || value === null || kindOf(value) !== undefined) return undefined;
  const { data, dims, type } = value as { data?: unknown; dims?: unknown; type?: unknown };
  const kind = kindOf(data);
  if (kind === 'Float16Array') return bitsOf(name, data, readDims(`${name}.dims`, dims));
  if (kind !== 'Uint16Array') return undefined;
  if (dims === undefined) throw invalidType(name, 'an object with data and dims', value);
  if (type !== 'float16' && type !== 'bfloat16') {
    throw invalidValue(`${name}.type`, "must be 'float16' or 'bfloat16' for data in a Uint16Array", type);
  }
  return { name, data: data as Uint16Array, kind, dims: readDims(`${name}.dims`, dims), half: type };
}

/** A view of the same memory. */
function bitsOf(name: string, array: unknown, dims: readonly number[] | undefined): Floats {
  // What is detached is refused where all arrays are measured.
  const data = isDetached(array)
    ? (array as Uint16Array)
    : new Uint16Array(bufferOf(array), offsetOf(array), lengthOf(array));
  return { name, data: isOwn(array) ? own(data) : data, kind: 'Float16Array', dims, half: 'float16' };
}

type Constructor = new (buffer: ArrayBufferLike) => Uint16Array;

/** The array that a user is given for bits. */
export function arrayOf({ kind }: Floats, bits: Uint16Array): unknown {
  if (kind !== 'Float16Array') return bits;
  return new (globalThis as unknown as { Float16Array: Constructor }).Float16Array(bits.buffer);
}
