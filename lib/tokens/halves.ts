// Logits of 16 bits as runtimes hand them out, widened to float32, which is exact: float16 (IEEE binary16) and bfloat16
// (the upper half of a float32).
import { invalidType, invalidValue } from '../errors';
import { Float32Array, kindOf, lengthOf } from '../intrinsics';
import { type Given, measureLength, readDims, readFloats } from '../operations/arguments';
import { own } from '../ownership';
import type { FloatArray } from '../types';

/** Logits of any type. */
export function readAnyLogits(value: unknown): Given<FloatArray> {
  if (kindOf(value) === 'Float16Array') return widened(value as ArrayLike<number>, undefined);
  if (typeof value !== 'object' || value === null || kindOf(value) !== undefined) return readFloats('logits', value);
  const { data, dims, type } = value as { data?: unknown; dims?: unknown; type?: unknown };
  const kind = kindOf(data);
  if (kind === 'Float16Array') return widened(data as ArrayLike<number>, readDims('logits.dims', dims));
  if (kind !== 'Uint16Array') return readFloats('logits', value);
  if (dims === undefined) throw invalidType('logits', 'an object with data and dims', value);
  if (type !== 'float16' && type !== 'bfloat16') {
    throw invalidValue('logits.type', "must be 'float16' or 'bfloat16' for data in a Uint16Array", type);
  }
  const shape = readDims('logits.dims', dims);
  measureLength('logits.data', data);
  return given(type === 'float16' ? fromFloat16(data as Uint16Array) : fromBfloat16(data as Uint16Array), shape);
}

const given = (data: Float32Array, dims: readonly number[] | undefined): Given<FloatArray> => ({
  name: 'logits',
  data,
  kind: 'Float32Array',
  dims,
});

function widened(data: ArrayLike<number>, dims: readonly number[] | undefined): Given<FloatArray> {
  measureLength(dims === undefined ? 'logits' : 'logits.data', data);
  return given(own(new Float32Array(data)), dims);
}

/** The float32 of each float16, made when the first is asked for. */
let table: Float32Array | undefined;

export function fromFloat16(bits: Uint16Array): Float32Array {
  table ??= Float32Array.from({ length: 0x10000 }, (_, pattern) => float16(pattern));
  const length = lengthOf(bits);
  const out = own(new Float32Array(length));
  for (let i = 0; i < length; i += 1) out[i] = table[bits[i] as number] as number;
  return out;
}

/** One sign bit, five of the exponent (bias 15), ten of the fraction. */
function float16(pattern: number): number {
  const sign = pattern >>> 15 === 0 ? 1 : -1;
  const exponent = (pattern >>> 10) & 31;
  const fraction = pattern & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

export function fromBfloat16(bits: Uint16Array): Float32Array {
  const length = lengthOf(bits);
  const out = own(new Float32Array(length));
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < length; i += 1) words[i] = (bits[i] as number) << 16;
  return out;
}
