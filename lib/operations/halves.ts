// Floats of 16 bits as runtimes hand them out: float16 (IEEE 754 binary16) in a Float16Array, or in a Uint16Array where the
// runtime has none, and bfloat16 (the upper half of a float32) in a Uint16Array. Nothing is computed in them: they are
// widened to float32, which is exact, and results are rounded once, to nearest, ties to even.
import {
  bufferOf,
  Float16Array,
  Float32Array,
  Float64Array,
  lengthOf,
  offsetOf,
  Uint16Array,
  Uint32Array,
} from '../intrinsics';
import { own } from '../ownership';
import type { FloatArray, Floats, HalfArray } from '../types';

/** Storage that is written element by element. */
interface Writable {
  [index: number]: number;
}

/** What an array holds: as kindOf says, but that a Uint16Array holds 'float16' or 'bfloat16'. */
export type HalfKind = 'Float16Array' | 'float16' | 'bfloat16';

export function isHalf(kind: string): kind is HalfKind {
  return kind === 'Float16Array' || kind === 'float16' || kind === 'bfloat16';
}

/** What elements of this kind are computed in, and what there is one of for each row comes in. */
export const widenedKind = (kind: string): string => (isHalf(kind) ? 'Float32Array' : kind);

/** The typed array that holds elements of this kind. */
export const arrayOfKind = (kind: string): string => (kind === 'float16' || kind === 'bfloat16' ? 'Uint16Array' : kind);

/** New storage for elements of any kind. */
export function allocateOf(kind: string, length: number): Floats {
  if (kind === 'Float32Array') return own(new Float32Array(length));
  if (kind === 'Float64Array') return own(new Float64Array(length));
  if (kind !== 'Float16Array' || Float16Array === undefined) return own(new Uint16Array(length));
  return own(new Float16Array(length) as HalfArray);
}

/** Elements of any kind as those that are computed with: of 16 bits in new storage. */
export function widened(kind: string, data: Floats): FloatArray {
  if (!isHalf(kind)) return data as FloatArray;
  const length = lengthOf(data);
  const wide = own(new Float32Array(length));
  if (kind === 'bfloat16') {
    const bits = bitsOf(wide);
    for (let i = 0; i < length; i += 1) bits[i] = (data[i] as number) << 16;
  } else if (kind === 'float16') {
    float16s ??= Float32Array.from({ length: 0x10000 }, (_, pattern) => float16Of(pattern));
    for (let i = 0; i < length; i += 1) wide[i] = float16s[data[i] as number] as number;
  } else {
    for (let i = 0; i < length; i += 1) wide[i] = data[i] as number;
  }
  return wide;
}

/** Rounds to elements of 16 bits. */
export function narrow(kind: HalfKind, wide: Float32Array, out: Writable): void {
  const length = lengthOf(wide);
  if (kind === 'Float16Array') {
    for (let i = 0; i < length; i += 1) out[i] = wide[i] as number;
    return;
  }
  const bits = bitsOf(wide);
  const round = kind === 'float16' ? toFloat16 : toBfloat16;
  for (let i = 0; i < length; i += 1) out[i] = round(bits[i] as number, wide[i] as number);
}

/** Results of a computation as elements of this kind. */
export function ofKind(kind: string, computed: FloatArray): Floats {
  if (!isHalf(kind)) return computed;
  const out = allocateOf(kind, lengthOf(computed)) as HalfArray;
  narrow(kind, computed as Float32Array, out);
  return out;
}

const bitsOf = (wide: Float32Array): Uint32Array => new Uint32Array(bufferOf(wide), offsetOf(wide), lengthOf(wide));

/** The float32 of each float16, made when the first is asked for. */
let float16s: Float32Array | undefined;

/** One sign bit, five of the exponent (bias 15), ten of the fraction. */
function float16Of(pattern: number): number {
  const sign = pattern >>> 15 === 0 ? 1 : -1;
  const exponent = (pattern >>> 10) & 31;
  const fraction = pattern & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

const float32Infinity = 0x7f800000;
const leastNormal16 = 2 ** -14;

/** From the bits of a float32 and its value. The exponent's bias falls from 127 to 15, the fraction loses 13 bits. */
function toFloat16(bits: number, value: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > float32Infinity) return sign | 0x7e00;
  const size = Math.abs(value);
  // Adding 2^52 leaves a whole number of the subnormals' unit, 2^-24.
  if (size < leastNormal16) return sign | (size * 2 ** 24 + 2 ** 52 - 2 ** 52);
  const rounded = (magnitude + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
  return sign | Math.min(rounded - ((127 - 15) << 10), 0x7c00);
}

function toBfloat16(bits: number): number {
  if ((bits & 0x7fffffff) > float32Infinity) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
